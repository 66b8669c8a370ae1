// The plumbing between gradparity and my_network.go. You need not open this file, nor those in protocol/. Its names begin
// with gp or Gp, so that every other is yours.
package main

import (
	"fmt"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"

	gp "port/protocol"
)

// What a request holds.

func gpNumber(m gp.Message, key string) MyReal {
	return MyReal(gp.Must(strconv.ParseFloat(m.Field(key), 64)))
}

func gpElements[T any](m gp.Message, name string, dims int) ([]T, []int) {
	for _, array := range m.Arrays {
		data, ok := array.Data.([]T)
		if array.Name == name && (!ok || len(array.Shape) != dims) {
			gp.Refuse("expected %s to be %T of %d dimensions, came %T of %d", name, data, dims, array.Data, len(array.Shape))
		} else if array.Name == name {
			return data, array.Shape
		}
	}
	gp.Refuse("expected the array %s in the request %s", name, m.Word)
	return nil, nil
}

func gpVector(m gp.Message, name string, size int) []MyReal {
	data, _ := gpElements[MyReal](m, name, 1)
	if len(data) != size {
		gp.Refuse("expected %s to have %d elements, came %d", name, size, len(data))
	}
	return data
}

func gpMatrix(m gp.Message, name string) MyMatrix {
	data, shape := gpElements[MyReal](m, name, 2)
	return MyMatrix{shape[0], shape[1], data}
}

func gpSized(m gp.Message, name string, rows, columns int) MyMatrix {
	a := gpMatrix(m, name)
	if a.Rows != rows || a.Columns != columns {
		gp.Refuse("expected %s to be (%d, %d), came (%d, %d)", name, rows, columns, a.Rows, a.Columns)
	}
	return a
}

// labels are numbers, from numbers or from one-hot rows.
func gpLabels(m gp.Message, rows, classes int) []int {
	t := make([]int, rows)
	if last := m.Arrays[slices.IndexFunc(m.Arrays, func(a gp.Named) bool { return a.Name == "t" })]; len(last.Shape) == 1 {
		numbers, _ := gpElements[int32](m, "t", 1)
		for i := range t {
			t[i] = int(numbers[i])
		}
		return t
	}
	a := gpSized(m, "t", rows, classes)
	for i := range t {
		t[i] = slices.IndexFunc(a.Data[i*classes:(i+1)*classes], func(v MyReal) bool { return v != 0 })
	}
	return t
}

// The operations.

// GpImages are a set of bytes and labels.
type GpImages struct {
	pixels, labels []uint8
	inputs         int
	scale          MyReal
}

type GpPort struct {
	last, loaded gp.Message // what came last, to be given back by inputs, and the loaded case
	net          MyNetwork
	x            MyMatrix
	t            []int
	sets         map[string]GpImages
}

func gpOfMatrix(name string, a MyMatrix) gp.Named {
	if len(a.Data) != a.Rows*a.Columns {
		gp.Refuse("expected %s to hold %d x %d elements, came %d", name, a.Rows, a.Columns, len(a.Data))
	}
	return gp.Of(name, a.Data, a.Rows, a.Columns)
}

func gpOfVector[T any](name string, data []T) gp.Named { return gp.Of(name, data, len(data)) }

func gpOfNumber[T any](name string, value T) gp.Named { return gp.Of(name, []T{value}) }

var gpKinds = []string{"affine", "relu", "sigmoid", "softmax_with_loss"}

// functions of my_network.go, those of the kinds of layers first.
var gpFunctions = []string{
	"myAffine", "myRelu", "mySigmoid", "mySoftmaxWithLoss", "myPredict", "myGradient", "mySgd",
}

func gpNeed(name string) {
	if !slices.Contains(myWritten, name) {
		gp.Unsupported("%s is not written yet: fill it in in my_network.go, and add it to myWritten there", name)
	}
}

func (p *GpPort) answer(m gp.Message) gp.Message {
	switch m.Word {
	case "hello":
		return gpHello()
	case "load":
		p.load(m)
		return gp.OK()
	case "layer":
		call := p.layer(m)
		return gp.OK(call()...)
	case "inputs":
		return gp.OK(p.last.Arrays...)
	case "null":
		return gp.OK()
	case "predict":
		return gp.OK(gpOfMatrix("out", p.predict()()))
	case "accuracy":
		return gp.OK(gpOfNumber("accuracy", gpAccuracy(p.predict()(), p.t)))
	case "gradient":
		gpNeed("myGradient")
		p.classes()
		loss, dW, db := myGradient(p.net, p.x, p.t)
		return gp.OK(append([]gp.Named{gpOfNumber("loss", loss)}, gpParams("d", dW, db)...)...)
	case "time":
		return p.time(m)
	case "data":
		pixels, shape := gpElements[uint8](m, "images", 2)
		labels, _ := gpElements[uint8](m, "labels", 1)
		p.sets[m.Field("set")] = GpImages{pixels, labels, shape[1], gpNumber(m, "scale")}
		return gp.OK()
	case "train":
		return p.train(m)
	case "params":
		return gp.OK(gpParams("", p.net.W, p.net.B)...)
	case "evaluate":
		set := p.images(m.Field("set"))
		x, t := set.batch(nil)
		gpNeed("myPredict")
		loss, _, _ := myGradient(p.net, x, t)
		return gp.OK(gpOfNumber("loss", loss), gpOfNumber("accuracy", gpAccuracy(myPredict(p.net, x), t)))
	case "update":
		rate := gpRate(m)
		a := gpMatrix(m, "p")
		mySgd(a.Data, gpSized(m, "dp", a.Rows, a.Columns).Data, rate)
		return gp.OK(gpOfMatrix("p", a))
	}
	gp.Unsupported("no operation %s", m.Word)
	return gp.OK()
}

func gpHello() gp.Message {
	has := func(names ...string) bool {
		return !slices.ContainsFunc(names, func(name string) bool { return !slices.Contains(myWritten, name) })
	}
	for _, name := range myWritten {
		if !slices.Contains(gpFunctions, name) {
			gp.Refuse("myWritten in my_network.go: expected functions of that file, came %s", name)
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
	return gp.Message{Word: "ok", Fields: map[string]string{
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

func gpParams(prefix string, W []MyMatrix, b [][]MyReal) (arrays []gp.Named) {
	for l := range W {
		arrays = append(arrays, gpOfMatrix(fmt.Sprint(prefix, "W", l+1), W[l]), gpOfVector(fmt.Sprint(prefix, "b", l+1), b[l]))
	}
	return
}

func (p *GpPort) load(m gp.Message) {
	if m.Field("dtype") != fmt.Sprintf("%T", MyReal(0)) {
		gp.Unsupported("no %s", m.Field("dtype"))
	}
	var sizes []int
	for _, size := range strings.Split(m.Field("sizes"), ",") {
		sizes = append(sizes, gp.Must(strconv.Atoi(size)))
	}
	net := MyNetwork{Relu: m.Field("activation") == "relu", Epsilon: gpNumber(m, "epsilon")}
	for l := 1; l < len(sizes); l++ {
		net.W = append(net.W, gpSized(m, fmt.Sprint("W", l), sizes[l-1], sizes[l]))
		net.B = append(net.B, gpVector(m, fmt.Sprint("b", l), sizes[l]))
	}
	if !mySupports(net) {
		gp.Unsupported("no such network: mySupports in my_network.go says so")
	}
	x := gpMatrix(m, "x")
	p.net, p.x, p.t, p.last = net, x, gpLabels(m, x.Rows, sizes[len(sizes)-1]), m
}

func (p *GpPort) classes() int {
	if len(p.net.W) == 0 {
		gp.Refuse("expected a case to be loaded")
	}
	return p.net.W[len(p.net.W)-1].Columns
}

func (p *GpPort) predict() func() MyMatrix {
	gpNeed("myPredict")
	p.classes()
	return func() MyMatrix { return myPredict(p.net, p.x) }
}

// layer is a call of one, on the arrays of the request.
func (p *GpPort) layer(m gp.Message) func() []gp.Named {
	kind, x := m.Field("kind"), gpMatrix(m, "x")
	at := slices.Index(gpKinds, kind)
	if at < 0 {
		gp.Unsupported("no layer %s", kind)
	}
	gpNeed(gpFunctions[at])
	p.last = m
	switch kind {
	case "affine":
		W := gpMatrix(m, "W")
		b, dout := gpVector(m, "b", W.Columns), gpSized(m, "dout", x.Rows, W.Columns)
		return func() []gp.Named {
			out, dx, dW, db := myAffine(x, W, b, dout)
			return []gp.Named{gpOfMatrix("out", out), gpOfMatrix("dx", dx), gpOfMatrix("dW", dW), gpOfVector("db", db)}
		}
	case "softmax_with_loss":
		t, epsilon := gpLabels(m, x.Rows, x.Columns), gpNumber(m, "epsilon")
		return func() []gp.Named {
			loss, y, dx := mySoftmaxWithLoss(x, t, epsilon)
			return []gp.Named{gpOfNumber("loss", loss), gpOfMatrix("y", y), gpOfMatrix("dx", dx)}
		}
	}
	dout, activation := gpSized(m, "dout", x.Rows, x.Columns), myRelu
	if kind == "sigmoid" {
		activation = mySigmoid
	}
	return func() []gp.Named {
		out, dx := activation(x, dout)
		return []gp.Named{gpOfMatrix("out", out), gpOfMatrix("dx", dx)}
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

func gpRate(m gp.Message) MyReal {
	if m.Field("optimizer") != "sgd" {
		gp.Unsupported("no optimizer %s", m.Field("optimizer"))
	}
	gpNeed("mySgd")
	return gpNumber(m, "learning_rate")
}

func (p *GpPort) time(m gp.Message) gp.Message {
	call := func() {}
	switch what := m.Field("operation"); what {
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
		gp.Unsupported("no operation %s to time", what)
	}
	return gp.Timed(m, call)
}

// images are the set of this name, which must fit the loaded network.
func (p *GpPort) images(name string) GpImages {
	set, there := p.sets[name]
	classes := p.classes()
	tooLarge := func(label uint8) bool { return int(label) >= classes }
	if !there || set.inputs != p.net.W[0].Rows || slices.ContainsFunc(set.labels, tooLarge) {
		gp.Refuse("expected the set %s, with images and labels that fit the loaded network", name)
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
			gp.Refuse("expected rows of the set, came %d", row)
		}
		for j, pixel := range s.pixels[int(row)*s.inputs : (int(row)+1)*s.inputs] {
			x.Data[i*s.inputs+j] = MyReal(pixel) / s.scale
		}
		t[i] = int(s.labels[row])
	}
	return x, t
}

func (p *GpPort) train(m gp.Message) gp.Message {
	gpNeed("myGradient")
	rate, set := gpRate(m), p.images("train")
	rows, shape := gpElements[int32](m, "batches", 2)
	losses, begin := make([]MyReal, shape[0]), time.Now()
	for i := range losses {
		x, t := set.batch(rows[i*shape[1] : (i+1)*shape[1]])
		losses[i] = gpStep(p.net, x, t, rate)
	}
	return gp.OK(gpOfVector("loss", losses), gpOfNumber("nanoseconds", float64(time.Since(begin).Nanoseconds())))
}

func main() {
	port := GpPort{sets: map[string]GpImages{}}
	gp.Serve(port.answer)
}
