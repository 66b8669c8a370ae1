// The plumbing between gradparity and my_network.go. You need not open this file, nor those beside it and in protocol/.
// Its names begin with gp or Gp, so that every other is yours.
package main

import (
	"fmt"
	"math"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"

	gp "port/protocol"
)

// What a request holds.

func gpFloat(m gp.Message, key string) float64 { return gp.Must(strconv.ParseFloat(m.Field(key), 64)) }

func gpNumber(m gp.Message, key string) MyReal { return MyReal(gpFloat(m, key)) }

// gpElements are those of an array of so many dimensions, or of any where dims is negative; and its shape.
func gpElements[T any](m gp.Message, name string, dims int) ([]T, []int) {
	for _, array := range m.Arrays {
		data, ok := array.Data.([]T)
		if array.Name == name && (!ok || dims >= 0 && len(array.Shape) != dims) {
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

// gpArray has so many dimensions, or any where dims is negative.
func gpArray(m gp.Message, name string, dims int) MyArray {
	data, shape := gpElements[MyReal](m, name, dims)
	return MyArray{shape, data}
}

func gpShaped(m gp.Message, name string, shape []int) MyArray {
	a := gpArray(m, name, -1)
	if !slices.Equal(a.Shape, shape) {
		gp.Refuse("expected %s to be %v, came %v", name, shape, a.Shape)
	}
	return a
}

// gpRows are images, or rows, as rows.
func gpRows(a MyArray) MyMatrix {
	return MyMatrix{a.Shape[0], len(a.Data) / max(a.Shape[0], 1), a.Data}
}

// gpMask is one of 0 and 1, as numbers.
func gpMask(bytes []uint8, shape []int) MyArray {
	mask := myArray(shape...)
	for i, kept := range bytes {
		mask.Data[i] = MyReal(kept)
	}
	return mask
}

// gpLabels are numbers, from numbers or from one-hot rows.
func gpLabels(m gp.Message, rows int) []int {
	t := make([]int, rows)
	numbered := func(a gp.Named) bool { return a.Name == "t" && len(a.Shape) == 1 }
	if slices.ContainsFunc(m.Arrays, numbered) {
		numbers, _ := gpElements[int32](m, "t", 1)
		for i := range t {
			t[i] = int(numbers[i])
		}
		return t
	}
	a := gpMatrix(m, "t")
	for i := range t {
		t[i] = slices.IndexFunc(a.Data[i*a.Columns:(i+1)*a.Columns], func(v MyReal) bool { return v != 0 })
	}
	return t
}

// What a reply holds.

func gpOfMatrix(name string, a MyMatrix) gp.Named {
	if len(a.Data) != a.Rows*a.Columns {
		gp.Refuse("expected %s to hold %d x %d elements, came %d", name, a.Rows, a.Columns, len(a.Data))
	}
	return gp.Of(name, a.Data, a.Rows, a.Columns)
}

func gpOfArray(name string, a MyArray) gp.Named {
	size := 1
	for _, n := range a.Shape {
		size *= n
	}
	if len(a.Data) != size || a.Data == nil {
		gp.Refuse("expected %s to hold as many elements as its shape %v says, came %d", name, a.Shape, len(a.Data))
	}
	return gp.Of(name, a.Data, a.Shape...)
}

// gpOfRows gives rows the shape that the images had.
func gpOfRows(name string, a MyMatrix, shape []int) gp.Named {
	if len(shape) == 2 {
		return gpOfMatrix(name, a)
	}
	return gpOfArray(name, MyArray{shape, a.Data})
}

func gpOfVector[T any](name string, data []T) gp.Named { return gp.Of(name, data, len(data)) }

func gpOfNumber[T any](name string, value T) gp.Named { return gp.Of(name, []T{value}) }

// my_network.go.

var gpKinds = []string{
	"affine", "relu", "sigmoid", "softmax_with_loss", "tanh", "squared_error", "batch_norm", "dropout", "convolution",
	"max_pooling",
}

var gpOptimizers = []string{"sgd", "momentum", "nesterov", "adagrad", "rmsprop", "adam"}

// functions of my_network.go, those of the kinds of layers first.
var gpFunctions = append(gpNames(gpKinds), append(gpNames(gpOptimizers),
	"myPredict", "myGradient", "myAccuracy", "myNumericalGradient",
	"myPredictLayers", "myGradientLayers", "myAccuracyLayers")...)

// gpName is the function for what the protocol calls so: mySoftmaxWithLoss for softmax_with_loss.
func gpName(word string) string {
	name := "my"
	for _, part := range strings.Split(word, "_") {
		name += strings.ToUpper(part[:1]) + part[1:]
	}
	return name
}

func gpNames(words []string) (names []string) {
	for _, word := range words {
		names = append(names, gpName(word))
	}
	return
}

func gpHas(names ...string) bool {
	return !slices.ContainsFunc(names, func(name string) bool { return !slices.Contains(myWritten, name) })
}

func gpNeed(name string) {
	if !gpHas(name) {
		gp.Unsupported("%s is not written yet: fill it in in my_network.go, and add it to myWritten there", name)
	}
}

// Networks.

// GpNetwork is what is loaded, and what my_network.go can be asked about it.
type GpNetwork interface {
	predict(x MyArray) MyMatrix
	gradient(x MyArray, t []int) (loss MyReal, gradients []MyArray)
	accuracy(x MyArray, t []int) float64
	loss(x MyArray, t []int) MyReal // without weight decay
	learnt() []gp.Named             // the parameters that have gradients, in the order of these
	params() []gp.Named             // and what training moves on beside them
	begin()                         // puts back what a request before may have moved on
	masks(m gp.Message, step int)   // of a step of training
	keep()                          // what training has moved on
	classes() int
}

type GpDense struct {
	net MyNetwork
	all []gp.Named
}

func gpLoadDense(m gp.Message) GpNetwork {
	var sizes []int
	for _, size := range strings.Split(m.Field("sizes"), ",") {
		sizes = append(sizes, gp.Must(strconv.Atoi(size)))
	}
	activation := m.Field("activation")
	net := MyNetwork{Relu: activation == "relu", Activation: activation, Epsilon: gpNumber(m, "epsilon")}
	var all []gp.Named
	for l := 1; l < len(sizes); l++ {
		W, b := fmt.Sprint("W", l), fmt.Sprint("b", l)
		net.W = append(net.W, gpSized(m, W, sizes[l-1], sizes[l]))
		net.B = append(net.B, gpVector(m, b, sizes[l]))
		all = append(all, gpOfMatrix(W, net.W[l-1]), gpOfVector(b, net.B[l-1]))
	}
	if !mySupports(net) {
		gp.Unsupported("no such network: mySupports in my_network.go says so")
	}
	return &GpDense{net, all}
}

func (d *GpDense) predict(x MyArray) MyMatrix {
	gpNeed("myPredict")
	return myPredict(d.net, gpRows(x))
}

func (d *GpDense) gradient(x MyArray, t []int) (MyReal, []MyArray) {
	gpNeed("myGradient")
	loss, dW, db := myGradient(d.net, gpRows(x), t)
	return loss, d.flat(dW, db)
}

func (d *GpDense) numerical(x MyArray, t []int, step MyReal) []MyArray {
	gpNeed("myNumericalGradient")
	return d.flat(myNumericalGradient(d.net, gpRows(x), t, step))
}

func (d *GpDense) accuracy(x MyArray, t []int) float64 {
	gpNeed("myAccuracy")
	return myAccuracy(d.net, gpRows(x), t)
}

func (d *GpDense) loss(x MyArray, t []int) MyReal {
	loss, _ := d.gradient(x, t)
	return loss
}

func (d *GpDense) flat(dW []MyMatrix, db [][]MyReal) (gradients []MyArray) {
	if len(dW) != len(d.net.W) || len(db) != len(d.net.W) {
		gp.Refuse("expected dW and db of %d layers, came %d and %d", len(d.net.W), len(dW), len(db))
	}
	for l, W := range dW {
		gradients = append(gradients, MyArray{[]int{W.Rows, W.Columns}, W.Data}, MyArray{[]int{len(db[l])}, db[l]})
	}
	return
}

func (d *GpDense) learnt() []gp.Named           { return d.all }
func (d *GpDense) params() []gp.Named           { return d.all }
func (d *GpDense) begin()                       {}
func (d *GpDense) masks(m gp.Message, step int) {}
func (d *GpDense) keep()                        {}
func (d *GpDense) classes() int                 { return d.net.W[len(d.net.W)-1].Columns }

// GpLayers is a network of any layers.
type GpLayers struct {
	layers         []*MyLayer
	held           []GpHeld
	all            []gp.Named // of those, the learnt ones
	decay, epsilon MyReal
}

// GpHeld is an array of a layer. What is not learnt is moved on by training, or is a mask, and begins as kept.
type GpHeld struct {
	name   string // W1, running_mean2, ...
	at     *MyArray
	learnt bool
	mask   bool
	kept   MyArray
}

func gpTakesLayers() bool { return gpHas("myPredictLayers", "myGradientLayers") }

func gpLoadLayers(m gp.Message) GpNetwork {
	if !gpTakesLayers() {
		gpNeed("myPredictLayers")
		gpNeed("myGradientLayers")
	}
	n, number := &GpLayers{decay: gpNumber(m, "weight_decay"), epsilon: gpNumber(m, "epsilon")}, 0
	for _, kind := range strings.Split(m.Field("layers"), ",") {
		l := &MyLayer{Kind: kind}
		if slices.Contains([]string{"affine", "convolution", "batch_norm"}, kind) {
			number++
		}
		field := func(key string) string { return fmt.Sprint(kind, number, ".", key) }
		hold := func(at *MyArray, name string, learnt bool) {
			name = fmt.Sprint(name, number)
			*at = gpArray(m, name, -1)
			n.held = append(n.held, GpHeld{name, at, learnt, false, *at})
		}
		switch kind {
		case "convolution":
			l.Stride, l.Pad = m.Count(field("stride")), m.Count(field("pad"))
			fallthrough
		case "affine":
			hold(&l.W, "W", true)
			hold(&l.B, "b", true)
		case "max_pooling":
			l.Height, l.Width = m.Count(field("height")), m.Count(field("width"))
			l.Stride, l.Pad = m.Count(field("stride")), m.Count(field("pad"))
		case "batch_norm":
			l.Momentum, l.Epsilon = gpFloat(m, field("momentum")), gpFloat(m, field("epsilon"))
			hold(&l.Gamma, "gamma", true)
			hold(&l.Beta, "beta", true)
			hold(&l.RunningMean, "running_mean", false)
			hold(&l.RunningVar, "running_var", false)
		case "dropout":
			l.Ratio = gpFloat(m, field("ratio"))
			name := fmt.Sprint("mask", number)
			l.Mask = gpMask(gpElements[uint8](m, name, -1))
			n.held = append(n.held, GpHeld{name, &l.Mask, false, true, l.Mask})
		}
		n.layers = append(n.layers, l)
	}
	for _, held := range n.held {
		if held.learnt {
			n.all = append(n.all, gpOfArray(held.name, *held.at))
		}
	}
	n.begin()
	if !mySupportsLayers(n.layers) {
		gp.Unsupported("no such network: mySupportsLayers in my_network.go says so")
	}
	return n
}

func (n *GpLayers) begin() {
	for _, held := range n.held {
		if !held.learnt {
			*held.at = MyArray{slices.Clone(held.kept.Shape), slices.Clone(held.kept.Data)}
		}
	}
}

func (n *GpLayers) keep() {
	for i, held := range n.held {
		if !held.learnt && !held.mask {
			if len(held.at.Data) != len(held.kept.Data) {
				gp.Refuse("expected %s to have %d elements, came %d", held.name, len(held.kept.Data), len(held.at.Data))
			}
			n.held[i].kept = MyArray{held.kept.Shape, slices.Clone(held.at.Data)}
		}
	}
}

func (n *GpLayers) masks(m gp.Message, step int) {
	for _, held := range n.held {
		if held.mask {
			bytes, shape := gpElements[uint8](m, held.name, -1)
			size := len(bytes) / shape[0]
			*held.at = gpMask(bytes[step*size:(step+1)*size], shape[1:])
		}
	}
}

func (n *GpLayers) predict(x MyArray) MyMatrix { return myPredictLayers(n.layers, x) }

func (n *GpLayers) gradient(x MyArray, t []int) (MyReal, []MyArray) {
	return myGradientLayers(n.layers, x, t, n.decay, n.epsilon)
}

func (n *GpLayers) accuracy(x MyArray, t []int) float64 {
	gpNeed("myAccuracyLayers")
	return myAccuracyLayers(n.layers, x, t)
}

// loss is that of the test: myGradientLayers is in training.
func (n *GpLayers) loss(x MyArray, t []int) (loss MyReal) {
	kind := n.layers[len(n.layers)-1].Kind
	gpNeed(gpName(kind))
	if kind == "squared_error" {
		loss, _ = mySquaredError(n.predict(x), t)
	} else {
		loss, _, _ = mySoftmaxWithLoss(n.predict(x), t, n.epsilon)
	}
	return
}

func (n *GpLayers) learnt() []gp.Named { return n.all }

func (n *GpLayers) params() (arrays []gp.Named) {
	for _, held := range n.held {
		if !held.mask {
			arrays = append(arrays, gpOfArray(held.name, *held.at))
		}
	}
	return
}

func (n *GpLayers) classes() int {
	for i := len(n.held) - 1; i >= 0; i-- {
		if n.held[i].learnt {
			return len(n.held[i].at.Data) // of the last b or beta
		}
	}
	return math.MaxInt
}

// The operations.

// GpImages are a set of bytes and labels.
type GpImages struct {
	pixels, labels []uint8
	inputs         int
	scale          MyReal
}

type GpPort struct {
	last      gp.Message // what came last, to be given back by inputs
	net       GpNetwork  // of the loaded case, or nil
	x         MyArray
	t         []int
	sets      map[string]GpImages
	optimizer *GpOptimizer // of the last train
}

func (p *GpPort) answer(m gp.Message) gp.Message {
	if p.net != nil {
		p.net.begin()
	}
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
		return gp.OK(gpOfMatrix("out", p.loaded().predict(p.x)))
	case "accuracy":
		return gp.OK(gpOfNumber("accuracy", p.loaded().accuracy(p.x, p.t)))
	case "gradient":
		loss, gradients := p.loaded().gradient(p.x, p.t)
		return gp.OK(append([]gp.Named{gpOfNumber("loss", loss)}, p.named(gradients)...)...)
	case "numerical_gradient":
		return gp.OK(p.named(p.dense().numerical(p.x, p.t, gpNumber(m, "step")))...)
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
		return gp.OK(p.loaded().params()...)
	case "evaluate":
		return p.evaluate(m)
	case "update":
		optimizer := gpOptimizer(m)
		a := gpArray(m, "p", -1)
		state := [][]MyReal{}
		for _, name := range optimizer.names {
			state = append(state, gpShaped(m, name, a.Shape).Data)
		}
		optimizer.iteration = m.Count("iteration")
		optimizer.one(a.Data, gpShaped(m, "dp", a.Shape).Data, state)
		arrays := []gp.Named{gpOfArray("p", a)}
		for i, name := range optimizer.names {
			arrays = append(arrays, gpOfArray(name, MyArray{a.Shape, state[i]}))
		}
		return gp.OK(arrays...)
	}
	gp.Unsupported("no operation %s", m.Word)
	return gp.OK()
}

func gpHello() gp.Message {
	for _, name := range myWritten {
		if !slices.Contains(gpFunctions, name) {
			gp.Refuse("myWritten in my_network.go: expected functions of that file, came %s", name)
		}
	}
	written := func(words []string) (found []string) {
		for _, word := range words {
			if gpHas(gpName(word)) {
				found = append(found, word)
			}
		}
		return
	}
	layers, optimizers, operations := written(gpKinds), written(gpOptimizers), []string{"hello", "load"}
	list := func(there bool, names ...string) {
		if there {
			operations = append(operations, names...)
		}
	}
	list(len(myWritten) > 0, "inputs", "null", "time")
	list(len(layers) > 0, "layer")
	list(gpHas("myPredict") || gpTakesLayers(), "predict")
	list(gpHas("myAccuracy") || gpTakesLayers() && gpHas("myAccuracyLayers"), "accuracy")
	list(gpHas("myGradient") || gpTakesLayers(), "gradient")
	list(gpHas("myNumericalGradient"), "numerical_gradient")
	list(len(optimizers) > 0, "update")
	list((gpHas("myPredict", "myGradient") || gpTakesLayers()) && len(optimizers) > 0, "data", "train", "params", "evaluate")
	fields := map[string]string{
		"name":       "PORT_NAME",
		"language":   "Go",
		"version":    strings.TrimPrefix(runtime.Version(), "go"),
		"blas":       "none",
		"threads":    "1",
		"dtypes":     fmt.Sprintf("%T", MyReal(0)),
		"layers":     strings.Join(layers, ","),
		"operations": strings.Join(operations, ","),
		"optimizers": strings.Join(optimizers, ","),
		"epsilon":    fmt.Sprint(myLossEpsilon),
		"step":       fmt.Sprint(myStep),
	}
	if gpTakesLayers() {
		fields["networks"] = "any"
	}
	return gp.Message{Word: "ok", Fields: fields}
}

func (p *GpPort) load(m gp.Message) {
	if m.Field("dtype") != fmt.Sprintf("%T", MyReal(0)) {
		gp.Unsupported("no %s", m.Field("dtype"))
	}
	load := gpLoadDense
	if _, any := m.Fields["layers"]; any {
		load = gpLoadLayers
	}
	net, x := load(m), gpArray(m, "x", -1)
	p.net, p.x, p.t, p.last, p.optimizer = net, x, gpLabels(m, x.Shape[0]), m, nil
}

func (p *GpPort) loaded() GpNetwork {
	if p.net == nil {
		gp.Refuse("expected a case to be loaded")
	}
	return p.net
}

func (p *GpPort) dense() *GpDense {
	net, is := p.loaded().(*GpDense)
	if !is {
		gp.Unsupported("no numerical gradient of networks of any layers")
	}
	return net
}

// named are the gradients, one of each parameter.
func (p *GpPort) named(gradients []MyArray) (arrays []gp.Named) {
	gpAsMany(gradients, p.net.learnt())
	for i, param := range p.net.learnt() {
		arrays = append(arrays, gpOfArray("d"+param.Name, gradients[i]))
	}
	return
}

func gpAsMany(gradients []MyArray, params []gp.Named) {
	if len(gradients) != len(params) {
		gp.Refuse("expected %d gradients, one of each W, b, gamma and beta, came %d", len(params), len(gradients))
	}
}

// layer is a call of one, on the arrays of the request.
func (p *GpPort) layer(m gp.Message) func() []gp.Named {
	kind := m.Field("kind")
	if !slices.Contains(gpKinds, kind) {
		gp.Unsupported("no layer %s", kind)
	}
	gpNeed(gpName(kind))
	images := gpArray(m, "x", -1)
	x, shape := gpRows(images), images.Shape
	p.last = m
	training := func() bool { return m.Field("phase") == "train" }
	switch kind {
	case "affine":
		W := gpMatrix(m, "W")
		b, dout := gpVector(m, "b", W.Columns), gpSized(m, "dout", x.Rows, W.Columns)
		return func() []gp.Named {
			out, dx, dW, db := myAffine(x, W, b, dout)
			return []gp.Named{gpOfMatrix("out", out), gpOfRows("dx", dx, shape), gpOfMatrix("dW", dW), gpOfVector("db", db)}
		}
	case "softmax_with_loss":
		t, epsilon := gpLabels(m, x.Rows), gpNumber(m, "epsilon")
		return func() []gp.Named {
			loss, y, dx := mySoftmaxWithLoss(x, t, epsilon)
			return []gp.Named{gpOfNumber("loss", loss), gpOfMatrix("y", y), gpOfMatrix("dx", dx)}
		}
	case "squared_error":
		t := gpLabels(m, x.Rows)
		return func() []gp.Named {
			loss, dx := mySquaredError(x, t)
			return []gp.Named{gpOfNumber("loss", loss), gpOfMatrix("dx", dx)}
		}
	case "batch_norm":
		held, dout := map[string][]MyReal{}, gpSized(m, "dout", x.Rows, x.Columns)
		for _, name := range []string{"gamma", "beta", "running_mean", "running_var"} {
			held[name] = gpVector(m, name, x.Columns)
		}
		momentum, epsilon, training := gpFloat(m, "momentum"), gpFloat(m, "epsilon"), training()
		return func() []gp.Named {
			out, mean, variance, dx, dgamma, dbeta := myBatchNorm(x, held["gamma"], held["beta"], held["running_mean"],
				held["running_var"], momentum, epsilon, training, dout)
			arrays := []gp.Named{gpOfMatrix("out", out)}
			if training {
				arrays = append(arrays, gpOfVector("running_mean", mean), gpOfVector("running_var", variance))
			}
			return append(arrays, gpOfMatrix("dx", dx), gpOfVector("dgamma", dgamma), gpOfVector("dbeta", dbeta))
		}
	case "dropout":
		bytes, _ := gpElements[uint8](m, "mask", len(shape))
		mask, dout := gpRows(gpMask(bytes, shape)), gpRows(gpShaped(m, "dout", shape))
		ratio, training := gpFloat(m, "ratio"), training()
		return func() []gp.Named {
			out, dx := myDropout(x, mask, ratio, training, dout)
			return []gp.Named{gpOfRows("out", out, shape), gpOfRows("dx", dx, shape)}
		}
	case "convolution":
		W, dout := gpArray(m, "W", 4), gpArray(m, "dout", 4)
		b, stride, pad := gpVector(m, "b", W.Shape[0]), m.Count("stride"), m.Count("pad")
		return func() []gp.Named {
			out, dx, dW, db := myConvolution(images, W, b, stride, pad, dout)
			return []gp.Named{gpOfArray("out", out), gpOfArray("dx", dx), gpOfArray("dW", dW), gpOfVector("db", db)}
		}
	case "max_pooling":
		height, width, stride, pad := m.Count("height"), m.Count("width"), m.Count("stride"), m.Count("pad")
		dout := gpArray(m, "dout", 4)
		return func() []gp.Named {
			out, dx := myMaxPooling(images, height, width, stride, pad, dout)
			return []gp.Named{gpOfArray("out", out), gpOfArray("dx", dx)}
		}
	}
	dout := gpRows(gpShaped(m, "dout", shape))
	activation := map[string]func(x, dout MyMatrix) (out, dx MyMatrix){
		"relu": myRelu, "sigmoid": mySigmoid, "tanh": myTanh,
	}[kind]
	return func() []gp.Named {
		out, dx := activation(x, dout)
		return []gp.Named{gpOfRows("out", out, shape), gpOfRows("dx", dx, shape)}
	}
}

func gpRight(out MyMatrix, t []int) (right int) {
	for i, label := range t {
		row := out.Data[i*out.Columns : (i+1)*out.Columns]
		largest := slices.Max(row) // NaN where there is one
		if slices.IndexFunc(row, func(v MyReal) bool { return v == largest || v != v }) == label {
			right++
		}
	}
	return
}

// GpOptimizer is one with its numbers, and what it keeps of each parameter.
type GpOptimizer struct {
	words     string // the optimizer and its numbers, as they came
	names     []string
	one       func(p, dp []MyReal, state [][]MyReal)
	iteration int
	state     [][][]MyReal
}

func gpOptimizer(m gp.Message) *GpOptimizer {
	kind := m.Field("optimizer")
	if !slices.Contains(gpOptimizers, kind) {
		gp.Unsupported("no optimizer %s", kind)
	}
	gpNeed(gpName(kind))
	o, rate := &GpOptimizer{words: kind}, gpFloat(m, "learning_rate")
	for _, key := range []string{"learning_rate", "momentum", "decay", "beta1", "beta2"} {
		o.words += " " + m.Fields[key]
	}
	switch kind {
	case "sgd":
		o.one = func(p, dp []MyReal, state [][]MyReal) { mySgd(p, dp, MyReal(rate)) }
	case "momentum", "nesterov":
		update, momentum := myMomentum, gpFloat(m, "momentum")
		if kind == "nesterov" {
			update = myNesterov
		}
		o.names, o.one = []string{"v"}, func(p, dp []MyReal, state [][]MyReal) { update(p, dp, state[0], rate, momentum) }
	case "adagrad":
		o.names, o.one = []string{"h"}, func(p, dp []MyReal, state [][]MyReal) { myAdagrad(p, dp, state[0], rate) }
	case "rmsprop":
		decay := gpFloat(m, "decay")
		o.names, o.one = []string{"h"}, func(p, dp []MyReal, state [][]MyReal) { myRmsprop(p, dp, state[0], rate, decay) }
	case "adam":
		beta1, beta2 := gpFloat(m, "beta1"), gpFloat(m, "beta2")
		o.names, o.one = []string{"m", "v"}, func(p, dp []MyReal, state [][]MyReal) {
			myAdam(p, dp, state[0], state[1], rate, beta1, beta2, o.iteration)
		}
	}
	return o
}

// step is the gradient and the update of every parameter; the loss.
func (o *GpOptimizer) step(net GpNetwork, x MyArray, t []int) MyReal {
	loss, gradients := net.gradient(x, t)
	gpAsMany(gradients, net.learnt())
	o.iteration++
	for i, param := range net.learnt() {
		p, dp := param.Data.([]MyReal), gradients[i].Data
		if len(dp) != len(p) {
			gp.Refuse("expected d%s to have %d elements, came %d", param.Name, len(p), len(dp))
		}
		if len(o.state) == i {
			o.state = append(o.state, nil)
			for range o.names {
				o.state[i] = append(o.state[i], make([]MyReal, len(p)))
			}
		}
		o.one(p, dp, o.state[i])
	}
	return loss
}

func (p *GpPort) time(m gp.Message) gp.Message {
	call := func() {}
	switch what := m.Field("operation"); what {
	case "null":
	case "layer":
		last := p.last
		layer := p.layer(m)
		call, p.last = func() { layer() }, last
	case "predict":
		net := p.loaded()
		call = func() { net.predict(p.x) }
	case "gradient":
		net := p.loaded()
		call = func() { net.gradient(p.x, p.t) }
	case "numerical_gradient":
		net, step := p.dense(), gpNumber(m, "step")
		call = func() { net.numerical(p.x, p.t, step) }
	case "train_step":
		net, optimizer := p.loaded(), gpOptimizer(m)
		for _, param := range net.learnt() {
			data := param.Data.([]MyReal)
			before := slices.Clone(data)
			defer func() { copy(data, before) }()
		}
		call = func() { optimizer.step(net, p.x, p.t) }
	default:
		gp.Unsupported("no operation %s to time", what)
	}
	return gp.Timed(m, call)
}

// images are the set of this name, which must fit the loaded network.
func (p *GpPort) images(name string) GpImages {
	set, there := p.sets[name]
	classes := p.loaded().classes()
	tooLarge := func(label uint8) bool { return int(label) >= classes }
	if !there || set.inputs != gpRows(p.x).Columns || slices.ContainsFunc(set.labels, tooLarge) {
		gp.Refuse("expected the set %s, with images and labels that fit the loaded network", name)
	}
	return set
}

// batch takes these rows, as images of the shape of those that were loaded.
func (s GpImages) batch(rows []int32, loaded MyArray) (MyArray, []int) {
	x, t := myArray(append([]int{len(rows)}, loaded.Shape[1:]...)...), make([]int, len(rows))
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
	net, optimizer, set := p.loaded(), gpOptimizer(m), p.images("train")
	if p.optimizer == nil || p.optimizer.words != optimizer.words {
		p.optimizer = optimizer
	}
	rows, shape := gpElements[int32](m, "batches", 2)
	losses, begin := make([]MyReal, shape[0]), time.Now()
	for i := range losses {
		x, t := set.batch(rows[i*shape[1]:(i+1)*shape[1]], p.x)
		net.masks(m, i)
		losses[i] = p.optimizer.step(net, x, t)
	}
	took := time.Since(begin)
	net.keep()
	return gp.OK(gpOfVector("loss", losses), gpOfNumber("nanoseconds", float64(took.Nanoseconds())))
}

// evaluate goes through the set a thousand at a time.
func (p *GpPort) evaluate(m gp.Message) gp.Message {
	set, net, loss, right := p.images(m.Field("set")), p.loaded(), 0.0, 0
	for begin := 0; begin < len(set.labels); begin += 1000 {
		var rows []int32
		for i := begin; i < min(begin+1000, len(set.labels)); i++ {
			rows = append(rows, int32(i))
		}
		x, t := set.batch(rows, p.x)
		loss += float64(net.loss(x, t)) * float64(len(t))
		right += gpRight(net.predict(x), t)
	}
	count := float64(len(set.labels))
	return gp.OK(gpOfNumber("loss", MyReal(loss/count)), gpOfNumber("accuracy", float64(right)/count))
}

func main() {
	port := GpPort{sets: map[string]GpImages{}}
	gp.Serve(port.answer)
}
