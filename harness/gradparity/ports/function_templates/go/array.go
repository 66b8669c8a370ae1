package functions

import gp "port/protocol"

// NDArray is an array of any number of dimensions, its elements row by row.
type NDArray[T any] struct {
	Shape []int
	Data  []T
}

// Zeros returns an array of this shape: Zeros[Real](n, d).
func Zeros[T any](shape ...int) NDArray[T] {
	size := 1
	for _, n := range shape {
		size *= n
	}
	return NDArray[T]{shape, make([]T, size)}
}

// At returns the element with these indices, as many as there are dimensions.
func (a NDArray[T]) At(index ...int) T { return a.Data[a.offset(index)] }

// Set sets the element with these indices.
func (a NDArray[T]) Set(value T, index ...int) { a.Data[a.offset(index)] = value }

func (a NDArray[T]) offset(index []int) int {
	offset := 0
	for axis, i := range index {
		offset = offset*a.Shape[axis] + i
	}
	return offset
}

// NotWritten is the panic of a function that is not there yet.
func NotWritten(name string) gp.Refusal {
	return gp.Refusal{Word: "unsupported", Text: name + " is not written yet"}
}
