// Your network for gradparity, and the one file to open: what is left to you is marked YOURS.
//
// The functions get their arguments ready to use, and must leave them as they are. They return fresh results. Labels
// count from 0. A panic is reported as the error that it is.
//
// All names here begin with my or My, and those of serve.go with gp or Gp. So you can put a file that you have beside
// these two, as part of package main and without its func main, and call it.
package main

import "math"

// YOURS: the type of all numbers, float64 or float32; for the latter, MyReal(math.Exp(float64(v))) converts.
type MyReal = float64

// YOURS: "any" if your loss adds the epsilon that it is given; "1e-7", as text, if it always adds that, as the book's.
const myLossEpsilon = "any"

// YOURS: the functions below that you have written, such as "myAffine", "myRelu". The others are not called.
var myWritten = []string{"myAffine", "myRelu", "mySigmoid", "mySoftmaxWithLoss", "myPredict", "myGradient", "mySgd"}

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

// forward gives the inputs of all layers, and the logits.
func forward(net MyNetwork, x MyMatrix) (inputs []MyMatrix, out MyMatrix) {
	for l, W := range net.W {
		inputs = append(inputs, x)
		out = affineForward(x, W, net.B[l])
		if net.Relu {
			x, _ = myRelu(out, out)
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
func mySgd(p, dp []MyReal, rate MyReal) {
	for i := range p {
		p[i] -= rate * dp[i]
	}
}
