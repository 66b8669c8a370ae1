// Your network for gradparity, and the one file to open: what is left to you is marked YOURS.
//
// The functions get their arguments ready to use, and must leave them as they are. They return fresh results. Labels
// count from 0. A panic is reported as the error that it is.
package main

import "math"

// YOURS: the type of all numbers, float64 or float32.
type Real = float64

// YOURS: "any" if your loss adds the epsilon that it is given; "1e-7" if it always adds 1e-7, as the book's does.
const lossEpsilon = "any"

// YOURS: the functions below that you have written, such as "affine", "relu". The others are not called.
var written = []string{"affine", "relu", "sigmoid", "softmaxWithLoss", "predict", "gradient", "sgd"}

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

func affineForward(x, W Matrix, b []Real) Matrix {
	out := NewMatrix(x.Rows, W.Columns)
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

func affineParameters(x, dout Matrix) (dW Matrix, db []Real) {
	dW, db = NewMatrix(x.Columns, dout.Columns), make([]Real, dout.Columns)
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

func affineInput(W, dout Matrix) Matrix {
	dx := NewMatrix(dout.Rows, W.Rows)
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
func affine(x, W Matrix, b []Real, dout Matrix) (out, dx, dW Matrix, db []Real) {
	dW, db = affineParameters(x, dout)
	return affineForward(x, W, b), affineInput(W, dout), dW, db
}

// YOURS: out = max(x, 0); dx = dout where x > 0, else 0. All of one shape.
func relu(x, dout Matrix) (out, dx Matrix) {
	out, dx = NewMatrix(x.Rows, x.Columns), NewMatrix(x.Rows, x.Columns)
	for i, v := range x.Data {
		if !(v <= 0) {
			out.Data[i], dx.Data[i] = v, dout.Data[i]
		}
	}
	return
}

// YOURS: out = 1 / (1 + exp(-x)); dx = dout out (1 - out). All of one shape.
func sigmoid(x, dout Matrix) (out, dx Matrix) {
	out, dx = NewMatrix(x.Rows, x.Columns), NewMatrix(x.Rows, x.Columns)
	for i, v := range x.Data {
		y := 1 / (1 + Real(math.Exp(-float64(v))))
		out.Data[i], dx.Data[i] = y, dout.Data[i]*y*(1-y)
	}
	return
}

// YOURS: the mean loss, -mean(log(y[label] + epsilon)), y = softmax of each row of x, dx = (y - one-hot t) / batch.
// x, y, dx (batch, classes); t (batch). epsilon is 0 in most cases, and the logarithm must not overflow.
func softmaxWithLoss(x Matrix, t []int, epsilon Real) (loss Real, y, dx Matrix) {
	y, dx = NewMatrix(x.Rows, x.Columns), NewMatrix(x.Rows, x.Columns)
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
			p := Real(math.Exp(float64(v-largest)) / sum)
			y.Data[i*x.Columns+j] = p
			if j == label {
				p--
			}
			dx.Data[i*x.Columns+j] = p / Real(x.Rows)
		}
		logP := float64(row[label]-largest) - math.Log(sum)
		if epsilon > 0 {
			logP = math.Log(math.Exp(logP) + float64(epsilon))
		}
		loss -= Real(logP)
	}
	return loss / Real(x.Rows), y, dx
}

// forward gives the inputs of all layers, and the logits.
func forward(net Network, x Matrix) (inputs []Matrix, out Matrix) {
	for l, W := range net.W {
		inputs = append(inputs, x)
		out = affineForward(x, W, net.B[l])
		if net.Relu {
			x, _ = relu(out, out)
		} else {
			x, _ = sigmoid(out, out)
		}
	}
	return
}

// YOURS: the logits of x (batch, inputs), before the softmax: (batch, classes).
func predict(net Network, x Matrix) (out Matrix) {
	_, out = forward(net, x)
	return
}

// YOURS: the mean loss, and the gradient of each W[l] and B[l]. x (batch, inputs); t (batch)
func gradient(net Network, x Matrix, t []int) (loss Real, dW []Matrix, db [][]Real) {
	inputs, logits := forward(net, x)
	loss, _, dout := softmaxWithLoss(logits, t, net.Epsilon)
	dW, db = make([]Matrix, len(net.W)), make([][]Real, len(net.W))
	for l := len(net.W) - 1; l >= 0; l-- {
		dW[l], db[l] = affineParameters(inputs[l], dout)
		if l > 0 {
			dout = affineInput(net.W[l], dout)
			for i, y := range inputs[l].Data { // the activation's output
				if !net.Relu {
					dout.Data[i] *= y * (1 - y)
				} else if y == 0 {
					dout.Data[i] = 0
				}
			}
		}
	}
	return
}

// YOURS: p <- p - rate dp, in place. Both of one length.
func sgd(p, dp []Real, rate Real) {
	for i := range p {
		p[i] -= rate * dp[i]
	}
}
