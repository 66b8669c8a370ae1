// Your network for gradparity, and the one file to open: what is left to you is marked YOURS.
//
// The functions get their arguments ready to use, and must leave them as they are. They return fresh results. Labels
// count from 0. A panic is reported as the error that it is.
package main

// YOURS: the type of all numbers, float64 or float32.
type Real = float64

// YOURS: "any" if your loss adds the epsilon that it is given; "1e-7" if it always adds 1e-7, as the book's does.
const lossEpsilon = "any"

// YOURS: the functions below that you have written, such as "affine", "relu". The others are not called.
var written = []string{}

// Matrix lies row by row: element (i, j) is Data[i*Columns+j].
type Matrix struct {
	Rows, Columns int
	Data          []Real
}

// NewMatrix returns zeros.
func NewMatrix(rows, columns int) Matrix {
	return Matrix{rows, columns, make([]Real, rows*columns)}
}

// Network has affine layers with an activation between them, and softmax with cross-entropy at the end.
type Network struct {
	W       []Matrix // W[l]: (inputs of layer l, outputs of layer l)
	B       [][]Real // B[l]: (outputs of layer l)
	Relu    bool     // the activation: relu, or else sigmoid
	Epsilon Real     // of the loss: see softmaxWithLoss
}

// YOURS: out = x W + b, and for a given dout the gradients dx, dW and db.
// x, dx (batch, inputs); W, dW (inputs, outputs); b, db (outputs); dout, out (batch, outputs)
func affine(x, W Matrix, b []Real, dout Matrix) (out, dx, dW Matrix, db []Real) {
	return
}

// YOURS: out = max(x, 0); dx = dout where x > 0, else 0. All of one shape.
func relu(x, dout Matrix) (out, dx Matrix) {
	return
}

// YOURS: out = 1 / (1 + exp(-x)); dx = dout out (1 - out). All of one shape.
func sigmoid(x, dout Matrix) (out, dx Matrix) {
	return
}

// YOURS: the mean loss, -mean(log(y[label] + epsilon)), y = softmax of each row of x, dx = (y - one-hot t) / batch.
// x, y, dx (batch, classes); t (batch). epsilon is 0 in most cases, and the logarithm must not overflow.
func softmaxWithLoss(x Matrix, t []int, epsilon Real) (loss Real, y, dx Matrix) {
	return
}

// YOURS: the logits of x (batch, inputs), before the softmax: (batch, classes).
func predict(net Network, x Matrix) (out Matrix) {
	return
}

// YOURS: the mean loss, and the gradient of each W[l] and B[l]. x (batch, inputs); t (batch)
func gradient(net Network, x Matrix, t []int) (loss Real, dW []Matrix, db [][]Real) {
	return
}

// YOURS: p <- p - rate dp, in place. Both of one length.
func sgd(p, dp []Real, rate Real) {
}
