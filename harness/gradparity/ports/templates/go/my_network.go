// Your network for gradparity, and the one file to open: what is left to you is marked YOURS.
//
// The functions get their arguments ready to use, and must leave them as they are. They return fresh results. Labels
// count from 0. A panic is reported as the error that it is. Begin with one function, and name it in myWritten: all
// others can wait, or stay as they are.
//
// All names here begin with my or My, and those of serve.go with gp or Gp. So you can put a file that you have beside
// these, as part of package main and without its func main, and call it.
package main

// YOURS: the type of all numbers, float64 or float32; for the latter, MyReal(math.Exp(float64(v))) converts.
type MyReal = float64

// YOURS: "any" if your loss adds the epsilon that it is given; "1e-7", as text, if it always adds that, as the book's.
const myLossEpsilon = "any"

// YOURS: "any" if myNumericalGradient takes the step that it is given; "1e-4", as text, if it always takes that, as the
// book's does.
const myStep = "any"

// YOURS: the functions below that you have written, such as "myAffine", "myRelu". The others are not called.
var myWritten = []string{}

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

// YOURS: out = x W + b, and for a given dout the gradients dx, dW and db.
// x, dx (batch, inputs); W, dW (inputs, outputs); b, db (outputs); dout, out (batch, outputs)
func myAffine(x, W MyMatrix, b []MyReal, dout MyMatrix) (out, dx, dW MyMatrix, db []MyReal) {
	return
}

// YOURS: out = max(x, 0); dx = dout where x > 0, else 0. All of one shape.
func myRelu(x, dout MyMatrix) (out, dx MyMatrix) {
	return
}

// YOURS: out = 1 / (1 + exp(-x)); dx = dout out (1 - out). All of one shape.
func mySigmoid(x, dout MyMatrix) (out, dx MyMatrix) {
	return
}

// YOURS: the mean loss, -mean(log(y[label] + epsilon)), y = softmax of each row of x, dx = (y - one-hot t) / batch.
// x, y, dx (batch, classes); t (batch). Where epsilon is 0, as in most cases, take the logarithm as
// x[label] - max - log(sum(exp(x - max))) of the row, as y[label] can be 0; else as log(y[label] + epsilon).
func mySoftmaxWithLoss(x MyMatrix, t []int, epsilon MyReal) (loss MyReal, y, dx MyMatrix) {
	return
}

// YOURS: out = tanh(x); dx = dout (1 - out^2). All of one shape.
func myTanh(x, dout MyMatrix) (out, dx MyMatrix) {
	return
}

// YOURS: the mean over the batch of sum((x - one-hot t)^2) / 2, dx = (x - one-hot t) / batch.
// x, dx (batch, classes); t (batch)
func mySquaredError(x MyMatrix, t []int) (loss MyReal, dx MyMatrix) {
	return
}

// YOURS: out = gamma (x - mean) / sqrt(var + epsilon) + beta in each column, and the gradients dx, dgamma, dbeta.
// If training, mean and var are those of the batch (var is the mean of (x - mean)^2), dx goes through them too, and
// newMean = momentum runningMean + (1 - momentum) mean, newVar likewise with var. If not, the running ones stand for
// mean and var, as constants, and newMean and newVar are not looked at.
// x, dx, dout, out (batch, features); the other arrays (features)
func myBatchNorm(
	x MyMatrix, gamma, beta, runningMean, runningVar []MyReal, momentum, epsilon float64, training bool, dout MyMatrix,
) (out MyMatrix, newMean, newVar []MyReal, dx MyMatrix, dgamma, dbeta []MyReal) {
	return
}

// YOURS: out = x mask, dx = dout mask; if not training, out = x (1 - ratio), dx = dout (1 - ratio). The mask is given,
// 1 where x is kept and 0 where not. All of one shape.
func myDropout(x, mask MyMatrix, ratio float64, training bool, dout MyMatrix) (out, dx MyMatrix) {
	return
}

// YOURS: out = the sum of each filter W[f] times each window of x, unflipped, plus b[f]; the gradients dx, dW, db.
// Windows begin stride apart, with pad rows and columns of zeros around each image. x, dx (batch, channels, height,
// width); W, dW (filters, channels, window height, window width); b, db (filters); dout, out (batch, filters, out
// height, out width), out height = (height + 2 pad - window height) / stride + 1, rounded down.
func myConvolution(x, W MyArray, b []MyReal, stride, pad int, dout MyArray) (out, dx, dW MyArray, db []MyReal) {
	return
}

// YOURS: out = the largest element of each window of so many rows and columns, channel by channel; dx. dout goes to
// that element (of equal ones to the first, row by row) and adds up where windows overlap. Zeros of pad take part.
// x, dx (batch, channels, height, width); dout, out (batch, channels, out height, out width), as in myConvolution
func myMaxPooling(x MyArray, height, width, stride, pad int, dout MyArray) (out, dx MyArray) {
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

// YOURS: the logits of x (batch, inputs), before the softmax: (batch, classes).
func myPredict(net MyNetwork, x MyMatrix) (out MyMatrix) {
	return
}

// YOURS: the mean loss, and the gradient of each W[l] and B[l]. x (batch, inputs); t (batch)
func myGradient(net MyNetwork, x MyMatrix, t []int) (loss MyReal, dW []MyMatrix, db [][]MyReal) {
	return
}

// YOURS: the share of the rows of x whose largest logit (the first in a tie; NaN is largest) is at the label.
func myAccuracy(net MyNetwork, x MyMatrix, t []int) float64 {
	return 0
}

// YOURS: the gradient from the loss alone, like that of myGradient: for each element p of each W[l] and B[l]
// (loss at p + step - loss at p - step) / (2 step). If you change p in place, put it back exactly.
func myNumericalGradient(net MyNetwork, x MyMatrix, t []int, step MyReal) (dW []MyMatrix, db [][]MyReal) {
	return
}

// Training: the update of one parameter p, in place, and of what the optimizer keeps for it (v, h, m), zeros at first.
// dp is its gradient; all are of one length. One optimizer is enough to train.

// YOURS: p <- p - rate dp.
func mySgd(p, dp []MyReal, rate MyReal) {
}

// YOURS: v <- momentum v - rate dp; p <- p + v.
func myMomentum(p, dp, v []MyReal, rate, momentum float64) {
}

// YOURS: v <- momentum v - rate dp; p <- p + momentum v - rate dp, with the new v.
func myNesterov(p, dp, v []MyReal, rate, momentum float64) {
}

// YOURS: h <- h + dp^2; p <- p - rate dp / (sqrt(h) + 1e-7).
func myAdagrad(p, dp, h []MyReal, rate float64) {
}

// YOURS: h <- decay h + (1 - decay) dp^2; p <- p - rate dp / (sqrt(h) + 1e-7).
func myRmsprop(p, dp, h []MyReal, rate, decay float64) {
}

// YOURS: m <- m + (1 - beta1) (dp - m); v <- v + (1 - beta2) (dp^2 - v); p <- p - r m / (sqrt(v) + 1e-7), where
// r = rate sqrt(1 - beta2^iteration) / (1 - beta1^iteration). iteration counts the updates, from 1.
func myAdam(p, dp, m, v []MyReal, rate, beta1, beta2 float64, iteration int) {
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

// YOURS: the logits of x, before the loss: (batch, classes). Not training, in dropout and batch_norm.
func myPredictLayers(layers []*MyLayer, x MyArray) (out MyMatrix) {
	return
}

// YOURS: the loss, and the gradients in the order of the layers: dW, db, and dgamma, dbeta of batch_norm.
//
// Training. To the loss of the last layer (which takes epsilon) add weightDecay / 2 times the sum of the squares of all
// W, and weightDecay W to each dW. If you move RunningMean and RunningVar on in each training step, do it here: change
// them, or put new arrays in their place.
func myGradientLayers(
	layers []*MyLayer, x MyArray, t []int, weightDecay, epsilon MyReal,
) (loss MyReal, gradients []MyArray) {
	return
}

// YOURS: as myAccuracy.
func myAccuracyLayers(layers []*MyLayer, x MyArray, t []int) float64 {
	return 0
}
