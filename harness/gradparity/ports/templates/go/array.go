// Arrays for my_network.go, which says what MyReal is. You need not open this file.
package main

// MyArray has any number of dimensions, its elements row by row: the last index runs fastest.
type MyArray struct {
	Shape []int
	Data  []MyReal
}

// myArray returns zeros of this shape: myArray(n, d).
func myArray(shape ...int) MyArray {
	size := 1
	for _, n := range shape {
		size *= n
	}
	return MyArray{shape, make([]MyReal, size)}
}

// At returns the element with these indices, as many as there are dimensions.
func (a MyArray) At(index ...int) MyReal { return a.Data[a.Offset(index...)] }

// Set sets the element with these indices.
func (a MyArray) Set(value MyReal, index ...int) { a.Data[a.Offset(index...)] = value }

// Offset is where the element with these indices is in Data.
func (a MyArray) Offset(index ...int) int {
	offset := 0
	for axis, i := range index {
		offset = offset*a.Shape[axis] + i
	}
	return offset
}
