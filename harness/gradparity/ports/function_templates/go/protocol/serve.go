// The plumbing between gradparity and functions.go. You need not open these files.
package main

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"

	functions "port"
)

type function struct {
	name  string
	count int
	bound func(given []any) (call func(), results func() []named)
}

// refusal is what a request is answered with, where it is not answered with ok.
type refusal struct{ word, text string }

func refuse(format string, values ...any) {
	panic(refusal{"error", fmt.Sprintf(format, values...)})
}
func unsupported(format string, values ...any) {
	panic(refusal{"unsupported", fmt.Sprintf(format, values...)})
}

func must[T any](value T, err error) T {
	if err != nil {
		refuse("%v", err)
	}
	return value
}

func (m message) field(key string) string {
	value, ok := m.fields[key]
	if !ok {
		refuse("expected the field %s in the request %s", key, m.word)
	}
	return value
}

func (m message) count(key string) int { return must(strconv.Atoi(m.field(key))) }

// What functions.go computes with, from what travels, and back.

func unpacked(a array) any {
	switch data := a.data.(type) {
	case []float64:
		return ofShape(a.shape, data)
	case []float32:
		return ofShape(a.shape, data)
	case []int32:
		if len(a.shape) == 0 {
			return int(data[0])
		}
		return ofShape(a.shape, data)
	default:
		bytes := a.data.([]uint8)
		flags := make([]bool, len(bytes))
		for i, value := range bytes {
			flags[i] = value != 0
		}
		return ofShape(a.shape, flags)
	}
}

func ofShape[T any](shape []int, data []T) any {
	if len(shape) == 0 {
		return data[0]
	}
	return functions.NDArray[T]{Shape: shape, Data: data}
}

func packed(name string, value any) named {
	switch v := value.(type) {
	case int:
		if int(int32(v)) != v {
			refuse("expected %s to be an integer of 32 bits, came %d", name, v)
		}
		return named{name, array{nil, []int32{int32(v)}}}
	case bool:
		return named{name, array{nil, []bool{v}}}
	case float32:
		return named{name, array{nil, []float32{v}}}
	case float64:
		return named{name, array{nil, []float64{v}}}
	case functions.NDArray[float32]:
		return packedArray(name, v)
	case functions.NDArray[float64]:
		return packedArray(name, v)
	case functions.NDArray[int32]:
		return packedArray(name, v)
	default:
		return packedArray(name, value.(functions.NDArray[bool]))
	}
}

func packedArray[T any](name string, a functions.NDArray[T]) named {
	size := 1
	for _, n := range a.Shape {
		size *= n
	}
	if len(a.Data) != size {
		refuse("expected %s to have %d elements, as its shape is %v, came %d", name, size, a.Shape, len(a.Data))
	}
	return named{name, array{a.Shape, a.Data}}
}

func argument[T any](given []any, i int, name string) T {
	value, ok := given[i].(T)
	if !ok {
		refuse("expected %s to be %T, came %T", name, value, given[i])
	}
	return value
}

// The operations.

type port struct {
	names []string // of the arrays that came last
	last  []any    // what they are as arguments
}

func ok(arrays ...named) message { return message{word: "ok", arrays: arrays} }

func (p *port) answer(m message) message {
	switch m.word {
	case "hello":
		return hello()
	case "call":
		names, given, call, results := bound(m)
		call()
		p.names, p.last = names, given
		return ok(results()...)
	case "inputs":
		arrays := []named{}
		for i, name := range p.names {
			arrays = append(arrays, packed(name, p.last[i]))
		}
		return ok(arrays...)
	case "null":
		return ok()
	case "time":
		return timed(m)
	}
	unsupported("no operation %s", m.word)
	return ok()
}

func dtype() string { return reflect.TypeFor[functions.Real]().Name() }

func hello() message {
	names := []string{}
	for _, function := range all {
		names = append(names, function.name)
	}
	return message{word: "ok", fields: map[string]string{
		"name":       "PORT_NAME",
		"language":   "Go",
		"version":    strings.TrimPrefix(runtime.Version(), "go"),
		"blas":       "none",
		"threads":    "1",
		"dtypes":     dtype(),
		"layers":     "",
		"operations": "hello,call,inputs,null,time",
		"optimizers": "",
		"epsilon":    "any",
		"functions":  strings.Join(names, ","),
	}}
}

// bound is the call that is asked for.
func bound(m message) (names []string, given []any, call func(), results func() []named) {
	name := m.field("function")
	at := slices.IndexFunc(all, func(f function) bool { return f.name == name })
	if at < 0 {
		unsupported("no function %s in functions.go", name)
	}
	for _, array := range m.arrays {
		if came := fmt.Sprintf("%T", array.data)[2:]; strings.HasPrefix(came, "float") && came != dtype() {
			unsupported("no %s", came)
		}
		names, given = append(names, array.name), append(given, unpacked(array.array))
	}
	if len(given) != all[at].count {
		refuse("%s: expected %d arrays, came %d", name, all[at].count, len(given))
	}
	call, results = all[at].bound(given)
	return
}

func timed(m message) message {
	call := func() {}
	switch what := m.field("operation"); what {
	case "null":
	case "call":
		_, _, call, _ = bound(m)
	default:
		unsupported("no operation %s to time", what)
	}
	took := make([]float64, m.count("samples"))
	calls := m.count("calls")
	for i := range took {
		begin := time.Now()
		for range calls {
			call()
		}
		took[i] = float64(time.Since(begin).Nanoseconds())
	}
	return ok(named{"nanoseconds", array{[]int{len(took)}, took}})
}

// trace writes to stderr where a panic came from: your lines, which are not of these files, nor Go's own, nor of a
// package that was downloaded; the innermost last.
func trace() {
	_, own, _, _ := runtime.Caller(0)
	protocol := filepath.Dir(own) + "/"
	callers := make([]uintptr, 1000)
	frames := runtime.CallersFrames(callers[:runtime.Callers(0, callers)])
	lines, goSources := []string{}, ""
	for {
		frame, more := frames.Next()
		if goSources == "" { // the first is runtime.Callers
			goSources = filepath.Dir(filepath.Dir(frame.File)) + "/"
		}
		foreign := strings.HasPrefix(frame.File, goSources) || strings.Contains(frame.File, "/pkg/mod/")
		if !foreign && !strings.HasPrefix(frame.File, protocol) {
			file := strings.TrimPrefix(frame.File, filepath.Dir(filepath.Dir(own))+"/")
			lines = append(lines, fmt.Sprintf("    %s:%d in %s", file, frame.Line, frame.Function))
		}
		if !more {
			break
		}
	}
	slices.Reverse(lines)
	fmt.Fprintln(os.Stderr, strings.Join(lines[max(0, len(lines)-5):], "\n"))
}

// guarded answers error or unsupported where answer panics.
func (p *port) guarded(m message) (reply message) {
	defer func() {
		failure := func(word, text string) message {
			return message{word: word, fields: map[string]string{"message": text}}
		}
		switch trouble := recover().(type) {
		case nil:
		case refusal:
			reply = failure(trouble.word, trouble.text)
		case functions.NotWritten:
			reply = failure("unsupported", string(trouble)+" is not written yet")
		default:
			fmt.Fprintln(os.Stderr, "panic:", trouble)
			trace()
			reply = failure("error", fmt.Sprint(trouble))
		}
	}()
	return p.answer(m)
}

func main() {
	input, output := bufio.NewReaderSize(os.Stdin, 1<<16), bufio.NewWriterSize(os.NewFile(3, "replies"), 1<<16)
	port := port{}
	for {
		request, err := read(input)
		if err == io.EOF {
			return
		} else if err != nil {
			fmt.Fprintln(os.Stderr, "serve:", err)
			os.Exit(1)
		}
		write(output, port.guarded(request))
	}
}
