package main

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

// Requests come on stdin, replies leave by file descriptor 3: a line of text, then arrays as .npy records. gradparity's
// docs/protocol.md is the specification.

// array holds its elements row by row, as []float64, []float32, []int32 or []uint8; []bool leaves as the latter.
type array struct {
	shape []int
	data  any
}

type named struct {
	name string
	array
}

type message struct {
	word   string
	fields map[string]string
	arrays []named
}

const maxDimensions = 32

var header = regexp.MustCompile(`'descr': '(.*?)', 'fortran_order': (True|False), 'shape': \((.*?)\)`)

func read(r *bufio.Reader) (message, error) {
	line, err := r.ReadString('\n')
	if err != nil {
		return message{}, err
	}
	words := strings.Split(strings.TrimSuffix(line, "\n"), " ")
	m := message{word: words[0], fields: map[string]string{}}
	for _, pair := range words[1:] {
		key, value, _ := strings.Cut(pair, "=")
		if key == "arrays" {
			for _, name := range strings.Split(value, ",") {
				array, err := readArray(r)
				if err != nil {
					return m, fmt.Errorf("array %s: %w", name, err)
				}
				m.arrays = append(m.arrays, named{name, array})
			}
		} else if m.fields[key], err = url.PathUnescape(value); err != nil {
			return m, err
		}
	}
	return m, nil
}

func readArray(r *bufio.Reader) (array, error) {
	start := make([]byte, 10)
	if _, err := io.ReadFull(r, start); err != nil || string(start[:6]) != "\x93NUMPY" {
		return array{}, fmt.Errorf("expected an .npy record, came %q (%v)", start, err)
	}
	length := int64(binary.LittleEndian.Uint16(start[8:]))
	if start[6] > 1 {
		length += 2
	}
	text := make([]byte, length)
	if _, err := io.ReadFull(r, text); err != nil {
		return array{}, err
	}
	parts := header.FindStringSubmatch(string(text))
	if parts == nil {
		return array{}, fmt.Errorf("expected an .npy header, came %q", text)
	}
	shape := []int{}
	for _, word := range strings.Split(parts[3], ",") {
		if n, err := strconv.Atoi(strings.TrimSpace(word)); err == nil {
			shape = append(shape, n)
		}
	}
	if len(shape) > maxDimensions {
		return array{}, fmt.Errorf("expected at most %d dimensions, came %d", maxDimensions, len(shape))
	}
	result, byColumns := array{shape: shape}, parts[2] == "True"
	var err error
	switch parts[1] {
	case "<f8":
		result.data, err = readElements[float64](r, shape, byColumns)
	case "<f4":
		result.data, err = readElements[float32](r, shape, byColumns)
	case "<i4":
		result.data, err = readElements[int32](r, shape, byColumns)
	case "|u1":
		result.data, err = readElements[uint8](r, shape, byColumns)
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

func write(w *bufio.Writer, m message) {
	fmt.Fprint(w, m.word)
	for key, value := range m.fields {
		fmt.Fprintf(w, " %s=%s", key, quote(value))
	}
	for i, array := range m.arrays {
		fmt.Fprint(w, []string{" arrays=", ","}[min(i, 1)], array.name)
	}
	fmt.Fprintln(w)
	for _, array := range m.arrays {
		descr := descrs[fmt.Sprintf("%T", array.data)]
		shape := strings.Trim(strings.Join(strings.Fields(fmt.Sprint(array.shape)), ", "), "[]")
		if len(array.shape) == 1 {
			shape += ","
		}
		text := fmt.Sprintf("{'descr': '%s', 'fortran_order': False, 'shape': (%s), }", descr, shape)
		length := (len(text)+1+10+63)/64*64 - 10
		fmt.Fprint(w, "\x93NUMPY\x01\x00")
		binary.Write(w, binary.LittleEndian, uint16(length))
		fmt.Fprintf(w, "%-*s\n", length-1, text)
		binary.Write(w, binary.LittleEndian, array.data)
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
