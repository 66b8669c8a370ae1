// Package functions has the functions of reference.py, and this is the one file to open: what is left to you is marked
// YOURS.
//
// An array has its Shape, and its elements row by row in Data: x.At(i, j), or x.Data[i*x.Shape[1]+j]. Zeros[Real](n, d)
// is a new one; see array.go. Leave the arguments as they are, and return fresh results. A panic is reported as the error
// that it is.
//
// Code that you have can be put beside this file, as part of this package, and be called from here.
package functions

import "math"

// Real is YOURS: the type of all floats, float64 or float32; for the latter, Real(math.Exp(float64(v))) converts.
type Real = float64

// Arrays by what they hold.
type (
	Array    = NDArray[Real]
	Integers = NDArray[int32]
	Booleans = NDArray[bool]
)

// Ridge: Ridge regression with its gradient.
//
//	ridge(X[n, d], y[n], penalty) -> w[d], loss
func Ridge(X, y Array, penalty Real) (w Array, loss Real) {
	n, d := X.Shape[0], X.Shape[1]
	w = Zeros[Real](d)
	A := Zeros[Real](d, d) // A w = X'y, and A = X'X + penalty I = L L'
	for i := range d {
		for j := range i + 1 {
			sum := Real(0)
			if i == j {
				sum = penalty
			}
			for k := range n {
				sum += X.At(k, i) * X.At(k, j)
			}
			for k := range j {
				sum -= A.At(i, k) * A.At(j, k)
			}
			if i == j {
				A.Set(Real(math.Sqrt(float64(sum))), i, i)
			} else {
				A.Set(sum/A.At(j, j), i, j)
			}
		}
		for k := range n {
			w.Data[i] += X.At(k, i) * y.Data[k]
		}
		for k := range i {
			w.Data[i] -= A.At(i, k) * w.Data[k]
		}
		w.Data[i] /= A.At(i, i)
	}
	for i := d - 1; i >= 0; i-- {
		for k := i + 1; k < d; k++ {
			w.Data[i] -= A.At(k, i) * w.Data[k]
		}
		w.Data[i] /= A.At(i, i)
	}
	for k := range n {
		residual := -y.Data[k]
		for i := range d {
			residual += X.At(k, i) * w.Data[i]
		}
		loss += residual * residual
	}
	for _, element := range w.Data {
		loss += penalty * element * element
	}
	return w, loss
}

// Outer3: a[i] b[j] c[k], and the sum.
//
//	outer3(a[n], b[m], c[k]) -> out[n, m, k], total
func Outer3(a, b, c Array) (out Array, total Real) {
	out = Zeros[Real](a.Shape[0], b.Shape[0], c.Shape[0])
	for i, ai := range a.Data {
		for j, bj := range b.Data {
			for k, ck := range c.Data {
				out.Set(ai*bj*ck, i, j, k)
				total += out.At(i, j, k)
			}
		}
	}
	return out, total
}

// Pick: The rows of x that keep names, and how many.
//
//	pick(x[n, c, h, w], keep[n], order[n]) -> out[n, c, h, w], count, kept[n]
func Pick(x Array, keep Booleans, order Integers) (out Array, count int, kept Booleans) {
	out = Zeros[Real](x.Shape...)
	size := len(x.Data) / max(1, x.Shape[0])
	for i, kept := range keep.Data {
		if kept {
			row := int(order.Data[i])
			copy(out.Data[i*size:(i+1)*size], x.Data[row*size:(row+1)*size])
			count++
		}
	}
	return out, count, keep
}
