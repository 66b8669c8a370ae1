// Your network for gradparity, and the one file to open: what is left to you is marked YOURS.
//
// The functions get their arguments ready to use, and must leave them as they are. They return fresh results. Labels
// count from 0. A panic is reported as the error that it is.
//
// All names here begin with my or My, and those of serve.go with gp or Gp. So you can put a file that you have beside
// these two, as part of package main and without its func main, and call it.
package main

// YOURS: the type of all numbers, float64 or float32; for the latter, MyReal(math.Exp(float64(v))) converts.
type MyReal = float64

// YOURS: "any" if your loss adds the epsilon that it is given; "1e-7", as text, if it always adds that, as the book's.
const myLossEpsilon = "any"

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

// MyNetwork has affine layers with an activation between them, and softmax with cross-entropy at the end.
type MyNetwork struct {
	W       []MyMatrix // W[l]: (inputs of layer l, outputs of layer l)
	B       [][]MyReal // B[l]: (outputs of layer l)
	Relu    bool       // the activation: relu, or else sigmoid
	Epsilon MyReal     // of the loss: see mySoftmaxWithLoss
}

// YOURS: the networks that your code can be, here any. One that always has two layers, and relu, says
// len(net.W) == 2 && net.Relu. Cases with others are reported as not implemented.
func mySupports(net MyNetwork) bool {
	return true
}

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

// YOURS: the logits of x (batch, inputs), before the softmax: (batch, classes).
func myPredict(net MyNetwork, x MyMatrix) (out MyMatrix) {
	return
}

// YOURS: the mean loss, and the gradient of each W[l] and B[l]. x (batch, inputs); t (batch)
func myGradient(net MyNetwork, x MyMatrix, t []int) (loss MyReal, dW []MyMatrix, db [][]MyReal) {
	return
}

// YOURS: p <- p - rate dp, in place. Both of one length.
func mySgd(p, dp []MyReal, rate MyReal) {
}
