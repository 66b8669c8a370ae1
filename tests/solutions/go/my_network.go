// Your network for gradparity, and the one file to open: what is left to you is marked YOURS.
//
// The functions get their arguments ready to use, and must leave them as they are. They return fresh results. Labels
// count from 0. A panic is reported as the error that it is. Begin with one function, and name it in myWritten: all
// others can wait, or stay as they are.
//
// All names here begin with my or My, and those of serve.go with gp or Gp. So you can put a file that you have beside
// these, as part of package main and without its func main, and call it.
package main

import "math"

// YOURS: the type of all numbers, float64 or float32; for the latter, MyReal(math.Exp(float64(v))) converts.
type MyReal = float64

// YOURS: "any" if your loss adds the epsilon that it is given; "1e-7", as text, if it always adds that, as the book's.
const myLossEpsilon = "any"

// YOURS: "any" if myNumericalGradient takes the step that it is given; "1e-4", as text, if it always takes that, as the
// book's does.
const myStep = "any"

// YOURS: the functions below that you have written, such as "myAffine", "myRelu". The others are not called.
var myWritten = []string{
	"myAffine", "myRelu", "mySigmoid", "mySoftmaxWithLoss", "myTanh", "mySquaredError", "myBatchNorm", "myDropout",
	"myConvolution", "myMaxPooling", "myPredict", "myGradient", "myAccuracy", "myNumericalGradient", "mySgd",
	"myMomentum", "myNesterov", "myAdagrad", "myRmsprop", "myAdam", "myPredictLayers", "myGradientLayers",
	"myAccuracyLayers",
}

// MyMatrix lies row by row: element (i, j) is Data[i*Columns+j].
type MyMatrix struct {
	Rows, Columns int
	Data          []MyReal
}

// myZeros returns zeros.
func myZeros(rows, columns int) MyMatrix {
	return MyMatrix{rows, columns, make([]MyReal, rows*columns)}
}

// Images are a MyArray, of array.go: Data row by row, and Shape. At(n, c, i, j) is an element, Set(v, n, c, i, j) sets
// it, and myArray(n, c, height, width) makes zeros.

// Layers, each by itself.

func affineForward(x, W MyMatrix, b []MyReal) MyMatrix {
	out := myZeros(x.Rows, W.Columns)
	for i := 0; i < x.Rows; i++ {
		row := out.Data[i*out.Columns : (i+1)*out.Columns]
		copy(row, b)
		for k := 0; k < x.Columns; k++ {
			for j := range row {
				row[j] += x.Data[i*x.Columns+k] * W.Data[k*W.Columns+j]
			}
		}
	}
	return out
}

func affineParameters(x, dout MyMatrix) (dW MyMatrix, db []MyReal) {
	dW, db = myZeros(x.Columns, dout.Columns), make([]MyReal, dout.Columns)
	for i := 0; i < x.Rows; i++ {
		for j := range db {
			d := dout.Data[i*dout.Columns+j]
			db[j] += d
			for k := 0; k < x.Columns; k++ {
				dW.Data[k*dW.Columns+j] += x.Data[i*x.Columns+k] * d
			}
		}
	}
	return
}

func affineInput(W, dout MyMatrix) MyMatrix {
	dx := myZeros(dout.Rows, W.Rows)
	for i := 0; i < dx.Rows; i++ {
		for k := 0; k < dx.Columns; k++ {
			for j := 0; j < W.Columns; j++ {
				dx.Data[i*dx.Columns+k] += dout.Data[i*dout.Columns+j] * W.Data[k*W.Columns+j]
			}
		}
	}
	return dx
}

// YOURS: out = x W + b, and for a given dout the gradients dx, dW and db.
// x, dx (batch, inputs); W, dW (inputs, outputs); b, db (outputs); dout, out (batch, outputs)
func myAffine(x, W MyMatrix, b []MyReal, dout MyMatrix) (out, dx, dW MyMatrix, db []MyReal) {
	dW, db = affineParameters(x, dout)
	return affineForward(x, W, b), affineInput(W, dout), dW, db
}

// YOURS: out = max(x, 0); dx = dout where x > 0, else 0. All of one shape.
func myRelu(x, dout MyMatrix) (out, dx MyMatrix) {
	out, dx = myZeros(x.Rows, x.Columns), myZeros(x.Rows, x.Columns)
	for i, v := range x.Data {
		if !(v <= 0) {
			out.Data[i], dx.Data[i] = v, dout.Data[i]
		}
	}
	return
}

// YOURS: out = 1 / (1 + exp(-x)); dx = dout out (1 - out). All of one shape.
func mySigmoid(x, dout MyMatrix) (out, dx MyMatrix) {
	out, dx = myZeros(x.Rows, x.Columns), myZeros(x.Rows, x.Columns)
	for i, v := range x.Data {
		y := 1 / (1 + MyReal(math.Exp(-float64(v))))
		out.Data[i], dx.Data[i] = y, dout.Data[i]*y*(1-y)
	}
	return
}

// YOURS: the mean loss, -mean(log(y[label] + epsilon)), y = softmax of each row of x, dx = (y - one-hot t) / batch.
// x, y, dx (batch, classes); t (batch). Where epsilon is 0, as in most cases, take the logarithm as
// x[label] - max - log(sum(exp(x - max))) of the row, as y[label] can be 0; else as log(y[label] + epsilon).
func mySoftmaxWithLoss(x MyMatrix, t []int, epsilon MyReal) (loss MyReal, y, dx MyMatrix) {
	y, dx = myZeros(x.Rows, x.Columns), myZeros(x.Rows, x.Columns)
	for i, label := range t {
		row := x.Data[i*x.Columns : (i+1)*x.Columns]
		largest, sum := row[0], 0.0
		for _, v := range row {
			largest = max(largest, v)
		}
		for _, v := range row {
			sum += math.Exp(float64(v - largest))
		}
		for j, v := range row {
			p := MyReal(math.Exp(float64(v-largest)) / sum)
			y.Data[i*x.Columns+j] = p
			if j == label {
				p--
			}
			dx.Data[i*x.Columns+j] = p / MyReal(x.Rows)
		}
		logP := float64(row[label]-largest) - math.Log(sum)
		if epsilon > 0 {
			logP = math.Log(math.Exp(logP) + float64(epsilon))
		}
		loss -= MyReal(logP)
	}
	return loss / MyReal(x.Rows), y, dx
}

// YOURS: out = tanh(x); dx = dout (1 - out^2). All of one shape.
func myTanh(x, dout MyMatrix) (out, dx MyMatrix) {
	out, dx = myZeros(x.Rows, x.Columns), myZeros(x.Rows, x.Columns)
	for i, v := range x.Data {
		y := MyReal(math.Tanh(float64(v)))
		out.Data[i], dx.Data[i] = y, dout.Data[i]*(1-y*y)
	}
	return
}

// YOURS: the mean over the batch of sum((x - one-hot t)^2) / 2, dx = (x - one-hot t) / batch.
// x, dx (batch, classes); t (batch)
func mySquaredError(x MyMatrix, t []int) (loss MyReal, dx MyMatrix) {
	dx = myZeros(x.Rows, x.Columns)
	for i, v := range x.Data {
		if i%x.Columns == t[i/x.Columns] {
			v--
		}
		loss += v * v
		dx.Data[i] = v / MyReal(x.Rows)
	}
	return loss / 2 / MyReal(x.Rows), dx
}

// YOURS: out = gamma (x - mean) / sqrt(var + epsilon) + beta in each column, and the gradients dx, dgamma, dbeta.
// If training, mean and var are those of the batch (var is the mean of (x - mean)^2), dx goes through them too, and
// newMean = momentum runningMean + (1 - momentum) mean, newVar likewise with var. If not, the running ones stand for
// mean and var, as constants, and newMean and newVar are not looked at.
// x, dx, dout, out (batch, features); the other arrays (features)
func myBatchNorm(
	x MyMatrix, gamma, beta, runningMean, runningVar []MyReal, momentum, epsilon float64, training bool, dout MyMatrix,
) (out MyMatrix, newMean, newVar []MyReal, dx MyMatrix, dgamma, dbeta []MyReal) {
	n := MyReal(x.Rows)
	out, dx = myZeros(x.Rows, x.Columns), myZeros(x.Rows, x.Columns)
	features := len(gamma)
	newMean, newVar = make([]MyReal, features), make([]MyReal, features)
	dgamma, dbeta = make([]MyReal, features), make([]MyReal, features)
	for j := range gamma {
		mean, variance := runningMean[j], runningVar[j]
		if training {
			mean, variance = 0, 0
			for i := j; i < len(x.Data); i += features {
				mean += x.Data[i] / n
			}
			for i := j; i < len(x.Data); i += features {
				variance += (x.Data[i] - mean) * (x.Data[i] - mean) / n
			}
			newMean[j] = MyReal(momentum)*runningMean[j] + MyReal(1-momentum)*mean
			newVar[j] = MyReal(momentum)*runningVar[j] + MyReal(1-momentum)*variance
		}
		std := MyReal(math.Sqrt(float64(variance + MyReal(epsilon))))
		var dmean, dstd MyReal
		for i := j; i < len(x.Data); i += features {
			xn := (x.Data[i] - mean) / std
			out.Data[i] = gamma[j]*xn + beta[j]
			dbeta[j] += dout.Data[i]
			dgamma[j] += xn * dout.Data[i]
			dx.Data[i] = gamma[j] * dout.Data[i] / std
			dstd -= dx.Data[i] * xn
		}
		for i := j; training && i < len(x.Data); i += features {
			dx.Data[i] += (x.Data[i] - mean) * dstd / (std * n)
			dmean += dx.Data[i]
		}
		for i := j; training && i < len(x.Data); i += features {
			dx.Data[i] -= dmean / n
		}
	}
	return
}

// YOURS: out = x mask, dx = dout mask; if not training, out = x (1 - ratio), dx = dout (1 - ratio). The mask is given,
// 1 where x is kept and 0 where not. All of one shape.
func myDropout(x, mask MyMatrix, ratio float64, training bool, dout MyMatrix) (out, dx MyMatrix) {
	out, dx = myZeros(x.Rows, x.Columns), myZeros(x.Rows, x.Columns)
	for i, kept := range mask.Data {
		if !training {
			kept = MyReal(1 - ratio)
		}
		out.Data[i], dx.Data[i] = x.Data[i]*kept, dout.Data[i]*kept
	}
	return
}

// indices are those of the element at this place of an array of four dimensions.
func indices(at int, shape []int) (n, c, i, j int) {
	height, width := shape[2], shape[3]
	return at / (shape[1] * height * width), at / (height * width) % shape[1], at / width % height, at % width
}

func inside(x MyArray, row, column int) bool {
	return row >= 0 && row < x.Shape[2] && column >= 0 && column < x.Shape[3]
}

// YOURS: out = the sum of each filter W[f] times each window of x, unflipped, plus b[f]; the gradients dx, dW, db.
// Windows begin stride apart, with pad rows and columns of zeros around each image. x, dx (batch, channels, height,
// width); W, dW (filters, channels, window height, window width); b, db (filters); dout, out (batch, filters, out
// height, out width), out height = (height + 2 pad - window height) / stride + 1, rounded down.
func myConvolution(x, W MyArray, b []MyReal, stride, pad int, dout MyArray) (out, dx, dW MyArray, db []MyReal) {
	out, dx, dW, db = myArray(dout.Shape...), myArray(x.Shape...), myArray(W.Shape...), make([]MyReal, len(b))
	for o, d := range dout.Data {
		n, f, i, j := indices(o, dout.Shape)
		out.Data[o] = b[f]
		db[f] += d
		for w := range W.Data[:len(W.Data)/len(b)] {
			_, c, k, l := indices(w, W.Shape)
			if row, column := i*stride+k-pad, j*stride+l-pad; inside(x, row, column) {
				from, by := x.Offset(n, c, row, column), W.Offset(f, c, k, l)
				out.Data[o] += x.Data[from] * W.Data[by]
				dx.Data[from] += d * W.Data[by]
				dW.Data[by] += d * x.Data[from]
			}
		}
	}
	return
}

// YOURS: out = the largest element of each window of so many rows and columns, channel by channel; dx. dout goes to
// that element (of equal ones to the first, row by row) and adds up where windows overlap. Zeros of pad take part.
// x, dx (batch, channels, height, width); dout, out (batch, channels, out height, out width), as in myConvolution
func myMaxPooling(x MyArray, height, width, stride, pad int, dout MyArray) (out, dx MyArray) {
	out, dx = myArray(dout.Shape...), myArray(x.Shape...)
	for o, d := range dout.Data {
		n, c, i, j := indices(o, dout.Shape)
		largest, at := math.Inf(-1), -1
		for k := 0; k < height; k++ {
			for l := 0; l < width; l++ {
				v, from := 0.0, -1
				if row, column := i*stride+k-pad, j*stride+l-pad; inside(x, row, column) {
					from = x.Offset(n, c, row, column)
					v = float64(x.Data[from])
				}
				if v > largest {
					largest, at = v, from
				}
			}
		}
		out.Data[o] = MyReal(largest)
		if at >= 0 {
			dx.Data[at] += d
		}
	}
	return
}

// The network.

// MyNetwork has affine layers with an activation between them, and softmax with cross-entropy at the end.
type MyNetwork struct {
	W          []MyMatrix // W[l]: (inputs of layer l, outputs of layer l)
	B          [][]MyReal // B[l]: (outputs of layer l)
	Relu       bool       // the activation: relu, or else sigmoid
	Epsilon    MyReal     // of the loss: see mySoftmaxWithLoss
	Activation string     // "relu" or "sigmoid"; "tanh" if myTanh is in myWritten
}

// YOURS: the networks that your code can be, here any. One that always has two layers, and relu, says
// len(net.W) == 2 && net.Relu. Cases with others are reported as not implemented.
func mySupports(net MyNetwork) bool {
	return true
}

// forward gives the inputs of all layers, and the logits.
func forward(net MyNetwork, x MyMatrix) (inputs []MyMatrix, out MyMatrix) {
	for l, W := range net.W {
		inputs = append(inputs, x)
		out = affineForward(x, W, net.B[l])
		if net.Relu {
			x, _ = myRelu(out, out)
		} else if net.Activation == "tanh" {
			x, _ = myTanh(out, out)
		} else {
			x, _ = mySigmoid(out, out)
		}
	}
	return
}

// YOURS: the logits of x (batch, inputs), before the softmax: (batch, classes).
func myPredict(net MyNetwork, x MyMatrix) (out MyMatrix) {
	_, out = forward(net, x)
	return
}

// YOURS: the mean loss, and the gradient of each W[l] and B[l]. x (batch, inputs); t (batch)
func myGradient(net MyNetwork, x MyMatrix, t []int) (loss MyReal, dW []MyMatrix, db [][]MyReal) {
	inputs, logits := forward(net, x)
	loss, _, dout := mySoftmaxWithLoss(logits, t, net.Epsilon)
	dW, db = make([]MyMatrix, len(net.W)), make([][]MyReal, len(net.W))
	for l := len(net.W) - 1; l >= 0; l-- {
		dW[l], db[l] = affineParameters(inputs[l], dout)
		if l > 0 {
			dout = affineInput(net.W[l], dout)
			for i, y := range inputs[l].Data { // the activation's output
				if net.Activation == "tanh" {
					dout.Data[i] *= 1 - y*y
				} else if !net.Relu {
					dout.Data[i] *= y * (1 - y)
				} else if y == 0 {
					dout.Data[i] = 0
				}
			}
		}
	}
	return
}

func share(out MyMatrix, t []int) float64 {
	right := 0
	for i, label := range t {
		row, best := out.Data[i*out.Columns:(i+1)*out.Columns], 0
		for j, v := range row {
			if v > row[best] || v != v && row[best] == row[best] { // NaN is no number, not even itself
				best = j
			}
		}
		if best == label {
			right++
		}
	}
	return float64(right) / float64(len(t))
}

// YOURS: the share of the rows of x whose largest logit (the first in a tie; NaN is largest) is at the label.
func myAccuracy(net MyNetwork, x MyMatrix, t []int) float64 {
	return share(myPredict(net, x), t)
}

// YOURS: the gradient from the loss alone, like that of myGradient: for each element p of each W[l] and B[l]
// (loss at p + step - loss at p - step) / (2 step). If you change p in place, put it back exactly.
func myNumericalGradient(net MyNetwork, x MyMatrix, t []int, step MyReal) (dW []MyMatrix, db [][]MyReal) {
	slopes := func(p []MyReal) []MyReal {
		found := make([]MyReal, len(p))
		for i, value := range p {
			p[i] = value + step
			above, _, _ := myGradient(net, x, t)
			p[i] = value - step
			below, _, _ := myGradient(net, x, t)
			p[i] = value
			found[i] = (above - below) / (2 * step)
		}
		return found
	}
	for l, W := range net.W {
		dW = append(dW, MyMatrix{W.Rows, W.Columns, slopes(W.Data)})
		db = append(db, slopes(net.B[l]))
	}
	return
}

// Training: the update of one parameter p, in place, and of what the optimizer keeps for it (v, h, m), zeros at first.
// dp is its gradient; all are of one length. One optimizer is enough to train.

// YOURS: p <- p - rate dp.
func mySgd(p, dp []MyReal, rate MyReal) {
	for i := range p {
		p[i] -= rate * dp[i]
	}
}

// YOURS: v <- momentum v - rate dp; p <- p + v.
func myMomentum(p, dp, v []MyReal, rate, momentum float64) {
	for i := range p {
		v[i] = MyReal(momentum)*v[i] - MyReal(rate)*dp[i]
		p[i] += v[i]
	}
}

// YOURS: v <- momentum v - rate dp; p <- p + momentum v - rate dp, with the new v.
func myNesterov(p, dp, v []MyReal, rate, momentum float64) {
	for i := range p {
		v[i] = MyReal(momentum)*v[i] - MyReal(rate)*dp[i]
		p[i] += MyReal(momentum)*v[i] - MyReal(rate)*dp[i]
	}
}

// YOURS: h <- h + dp^2; p <- p - rate dp / (sqrt(h) + 1e-7).
func myAdagrad(p, dp, h []MyReal, rate float64) {
	for i := range p {
		h[i] += dp[i] * dp[i]
		p[i] -= MyReal(rate) * dp[i] / (MyReal(math.Sqrt(float64(h[i]))) + 1e-7)
	}
}

// YOURS: h <- decay h + (1 - decay) dp^2; p <- p - rate dp / (sqrt(h) + 1e-7).
func myRmsprop(p, dp, h []MyReal, rate, decay float64) {
	for i := range p {
		h[i] = MyReal(decay)*h[i] + MyReal(1-decay)*dp[i]*dp[i]
		p[i] -= MyReal(rate) * dp[i] / (MyReal(math.Sqrt(float64(h[i]))) + 1e-7)
	}
}

// YOURS: m <- m + (1 - beta1) (dp - m); v <- v + (1 - beta2) (dp^2 - v); p <- p - r m / (sqrt(v) + 1e-7), where
// r = rate sqrt(1 - beta2^iteration) / (1 - beta1^iteration). iteration counts the updates, from 1.
func myAdam(p, dp, m, v []MyReal, rate, beta1, beta2 float64, iteration int) {
	// math.Pow can be off by some ulps, which 1 - beta^iteration makes more of where that is small.
	less := func(beta float64) float64 { return 1 - math.Exp(float64(iteration)*math.Log(beta)) }
	now := MyReal(rate * math.Sqrt(less(beta2)) / less(beta1))
	for i := range p {
		m[i] += MyReal(1-beta1) * (dp[i] - m[i])
		v[i] += MyReal(1-beta2) * (dp[i]*dp[i] - v[i])
		p[i] -= now * m[i] / (MyReal(math.Sqrt(float64(v[i]))) + 1e-7)
	}
}

// Networks of any layers that are in myWritten: write both myPredictLayers and myGradientLayers. x is (batch, inputs)
// or (batch, channels, height, width). affine takes each image as a row: its elements in the order of Data.

// MyLayer is a layer: its kind, and what the function of that kind above is given, the rest zero.
type MyLayer struct {
	Kind                       string  // such as "affine"; the last is the loss, "softmax_with_loss" or "squared_error"
	W, B                       MyArray // of affine and convolution
	Height, Width, Stride, Pad int     // of max_pooling; Stride and Pad of convolution
	Gamma, Beta                MyArray // of batch_norm
	RunningMean, RunningVar    MyArray
	Momentum, Epsilon          float64
	Mask                       MyArray // of dropout
	Ratio                      float64
}

// YOURS: the networks that your code can be, here any. Cases with others are reported as not implemented.
func mySupportsLayers(layers []*MyLayer) bool {
	return true
}

func rows(x MyArray) MyMatrix { return MyMatrix{x.Shape[0], len(x.Data) / x.Shape[0], x.Data} }

// pass is the layer's result, and, where dout has something, the gradients: of x, and of its parameters.
func pass(layer *MyLayer, x, dout MyArray, training, moves bool) (out MyArray, gradients []MyArray) {
	in, shape, slopes := rows(x), x.Shape, MyMatrix{}
	switch layer.Kind {
	case "affine":
		shape = []int{in.Rows, layer.W.Shape[1]}
	case "convolution":
		shape = []int{x.Shape[0], layer.W.Shape[0], layer.out(x, 2, layer.W.Shape[2]), layer.out(x, 3, layer.W.Shape[3])}
	case "max_pooling":
		shape = []int{x.Shape[0], x.Shape[1], layer.out(x, 2, layer.Height), layer.out(x, 3, layer.Width)}
	}
	if dout.Data == nil {
		dout = myArray(shape...)
	}
	slopes = rows(dout)
	var result, dx MyMatrix
	switch layer.Kind {
	case "affine":
		W := MyMatrix{layer.W.Shape[0], layer.W.Shape[1], layer.W.Data}
		one, dx, dW, db := myAffine(in, W, layer.B.Data, slopes)
		return MyArray{shape, one.Data}, []MyArray{{x.Shape, dx.Data}, {layer.W.Shape, dW.Data}, {layer.B.Shape, db}}
	case "convolution":
		out, dx, dW, db := myConvolution(x, layer.W, layer.B.Data, layer.Stride, layer.Pad, dout)
		return out, []MyArray{dx, dW, {layer.B.Shape, db}}
	case "max_pooling":
		out, dx := myMaxPooling(x, layer.Height, layer.Width, layer.Stride, layer.Pad, dout)
		return out, []MyArray{dx}
	case "batch_norm":
		one, mean, variance, dx, dgamma, dbeta := myBatchNorm(in, layer.Gamma.Data, layer.Beta.Data, layer.RunningMean.Data,
			layer.RunningVar.Data, layer.Momentum, layer.Epsilon, training, slopes)
		like := layer.Gamma.Shape
		if moves {
			layer.RunningMean, layer.RunningVar = MyArray{like, mean}, MyArray{like, variance}
		}
		return MyArray{shape, one.Data}, []MyArray{{shape, dx.Data}, {like, dgamma}, {like, dbeta}}
	case "dropout":
		mask := layer.Mask
		if !training {
			mask = x // which is not looked at: the batch is another one
		}
		result, dx = myDropout(in, rows(mask), layer.Ratio, training, slopes)
	case "relu":
		result, dx = myRelu(in, slopes)
	case "sigmoid":
		result, dx = mySigmoid(in, slopes)
	case "tanh":
		result, dx = myTanh(in, slopes)
	}
	return MyArray{shape, result.Data}, []MyArray{{shape, dx.Data}}
}

// out is the height (axis 2) or the width of the result.
func (layer *MyLayer) out(x MyArray, axis, window int) int {
	return (x.Shape[axis]+2*layer.Pad-window)/layer.Stride + 1
}

// YOURS: the logits of x, before the loss: (batch, classes). Not training, in dropout and batch_norm.
func myPredictLayers(layers []*MyLayer, x MyArray) (out MyMatrix) {
	for _, layer := range layers[:len(layers)-1] {
		x, _ = pass(layer, x, MyArray{}, false, false)
	}
	return rows(x)
}

// YOURS: the loss, and the gradients in the order of the layers: dW, db, and dgamma, dbeta of batch_norm.
//
// Training. To the loss of the last layer (which takes epsilon) add weightDecay / 2 times the sum of the squares of all
// W, and weightDecay W to each dW. If you move RunningMean and RunningVar on in each training step, do it here: change
// them, or put new arrays in their place.
func myGradientLayers(
	layers []*MyLayer, x MyArray, t []int, weightDecay, epsilon MyReal,
) (loss MyReal, gradients []MyArray) {
	last, layers := layers[len(layers)-1], layers[:len(layers)-1]
	var inputs []MyArray
	for _, layer := range layers {
		inputs = append(inputs, x)
		x, _ = pass(layer, x, MyArray{}, true, false)
	}
	var slopes MyMatrix
	if last.Kind == "squared_error" {
		loss, slopes = mySquaredError(rows(x), t)
	} else {
		loss, _, slopes = mySoftmaxWithLoss(rows(x), t, epsilon)
	}
	dout := MyArray{x.Shape, slopes.Data}
	for l := len(layers) - 1; l >= 0; l-- {
		_, found := pass(layers[l], inputs[l], dout, true, true)
		dout = found[0]
		for i, w := range layers[l].W.Data {
			loss += weightDecay / 2 * w * w
			found[1].Data[i] += weightDecay * w
		}
		gradients = append(found[1:], gradients...)
	}
	return
}

// YOURS: as myAccuracy.
func myAccuracyLayers(layers []*MyLayer, x MyArray, t []int) float64 {
	return share(myPredictLayers(layers, x), t)
}
