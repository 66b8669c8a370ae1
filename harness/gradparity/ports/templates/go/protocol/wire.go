// Package protocol is gradparity's: docs/protocol.md there is the specification.
package protocol

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"
	"net/url"
	"regexp"
	"strconv"
	"strings"
)

// Array holds its elements row by row, as []float64, []float32, []int32 or []uint8; []bool leaves as the latter.
type Array struct {
	Shape []int
	Data  any
}

// Named is an array of a message.
type Named struct {
	Name string
	Array
}

// Of is an array of this name, with these elements row by row; a number has no shape.
func Of[T any](name string, elements []T, shape ...int) Named {
	return Named{name, Array{shape, elements}}
}

// Message is a request or a reply.
type Message struct {
	Word   string
	Fields map[string]string
	Arrays []Named
}

const maxDimensions = 32

var header = regexp.MustCompile(`'descr': '(.*?)', 'fortran_order': (True|False), 'shape': \((.*?)\)`)

func read(r *bufio.Reader) (Message, error) {
	line, err := r.ReadString('\n')
	if err != nil {
		return Message{}, err
	}
	words := strings.Split(strings.TrimSuffix(line, "\n"), " ")
	m := Message{Word: words[0], Fields: map[string]string{}}
	for _, pair := range words[1:] {
		key, value, _ := strings.Cut(pair, "=")
		if key == "arrays" {
			for _, name := range strings.Split(value, ",") {
				array, err := readArray(r)
				if err != nil {
					return m, fmt.Errorf("array %s: %w", name, err)
				}
				m.Arrays = append(m.Arrays, Named{name, array})
			}
		} else if m.Fields[key], err = url.PathUnescape(value); err != nil {
			return m, err
		}
	}
	return m, nil
}

func readArray(r *bufio.Reader) (Array, error) {
	start := make([]byte, 10)
	if _, err := io.ReadFull(r, start); err != nil || string(start[:6]) != "\x93NUMPY" {
		return Array{}, fmt.Errorf("expected an .npy record, came %q (%v)", start, err)
	}
	length := int64(binary.LittleEndian.Uint16(start[8:]))
	if start[6] > 1 {
		length += 2
	}
	text := make([]byte, length)
	if _, err := io.ReadFull(r, text); err != nil {
		return Array{}, err
	}
	parts := header.FindStringSubmatch(string(text))
	if parts == nil {
		return Array{}, fmt.Errorf("expected an .npy header, came %q", text)
	}
	shape := []int{}
	for _, word := range strings.Split(parts[3], ",") {
		if n, err := strconv.Atoi(strings.TrimSpace(word)); err == nil {
			shape = append(shape, n)
		}
	}
	if len(shape) > maxDimensions {
		return Array{}, fmt.Errorf("expected at most %d dimensions, came %d", maxDimensions, len(shape))
	}
	result, byColumns := Array{Shape: shape}, parts[2] == "True"
	var err error
	switch parts[1] {
	case "<f8":
		result.Data, err = readElements[float64](r, shape, byColumns)
	case "<f4":
		result.Data, err = readElements[float32](r, shape, byColumns)
	case "<i4":
		result.Data, err = readElements[int32](r, shape, byColumns)
	case "|u1":
		result.Data, err = readElements[uint8](r, shape, byColumns)
	default:
		err = fmt.Errorf("expected dtype <f8, <f4, <i4 or |u1, came %s", parts[1])
	}
	return result, err
}

func readElements[T any](r io.Reader, shape []int, byColumns bool) ([]T, error) {
	size := 1
	for _, n := range shape {
		size *= n
	}
	data := make([]T, size)
	if err := binary.Read(r, binary.LittleEndian, data); err != nil || !byColumns {
		return data, err
	}
	// Along an axis, neighbours are apart by what the axes before it hold.
	apart, next := make([]int, len(shape)), 1
	for axis, n := range shape {
		apart[axis], next = next, next*n
	}
	byRows, index, from := make([]T, size), make([]int, len(shape)), 0
	for to := range byRows {
		byRows[to] = data[from]
		for axis := len(shape) - 1; axis >= 0; axis-- { // the last index goes up first
			index[axis]++
			from += apart[axis]
			if index[axis] < shape[axis] {
				break
			}
			from -= apart[axis] * shape[axis]
			index[axis] = 0
		}
	}
	return byRows, nil
}

func write(w *bufio.Writer, m Message) {
	fmt.Fprint(w, m.Word)
	for key, value := range m.Fields {
		fmt.Fprintf(w, " %s=%s", key, quote(value))
	}
	for i, array := range m.Arrays {
		fmt.Fprint(w, []string{" arrays=", ","}[min(i, 1)], array.Name)
	}
	fmt.Fprintln(w)
	for _, array := range m.Arrays {
		descr := descrs[fmt.Sprintf("%T", array.Data)]
		shape := strings.Trim(strings.Join(strings.Fields(fmt.Sprint(array.Shape)), ", "), "[]")
		if len(array.Shape) == 1 {
			shape += ","
		}
		text := fmt.Sprintf("{'descr': '%s', 'fortran_order': False, 'shape': (%s), }", descr, shape)
		length := (len(text)+1+10+63)/64*64 - 10
		fmt.Fprint(w, "\x93NUMPY\x01\x00")
		binary.Write(w, binary.LittleEndian, uint16(length))
		fmt.Fprintf(w, "%-*s\n", length-1, text)
		binary.Write(w, binary.LittleEndian, array.Data)
	}
	w.Flush()
}

var descrs = map[string]string{
	"[]float64": "<f8", "[]float32": "<f4", "[]int32": "<i4", "[]uint8": "|u1", "[]bool": "|u1",
}

func quote(value string) string {
	var text strings.Builder
	for _, c := range []byte(value) {
		if c > ' ' && c < 127 && c != '%' {
			text.WriteByte(c)
		} else {
			fmt.Fprintf(&text, "%%%02X", c)
		}
	}
	return text.String()
}
