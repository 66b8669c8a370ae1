// The plumbing between gradparity and my_network.go. You need not open this file.
//
// Requests come on stdin, replies leave by file descriptor 3: a line of text, then arrays as .npy records. gradparity's
// docs/protocol.md is the specification. Its names begin with gp or Gp, so that every other is yours.
package main

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"
)

// GpArray holds its elements row by row, as []float64, []float32, []int32 or []uint8.
type GpArray struct {
	Shape []int
	Data  any
}

type GpNamed struct {
	Name string
	GpArray
}

type GpMessage struct {
	Word   string
	Fields map[string]string
	Arrays []GpNamed
}

// GpRefusal is what a request is answered with, where it is not answered with ok.
type GpRefusal struct{ Word, Text string }

func gpRefuse(format string, values ...any) {
	panic(GpRefusal{"error", fmt.Sprintf(format, values...)})
}
func gpUnsupported(format string, values ...any) {
	panic(GpRefusal{"unsupported", fmt.Sprintf(format, values...)})
}

func gpMust[T any](value T, err error) T {
	if err != nil {
		gpRefuse("%v", err)
	}
	return value
}

func (m GpMessage) field(key string) string {
	value, ok := m.Fields[key]
	if !ok {
		gpRefuse("expected the field %s in the request %s", key, m.Word)
	}
	return value
}

func (m GpMessage) count(key string) int { return gpMust(strconv.Atoi(m.field(key))) }

func (m GpMessage) number(key string) MyReal {
	return MyReal(gpMust(strconv.ParseFloat(m.field(key), 64)))
}

func gpElements[T any](m GpMessage, name string, dims int) ([]T, []int) {
	for _, array := range m.Arrays {
		data, ok := array.Data.([]T)
		if array.Name == name && (!ok || len(array.Shape) != dims) {
			gpRefuse("expected %s to be %T of %d dimensions, came %T of %d", name, data, dims, array.Data, len(array.Shape))
		} else if array.Name == name {
			return data, array.Shape
		}
	}
	gpRefuse("expected the array %s in the request %s", name, m.Word)
	return nil, nil
}

func (m GpMessage) vector(name string, size int) []MyReal {
	data, _ := gpElements[MyReal](m, name, 1)
	if len(data) != size {
		gpRefuse("expected %s to have %d elements, came %d", name, size, len(data))
	}
	return data
}

func (m GpMessage) matrix(name string) MyMatrix {
	data, shape := gpElements[MyReal](m, name, 2)
	return MyMatrix{shape[0], shape[1], data}
}

func (m GpMessage) sized(name string, rows, columns int) MyMatrix {
	a := m.matrix(name)
	if a.Rows != rows || a.Columns != columns {
		gpRefuse("expected %s to be (%d, %d), came (%d, %d)", name, rows, columns, a.Rows, a.Columns)
	}
	return a
}

// labels are numbers, from numbers or from one-hot rows.
func (m GpMessage) labels(rows, classes int) []int {
	t := make([]int, rows)
	if last := m.Arrays[slices.IndexFunc(m.Arrays, func(a GpNamed) bool { return a.Name == "t" })]; len(last.Shape) == 1 {
		numbers, _ := gpElements[int32](m, "t", 1)
		for i := range t {
			t[i] = int(numbers[i])
		}
		return t
	}
	a := m.sized("t", rows, classes)
	for i := range t {
		t[i] = slices.IndexFunc(a.Data[i*classes:(i+1)*classes], func(v MyReal) bool { return v != 0 })
	}
	return t
}

// Reading and writing.

var gpHeader = regexp.MustCompile(`'descr': '(.*?)', 'fortran_order': (True|False), 'shape': \((.*?)\)`)

func gpReadMessage(r *bufio.Reader) (GpMessage, error) {
	line, err := r.ReadString('\n')
	if err != nil {
		return GpMessage{}, err
	}
	words := strings.Split(strings.TrimSuffix(line, "\n"), " ")
	m := GpMessage{Word: words[0], Fields: map[string]string{}}
	for _, pair := range words[1:] {
		key, value, _ := strings.Cut(pair, "=")
		m.Fields[key] = value
	}
	if names, ok := m.Fields["arrays"]; ok {
		for _, name := range strings.Split(names, ",") {
			array, err := gpReadArray(r)
			if err != nil {
				return m, fmt.Errorf("array %s: %w", name, err)
			}
			m.Arrays = append(m.Arrays, GpNamed{name, array})
		}
	}
	return m, nil
}

func gpReadArray(r *bufio.Reader) (GpArray, error) {
	start := make([]byte, 10)
	if _, err := io.ReadFull(r, start); err != nil || string(start[:6]) != "\x93NUMPY" {
		return GpArray{}, fmt.Errorf("expected an .npy record, came %q (%v)", start, err)
	}
	length := int64(binary.LittleEndian.Uint16(start[8:]))
	if start[6] > 1 {
		length += 2
	}
	text := make([]byte, length)
	if _, err := io.ReadFull(r, text); err != nil {
		return GpArray{}, err
	}
	parts := gpHeader.FindStringSubmatch(string(text))
	if parts == nil {
		return GpArray{}, fmt.Errorf("expected an .npy header, came %q", text)
	}
	shape, size := []int{}, 1
	for _, word := range strings.Split(parts[3], ",") {
		if n, err := strconv.Atoi(strings.TrimSpace(word)); err == nil {
			shape, size = append(shape, n), size*n
		}
	}
	array := GpArray{Shape: shape}
	turned := parts[2] == "True" && len(shape) == 2
	var err error
	switch parts[1] {
	case "<f8":
		array.Data, err = gpReadElements[float64](r, size, turned, shape)
	case "<f4":
		array.Data, err = gpReadElements[float32](r, size, turned, shape)
	case "<i4":
		array.Data, err = gpReadElements[int32](r, size, turned, shape)
	case "|u1":
		array.Data, err = gpReadElements[uint8](r, size, turned, shape)
	default:
		err = fmt.Errorf("expected dtype <f8, <f4, <i4 or |u1, came %s", parts[1])
	}
	return array, err
}

func gpReadElements[T any](r io.Reader, size int, turned bool, shape []int) ([]T, error) {
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

func gpWriteMessage(w *bufio.Writer, m GpMessage) {
	fmt.Fprint(w, m.Word)
	for key, value := range m.Fields {
		fmt.Fprintf(w, " %s=%s", key, gpQuote(value))
	}
	for i, array := range m.Arrays {
		fmt.Fprint(w, []string{" arrays=", ","}[min(i, 1)], array.Name)
	}
	fmt.Fprintln(w)
	for _, array := range m.Arrays {
		descr := gpDescrs[fmt.Sprintf("%T", array.Data)]
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

var gpDescrs = map[string]string{"[]float64": "<f8", "[]float32": "<f4", "[]int32": "<i4", "[]uint8": "|u1"}

func gpQuote(value string) string {
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

// GpImages are a set of bytes and labels.
type GpImages struct {
	pixels, labels []uint8
	inputs         int
	scale          MyReal
}

type GpPort struct {
	last, loaded GpMessage // what came last, to be given back by inputs, and the loaded case
	net          MyNetwork
	x            MyMatrix
	t            []int
	sets         map[string]GpImages
}

func gpOk(arrays ...GpNamed) GpMessage { return GpMessage{Word: "ok", Arrays: arrays} }

func gpOfMatrix(name string, a MyMatrix) GpNamed {
	if len(a.Data) != a.Rows*a.Columns {
		gpRefuse("expected %s to hold %d x %d elements, came %d", name, a.Rows, a.Columns, len(a.Data))
	}
	return GpNamed{name, GpArray{[]int{a.Rows, a.Columns}, a.Data}}
}

func gpVector[T any](name string, data []T) GpNamed {
	return GpNamed{name, GpArray{[]int{len(data)}, data}}
}

func gpScalar[T any](name string, value T) GpNamed {
	return GpNamed{name, GpArray{[]int{}, []T{value}}}
}

var gpKinds = []string{"affine", "relu", "sigmoid", "softmax_with_loss"}

// functions of my_network.go, those of the kinds of layers first.
var gpFunctions = []string{
	"myAffine", "myRelu", "mySigmoid", "mySoftmaxWithLoss", "myPredict", "myGradient", "mySgd",
}

func gpNeed(name string) {
	if !slices.Contains(myWritten, name) {
		gpUnsupported("%s is not written yet: fill it in in my_network.go, and add it to myWritten there", name)
	}
}

func (p *GpPort) answer(m GpMessage) GpMessage {
	switch m.Word {
	case "hello":
		return gpHello()
	case "load":
		p.load(m)
		return gpOk()
	case "layer":
		call := p.layer(m)
		return gpOk(call()...)
	case "inputs":
		return gpOk(p.last.Arrays...)
	case "null":
		return gpOk()
	case "predict":
		return gpOk(gpOfMatrix("out", p.predict()()))
	case "accuracy":
		return gpOk(gpScalar("accuracy", gpAccuracy(p.predict()(), p.t)))
	case "gradient":
		gpNeed("myGradient")
		p.classes()
		loss, dW, db := myGradient(p.net, p.x, p.t)
		return gpOk(append([]GpNamed{gpScalar("loss", loss)}, gpParams("d", dW, db)...)...)
	case "time":
		return p.time(m)
	case "data":
		pixels, shape := gpElements[uint8](m, "images", 2)
		labels, _ := gpElements[uint8](m, "labels", 1)
		p.sets[m.field("set")] = GpImages{pixels, labels, shape[1], m.number("scale")}
		return gpOk()
	case "train":
		return p.train(m)
	case "params":
		return gpOk(gpParams("", p.net.W, p.net.B)...)
	case "evaluate":
		set := p.images(m.field("set"))
		x, t := set.batch(nil)
		gpNeed("myPredict")
		loss, _, _ := myGradient(p.net, x, t)
		return gpOk(gpScalar("loss", loss), gpScalar("accuracy", gpAccuracy(myPredict(p.net, x), t)))
	case "update":
		rate := gpRate(m)
		a := m.matrix("p")
		mySgd(a.Data, m.sized("dp", a.Rows, a.Columns).Data, rate)
		return gpOk(gpOfMatrix("p", a))
	}
	gpUnsupported("no operation %s", m.Word)
	return gpOk()
}

func gpHello() GpMessage {
	has := func(names ...string) bool {
		return !slices.ContainsFunc(names, func(name string) bool { return !slices.Contains(myWritten, name) })
	}
	for _, name := range myWritten {
		if !slices.Contains(gpFunctions, name) {
			gpRefuse("myWritten in my_network.go: expected functions of that file, came %s", name)
		}
	}
	layers, operations := []string{}, []string{"hello", "load"}
	for i, kind := range gpKinds {
		if has(gpFunctions[i]) {
			layers = append(layers, kind)
		}
	}
	list := func(there bool, names ...string) {
		if there {
			operations = append(operations, names...)
		}
	}
	list(len(myWritten) > 0, "inputs", "null", "time")
	list(len(layers) > 0, "layer")
	list(has("myPredict"), "predict", "accuracy")
	list(has("myGradient"), "gradient")
	list(has("mySgd"), "update")
	list(has("myPredict", "myGradient", "mySgd"), "data", "train", "params", "evaluate")
	optimizers := ""
	if has("mySgd") {
		optimizers = "sgd"
	}
	return GpMessage{Word: "ok", Fields: map[string]string{
		"name":       "PORT_NAME",
		"language":   "Go",
		"version":    strings.TrimPrefix(runtime.Version(), "go"),
		"blas":       "none",
		"threads":    "1",
		"dtypes":     fmt.Sprintf("%T", MyReal(0)),
		"layers":     strings.Join(layers, ","),
		"operations": strings.Join(operations, ","),
		"optimizers": optimizers,
		"epsilon":    fmt.Sprint(myLossEpsilon),
	}}
}

func gpParams(prefix string, W []MyMatrix, b [][]MyReal) (arrays []GpNamed) {
	for l := range W {
		arrays = append(arrays, gpOfMatrix(fmt.Sprint(prefix, "W", l+1), W[l]), gpVector(fmt.Sprint(prefix, "b", l+1), b[l]))
	}
	return
}

func (p *GpPort) load(m GpMessage) {
	if m.field("dtype") != fmt.Sprintf("%T", MyReal(0)) {
		gpUnsupported("no %s", m.field("dtype"))
	}
	var sizes []int
	for _, size := range strings.Split(m.field("sizes"), ",") {
		sizes = append(sizes, gpMust(strconv.Atoi(size)))
	}
	net := MyNetwork{Relu: m.field("activation") == "relu", Epsilon: m.number("epsilon")}
	for l := 1; l < len(sizes); l++ {
		net.W = append(net.W, m.sized(fmt.Sprint("W", l), sizes[l-1], sizes[l]))
		net.B = append(net.B, m.vector(fmt.Sprint("b", l), sizes[l]))
	}
	if !mySupports(net) {
		gpUnsupported("no such network: mySupports in my_network.go says so")
	}
	x := m.matrix("x")
	p.net, p.x, p.t, p.last = net, x, m.labels(x.Rows, sizes[len(sizes)-1]), m
}

func (p *GpPort) classes() int {
	if len(p.net.W) == 0 {
		gpRefuse("expected a case to be loaded")
	}
	return p.net.W[len(p.net.W)-1].Columns
}

func (p *GpPort) predict() func() MyMatrix {
	gpNeed("myPredict")
	p.classes()
	return func() MyMatrix { return myPredict(p.net, p.x) }
}

// layer is a call of one, on the arrays of the request.
func (p *GpPort) layer(m GpMessage) func() []GpNamed {
	kind, x := m.field("kind"), m.matrix("x")
	at := slices.Index(gpKinds, kind)
	if at < 0 {
		gpUnsupported("no layer %s", kind)
	}
	gpNeed(gpFunctions[at])
	p.last = m
	switch kind {
	case "affine":
		W := m.matrix("W")
		b, dout := m.vector("b", W.Columns), m.sized("dout", x.Rows, W.Columns)
		return func() []GpNamed {
			out, dx, dW, db := myAffine(x, W, b, dout)
			return []GpNamed{gpOfMatrix("out", out), gpOfMatrix("dx", dx), gpOfMatrix("dW", dW), gpVector("db", db)}
		}
	case "softmax_with_loss":
		t, epsilon := m.labels(x.Rows, x.Columns), m.number("epsilon")
		return func() []GpNamed {
			loss, y, dx := mySoftmaxWithLoss(x, t, epsilon)
			return []GpNamed{gpScalar("loss", loss), gpOfMatrix("y", y), gpOfMatrix("dx", dx)}
		}
	}
	dout, activation := m.sized("dout", x.Rows, x.Columns), myRelu
	if kind == "sigmoid" {
		activation = mySigmoid
	}
	return func() []GpNamed {
		out, dx := activation(x, dout)
		return []GpNamed{gpOfMatrix("out", out), gpOfMatrix("dx", dx)}
	}
}

func gpAccuracy(out MyMatrix, t []int) float64 {
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
func gpStep(net MyNetwork, x MyMatrix, t []int, rate MyReal) MyReal {
	loss, dW, db := myGradient(net, x, t)
	for l := range net.W {
		mySgd(net.W[l].Data, dW[l].Data, rate)
		mySgd(net.B[l], db[l], rate)
	}
	return loss
}

func gpRate(m GpMessage) MyReal {
	if m.field("optimizer") != "sgd" {
		gpUnsupported("no optimizer %s", m.field("optimizer"))
	}
	gpNeed("mySgd")
	return m.number("learning_rate")
}

func (p *GpPort) time(m GpMessage) GpMessage {
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
		gpNeed("myGradient")
		p.classes()
		call = func() { myGradient(p.net, p.x, p.t) }
	case "train_step":
		gpNeed("myGradient")
		rate, W, b := gpRate(m), []MyMatrix{}, [][]MyReal{}
		for l, a := range p.net.W {
			W, b = append(W, MyMatrix{a.Rows, a.Columns, slices.Clone(a.Data)}), append(b, slices.Clone(p.net.B[l]))
		}
		net := MyNetwork{W, b, p.net.Relu, p.net.Epsilon}
		call = func() { gpStep(net, p.x, p.t, rate) }
	default:
		gpUnsupported("no operation %s to time", what)
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
	return gpOk(gpVector("nanoseconds", took))
}

// images are the set of this name, which must fit the loaded network.
func (p *GpPort) images(name string) GpImages {
	set, there := p.sets[name]
	classes := p.classes()
	tooLarge := func(label uint8) bool { return int(label) >= classes }
	if !there || set.inputs != p.net.W[0].Rows || slices.ContainsFunc(set.labels, tooLarge) {
		gpRefuse("expected the set %s, with images and labels that fit the loaded network", name)
	}
	return set
}

// batch takes these rows, or all.
func (s GpImages) batch(rows []int32) (MyMatrix, []int) {
	if rows == nil {
		for i := range s.labels {
			rows = append(rows, int32(i))
		}
	}
	x, t := myZeros(len(rows), s.inputs), make([]int, len(rows))
	for i, row := range rows {
		if row < 0 || int(row) >= len(s.labels) {
			gpRefuse("expected rows of the set, came %d", row)
		}
		for j, pixel := range s.pixels[int(row)*s.inputs : (int(row)+1)*s.inputs] {
			x.Data[i*s.inputs+j] = MyReal(pixel) / s.scale
		}
		t[i] = int(s.labels[row])
	}
	return x, t
}

func (p *GpPort) train(m GpMessage) GpMessage {
	gpNeed("myGradient")
	rate, set := gpRate(m), p.images("train")
	rows, shape := gpElements[int32](m, "batches", 2)
	losses, begin := make([]MyReal, shape[0]), time.Now()
	for i := range losses {
		x, t := set.batch(rows[i*shape[1] : (i+1)*shape[1]])
		losses[i] = gpStep(p.net, x, t, rate)
	}
	return gpOk(gpVector("loss", losses), gpScalar("nanoseconds", float64(time.Since(begin).Nanoseconds())))
}

// gpTrace writes to stderr where a panic came from: your lines, which are not this file's, nor Go's own, nor of a
// package that was downloaded; the innermost last.
func gpTrace() {
	_, own, _, _ := runtime.Caller(0)
	callers := make([]uintptr, 1000)
	frames := runtime.CallersFrames(callers[:runtime.Callers(0, callers)])
	first, more := frames.Next() // of Go's own, in src/runtime
	goSources := filepath.Dir(filepath.Dir(first.File)) + "/"
	lines := []string{}
	for frame := first; more; frame, more = frames.Next() {
		foreign := strings.HasPrefix(frame.File, goSources) || strings.Contains(frame.File, "/pkg/mod/")
		if !foreign && frame.File != own {
			file := strings.TrimPrefix(frame.File, filepath.Dir(own)+"/")
			lines = append(lines, fmt.Sprintf("    %s:%d in %s", file, frame.Line, frame.Function))
		}
	}
	slices.Reverse(lines)
	fmt.Fprintln(os.Stderr, strings.Join(lines[max(0, len(lines)-5):], "\n"))
}

// guarded answers error or unsupported where answer panics.
func (p *GpPort) guarded(m GpMessage) (reply GpMessage) {
	defer func() {
		switch trouble := recover().(type) {
		case nil:
		case GpRefusal:
			reply = GpMessage{Word: trouble.Word, Fields: map[string]string{"message": trouble.Text}}
		default:
			fmt.Fprintln(os.Stderr, "panic:", trouble)
			gpTrace()
			reply = GpMessage{Word: "error", Fields: map[string]string{"message": fmt.Sprint(trouble)}}
		}
	}()
	return p.answer(m)
}

func main() {
	input, output := bufio.NewReaderSize(os.Stdin, 1<<16), bufio.NewWriterSize(os.NewFile(3, "replies"), 1<<16)
	port := GpPort{sets: map[string]GpImages{}}
	for {
		request, err := gpReadMessage(input)
		if err == io.EOF {
			return
		} else if err != nil {
			fmt.Fprintln(os.Stderr, "serve:", err)
			os.Exit(1)
		}
		gpWriteMessage(output, port.guarded(request))
	}
}
