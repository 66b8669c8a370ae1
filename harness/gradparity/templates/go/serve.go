// The plumbing between gradparity and my_network.go. You need not open this file.
//
// Requests come on stdin, replies leave by file descriptor 3: a line of text, then arrays as .npy records. gradparity's
// docs/protocol.md is the specification.
package main

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"
	"os"
	"regexp"
	"runtime"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Array holds its elements row by row, as []float64, []float32, []int32 or []uint8.
type Array struct {
	Shape []int
	Data  any
}

type Named struct {
	Name string
	Array
}

type Message struct {
	Word   string
	Fields map[string]string
	Arrays []Named
}

// Refusal is what a request is answered with, where it is not answered with ok.
type Refusal struct{ Word, Text string }

func refuse(format string, values ...any) { panic(Refusal{"error", fmt.Sprintf(format, values...)}) }
func unsupported(format string, values ...any) {
	panic(Refusal{"unsupported", fmt.Sprintf(format, values...)})
}

func must[T any](value T, err error) T {
	if err != nil {
		refuse("%v", err)
	}
	return value
}

func (m Message) field(key string) string {
	value, ok := m.Fields[key]
	if !ok {
		refuse("expected the field %s in the request %s", key, m.Word)
	}
	return value
}

func (m Message) count(key string) int { return must(strconv.Atoi(m.field(key))) }

func (m Message) number(key string) Real { return Real(must(strconv.ParseFloat(m.field(key), 64))) }

func elements[T any](m Message, name string, dims int) ([]T, []int) {
	for _, array := range m.Arrays {
		data, ok := array.Data.([]T)
		if array.Name == name && (!ok || len(array.Shape) != dims) {
			refuse("expected %s to be %T of %d dimensions, came %T of %d", name, data, dims, array.Data, len(array.Shape))
		} else if array.Name == name {
			return data, array.Shape
		}
	}
	refuse("expected the array %s in the request %s", name, m.Word)
	return nil, nil
}

func (m Message) vector(name string, size int) []Real {
	data, _ := elements[Real](m, name, 1)
	if len(data) != size {
		refuse("expected %s to have %d elements, came %d", name, size, len(data))
	}
	return data
}

func (m Message) matrix(name string) Matrix {
	data, shape := elements[Real](m, name, 2)
	return Matrix{shape[0], shape[1], data}
}

func (m Message) sized(name string, rows, columns int) Matrix {
	a := m.matrix(name)
	if a.Rows != rows || a.Columns != columns {
		refuse("expected %s to be (%d, %d), came (%d, %d)", name, rows, columns, a.Rows, a.Columns)
	}
	return a
}

// labels are numbers, from numbers or from one-hot rows.
func (m Message) labels(rows, classes int) []int {
	t := make([]int, rows)
	if last := m.Arrays[slices.IndexFunc(m.Arrays, func(a Named) bool { return a.Name == "t" })]; len(last.Shape) == 1 {
		numbers, _ := elements[int32](m, "t", 1)
		for i := range t {
			t[i] = int(numbers[i])
		}
		return t
	}
	a := m.sized("t", rows, classes)
	for i := range t {
		t[i] = slices.IndexFunc(a.Data[i*classes:(i+1)*classes], func(v Real) bool { return v != 0 })
	}
	return t
}

// Reading and writing.

var header = regexp.MustCompile(`'descr': '(.*?)', 'fortran_order': (True|False), 'shape': \((.*?)\)`)

func readMessage(r *bufio.Reader) (Message, error) {
	line, err := r.ReadString('\n')
	if err != nil {
		return Message{}, err
	}
	words := strings.Split(strings.TrimSuffix(line, "\n"), " ")
	m := Message{Word: words[0], Fields: map[string]string{}}
	for _, pair := range words[1:] {
		key, value, _ := strings.Cut(pair, "=")
		m.Fields[key] = value
	}
	if names, ok := m.Fields["arrays"]; ok {
		for _, name := range strings.Split(names, ",") {
			array, err := readArray(r)
			if err != nil {
				return m, fmt.Errorf("array %s: %w", name, err)
			}
			m.Arrays = append(m.Arrays, Named{name, array})
		}
	}
	return m, nil
}

func readArray(r *bufio.Reader) (Array, error) {
	start := make([]byte, 10)
	if _, err := io.ReadFull(r, start); err != nil || string(start[:6]) != "\x93NUMPY" {
		return Array{}, fmt.Errorf("expected an .npy record, came %q (%v)", start, err)
	}
	length := int64(binary.LittleEndian.Uint16(start[8:]))
	if start[6] > 1 {
		length += 2
	}
	text := make([]byte, length)
	if _, err := io.ReadFull(r, text); err != nil {
		return Array{}, err
	}
	parts := header.FindStringSubmatch(string(text))
	if parts == nil {
		return Array{}, fmt.Errorf("expected an .npy header, came %q", text)
	}
	shape, size := []int{}, 1
	for _, word := range strings.Split(parts[3], ",") {
		if n, err := strconv.Atoi(strings.TrimSpace(word)); err == nil {
			shape, size = append(shape, n), size*n
		}
	}
	array := Array{Shape: shape}
	turned := parts[2] == "True" && len(shape) == 2
	var err error
	switch parts[1] {
	case "<f8":
		array.Data, err = readElements[float64](r, size, turned, shape)
	case "<f4":
		array.Data, err = readElements[float32](r, size, turned, shape)
	case "<i4":
		array.Data, err = readElements[int32](r, size, turned, shape)
	case "|u1":
		array.Data, err = readElements[uint8](r, size, turned, shape)
	default:
		err = fmt.Errorf("expected dtype <f8, <f4, <i4 or |u1, came %s", parts[1])
	}
	return array, err
}

func readElements[T any](r io.Reader, size int, turned bool, shape []int) ([]T, error) {
	data := make([]T, size)
	if err := binary.Read(r, binary.LittleEndian, data); err != nil || !turned {
		return data, err
	}
	rows, columns := shape[0], shape[1]
	byRows := make([]T, size)
	for i := range rows {
		for j := range columns {
			byRows[i*columns+j] = data[j*rows+i]
		}
	}
	return byRows, nil
}

func writeMessage(w *bufio.Writer, m Message) {
	fmt.Fprint(w, m.Word)
	for key, value := range m.Fields {
		fmt.Fprintf(w, " %s=%s", key, quote(value))
	}
	for i, array := range m.Arrays {
		fmt.Fprint(w, []string{" arrays=", ","}[min(i, 1)], array.Name)
	}
	fmt.Fprintln(w)
	for _, array := range m.Arrays {
		descr := descrs[fmt.Sprintf("%T", array.Data)]
		shape := strings.Trim(strings.Join(strings.Fields(fmt.Sprint(array.Shape)), ", "), "[]")
		if len(array.Shape) == 1 {
			shape += ","
		}
		text := fmt.Sprintf("{'descr': '%s', 'fortran_order': False, 'shape': (%s), }", descr, shape)
		fmt.Fprintf(w, "\x93NUMPY\x01\x00\x76\x00%-117s\n", text)
		binary.Write(w, binary.LittleEndian, array.Data)
	}
	w.Flush()
}

var descrs = map[string]string{"[]float64": "<f8", "[]float32": "<f4", "[]int32": "<i4", "[]uint8": "|u1"}

func quote(value string) string {
	var text strings.Builder
	for _, c := range []byte(value) {
		if c > ' ' && c < 127 && c != '%' {
			text.WriteByte(c)
		} else {
			fmt.Fprintf(&text, "%%%02X", c)
		}
	}
	return text.String()
}

// The operations.

// Images are a set of bytes and labels.
type Images struct {
	pixels, labels []uint8
	inputs         int
	scale          Real
}

type Port struct {
	last, loaded Message // what came last, to be given back by inputs, and the loaded case
	net          Network
	x            Matrix
	t            []int
	sets         map[string]Images
}

func ok(arrays ...Named) Message { return Message{Word: "ok", Arrays: arrays} }

func ofMatrix(name string, a Matrix) Named {
	if len(a.Data) != a.Rows*a.Columns {
		refuse("expected %s to hold %d x %d elements, came %d", name, a.Rows, a.Columns, len(a.Data))
	}
	return Named{name, Array{[]int{a.Rows, a.Columns}, a.Data}}
}

func vector[T any](name string, data []T) Named { return Named{name, Array{[]int{len(data)}, data}} }

func scalar[T any](name string, value T) Named { return Named{name, Array{[]int{}, []T{value}}} }

var kinds = []string{"affine", "relu", "sigmoid", "softmax_with_loss"}

// functions of my_network.go, those of the kinds of layers first.
var functions = []string{"affine", "relu", "sigmoid", "softmaxWithLoss", "predict", "gradient", "sgd"}

func need(name string) {
	if !slices.Contains(written, name) {
		unsupported("%s is not written yet: fill it in in my_network.go, and add it to `written` there", name)
	}
}

func (p *Port) answer(m Message) Message {
	switch m.Word {
	case "hello":
		return hello()
	case "load":
		p.load(m)
		return ok()
	case "layer":
		call := p.layer(m)
		return ok(call()...)
	case "inputs":
		return ok(p.last.Arrays...)
	case "null":
		return ok()
	case "predict":
		return ok(ofMatrix("out", p.predict()()))
	case "accuracy":
		return ok(scalar("accuracy", accuracy(p.predict()(), p.t)))
	case "gradient":
		need("gradient")
		p.classes()
		loss, dW, db := gradient(p.net, p.x, p.t)
		return ok(append([]Named{scalar("loss", loss)}, params("d", dW, db)...)...)
	case "time":
		return p.time(m)
	case "data":
		pixels, shape := elements[uint8](m, "images", 2)
		labels, _ := elements[uint8](m, "labels", 1)
		p.sets[m.field("set")] = Images{pixels, labels, shape[1], m.number("scale")}
		return ok()
	case "train":
		return p.train(m)
	case "params":
		return ok(params("", p.net.W, p.net.B)...)
	case "evaluate":
		set := p.images(m.field("set"))
		x, t := set.batch(nil)
		need("predict")
		loss, _, _ := gradient(p.net, x, t)
		return ok(scalar("loss", loss), scalar("accuracy", accuracy(predict(p.net, x), t)))
	case "update":
		rate := rate(m)
		a := m.matrix("p")
		sgd(a.Data, m.sized("dp", a.Rows, a.Columns).Data, rate)
		return ok(ofMatrix("p", a))
	}
	unsupported("no operation %s", m.Word)
	return ok()
}

func hello() Message {
	has := func(names ...string) bool {
		return !slices.ContainsFunc(names, func(name string) bool { return !slices.Contains(written, name) })
	}
	for _, name := range written {
		if !slices.Contains(functions, name) {
			refuse("written in my_network.go: expected names of %v, came %q", functions, name)
		}
	}
	layers, operations := []string{}, []string{"hello", "load"}
	for i, kind := range kinds {
		if has(functions[i]) {
			layers = append(layers, kind)
		}
	}
	list := func(there bool, names ...string) {
		if there {
			operations = append(operations, names...)
		}
	}
	list(len(written) > 0, "inputs", "null", "time")
	list(len(layers) > 0, "layer")
	list(has("predict"), "predict", "accuracy")
	list(has("gradient"), "gradient")
	list(has("sgd"), "update")
	list(has("predict", "gradient", "sgd"), "data", "train", "params", "evaluate")
	optimizers := ""
	if has("sgd") {
		optimizers = "sgd"
	}
	return Message{Word: "ok", Fields: map[string]string{
		"name":       "PORT_NAME",
		"language":   "Go",
		"version":    strings.TrimPrefix(runtime.Version(), "go"),
		"blas":       "none",
		"threads":    "1",
		"dtypes":     fmt.Sprintf("%T", Real(0)),
		"layers":     strings.Join(layers, ","),
		"operations": strings.Join(operations, ","),
		"optimizers": optimizers,
		"epsilon":    lossEpsilon,
	}}
}

func params(prefix string, W []Matrix, b [][]Real) (arrays []Named) {
	for l := range W {
		arrays = append(arrays, ofMatrix(fmt.Sprint(prefix, "W", l+1), W[l]), vector(fmt.Sprint(prefix, "b", l+1), b[l]))
	}
	return
}

func (p *Port) load(m Message) {
	if m.field("dtype") != fmt.Sprintf("%T", Real(0)) {
		unsupported("no %s", m.field("dtype"))
	}
	var sizes []int
	for _, size := range strings.Split(m.field("sizes"), ",") {
		sizes = append(sizes, must(strconv.Atoi(size)))
	}
	net := Network{Relu: m.field("activation") == "relu", Epsilon: m.number("epsilon")}
	for l := 1; l < len(sizes); l++ {
		net.W = append(net.W, m.sized(fmt.Sprint("W", l), sizes[l-1], sizes[l]))
		net.B = append(net.B, m.vector(fmt.Sprint("b", l), sizes[l]))
	}
	x := m.matrix("x")
	p.net, p.x, p.t, p.last = net, x, m.labels(x.Rows, sizes[len(sizes)-1]), m
}

func (p *Port) classes() int {
	if len(p.net.W) == 0 {
		refuse("expected a case to be loaded")
	}
	return p.net.W[len(p.net.W)-1].Columns
}

func (p *Port) predict() func() Matrix {
	need("predict")
	p.classes()
	return func() Matrix { return predict(p.net, p.x) }
}

// layer is a call of one, on the arrays of the request.
func (p *Port) layer(m Message) func() []Named {
	kind, x := m.field("kind"), m.matrix("x")
	at := slices.Index(kinds, kind)
	if at < 0 {
		unsupported("no layer %s", kind)
	}
	need(functions[at])
	p.last = m
	switch kind {
	case "affine":
		W := m.matrix("W")
		b, dout := m.vector("b", W.Columns), m.sized("dout", x.Rows, W.Columns)
		return func() []Named {
			out, dx, dW, db := affine(x, W, b, dout)
			return []Named{ofMatrix("out", out), ofMatrix("dx", dx), ofMatrix("dW", dW), vector("db", db)}
		}
	case "softmax_with_loss":
		t, epsilon := m.labels(x.Rows, x.Columns), m.number("epsilon")
		return func() []Named {
			loss, y, dx := softmaxWithLoss(x, t, epsilon)
			return []Named{scalar("loss", loss), ofMatrix("y", y), ofMatrix("dx", dx)}
		}
	}
	dout, activation := m.sized("dout", x.Rows, x.Columns), relu
	if kind == "sigmoid" {
		activation = sigmoid
	}
	return func() []Named {
		out, dx := activation(x, dout)
		return []Named{ofMatrix("out", out), ofMatrix("dx", dx)}
	}
}

func accuracy(out Matrix, t []int) float64 {
	right := 0
	for i, label := range t {
		row := out.Data[i*out.Columns : (i+1)*out.Columns]
		if slices.Index(row, slices.Max(row)) == label {
			right++
		}
	}
	return float64(right) / float64(len(t))
}

// step is the gradient and the update of every parameter.
func step(net Network, x Matrix, t []int, rate Real) Real {
	loss, dW, db := gradient(net, x, t)
	for l := range net.W {
		sgd(net.W[l].Data, dW[l].Data, rate)
		sgd(net.B[l], db[l], rate)
	}
	return loss
}

func rate(m Message) Real {
	if m.field("optimizer") != "sgd" {
		unsupported("no optimizer %s", m.field("optimizer"))
	}
	need("sgd")
	return m.number("learning_rate")
}

func (p *Port) time(m Message) Message {
	call := func() {}
	switch what := m.field("operation"); what {
	case "null":
	case "layer":
		layer := p.layer(m)
		call = func() { layer() }
	case "predict":
		predict := p.predict()
		call = func() { predict() }
	case "gradient":
		need("gradient")
		p.classes()
		call = func() { gradient(p.net, p.x, p.t) }
	case "train_step":
		need("gradient")
		rate, W, b := rate(m), []Matrix{}, [][]Real{}
		for l, a := range p.net.W {
			W, b = append(W, Matrix{a.Rows, a.Columns, slices.Clone(a.Data)}), append(b, slices.Clone(p.net.B[l]))
		}
		net := Network{W, b, p.net.Relu, p.net.Epsilon}
		call = func() { step(net, p.x, p.t, rate) }
	default:
		unsupported("no operation %s to time", what)
	}
	took := make([]float64, m.count("samples"))
	calls := m.count("calls")
	for i := range took {
		begin := time.Now()
		for range calls {
			call()
		}
		took[i] = float64(time.Since(begin).Nanoseconds())
	}
	return ok(vector("nanoseconds", took))
}

// images are the set of this name, which must fit the loaded network.
func (p *Port) images(name string) Images {
	set, there := p.sets[name]
	classes := p.classes()
	tooLarge := func(label uint8) bool { return int(label) >= classes }
	if !there || set.inputs != p.net.W[0].Rows || slices.ContainsFunc(set.labels, tooLarge) {
		refuse("expected the set %s, with images and labels that fit the loaded network", name)
	}
	return set
}

// batch takes these rows, or all.
func (s Images) batch(rows []int32) (Matrix, []int) {
	if rows == nil {
		for i := range s.labels {
			rows = append(rows, int32(i))
		}
	}
	x, t := NewMatrix(len(rows), s.inputs), make([]int, len(rows))
	for i, row := range rows {
		if row < 0 || int(row) >= len(s.labels) {
			refuse("expected rows of the set, came %d", row)
		}
		for j, pixel := range s.pixels[int(row)*s.inputs : (int(row)+1)*s.inputs] {
			x.Data[i*s.inputs+j] = Real(pixel) / s.scale
		}
		t[i] = int(s.labels[row])
	}
	return x, t
}

func (p *Port) train(m Message) Message {
	need("gradient")
	rate, set := rate(m), p.images("train")
	rows, shape := elements[int32](m, "batches", 2)
	losses, begin := make([]Real, shape[0]), time.Now()
	for i := range losses {
		x, t := set.batch(rows[i*shape[1] : (i+1)*shape[1]])
		losses[i] = step(p.net, x, t, rate)
	}
	return ok(vector("loss", losses), scalar("nanoseconds", float64(time.Since(begin).Nanoseconds())))
}

// guarded answers error or unsupported where answer panics.
func (p *Port) guarded(m Message) (reply Message) {
	defer func() {
		switch trouble := recover().(type) {
		case nil:
		case Refusal:
			reply = Message{Word: trouble.Word, Fields: map[string]string{"message": trouble.Text}}
		default:
			os.Stderr.Write(debug.Stack())
			reply = Message{Word: "error", Fields: map[string]string{"message": fmt.Sprint(trouble)}}
		}
	}()
	return p.answer(m)
}

func main() {
	input, output := bufio.NewReaderSize(os.Stdin, 1<<16), bufio.NewWriterSize(os.NewFile(3, "replies"), 1<<16)
	port := Port{sets: map[string]Images{}}
	for {
		request, err := readMessage(input)
		if err == io.EOF {
			return
		} else if err != nil {
			fmt.Fprintln(os.Stderr, "serve:", err)
			os.Exit(1)
		}
		writeMessage(output, port.guarded(request))
	}
}
