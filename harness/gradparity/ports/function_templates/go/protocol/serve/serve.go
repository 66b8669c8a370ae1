// The plumbing between gradparity and functions.go. You need not open this file, nor any other in protocol/.
package main

import (
	"fmt"
	"reflect"
	"runtime"
	"slices"
	"strings"

	functions "port"
	"port/protocol"
)

type function struct {
	name  string
	count int
	bound func(given []any) (call func(), results func() []protocol.Named)
}

// What functions.go computes with, from what travels, and back.

func unpacked(a protocol.Array) any {
	switch data := a.Data.(type) {
	case []float64:
		return ofShape(a.Shape, data)
	case []float32:
		return ofShape(a.Shape, data)
	case []int32:
		if len(a.Shape) == 0 {
			return int(data[0])
		}
		return ofShape(a.Shape, data)
	default:
		bytes := a.Data.([]uint8)
		flags := make([]bool, len(bytes))
		for i, value := range bytes {
			flags[i] = value != 0
		}
		return ofShape(a.Shape, flags)
	}
}

func ofShape[T any](shape []int, data []T) any {
	if len(shape) == 0 {
		return data[0]
	}
	return functions.NDArray[T]{Shape: shape, Data: data}
}

func packed(name string, value any) protocol.Named {
	switch v := value.(type) {
	case int:
		if int(int32(v)) != v {
			protocol.Refuse("expected %s to be an integer of 32 bits, came %d", name, v)
		}
		return protocol.Of(name, []int32{int32(v)})
	case bool:
		return protocol.Of(name, []bool{v})
	case float32:
		return protocol.Of(name, []float32{v})
	case float64:
		return protocol.Of(name, []float64{v})
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

func packedArray[T any](name string, a functions.NDArray[T]) protocol.Named {
	size := 1
	for _, n := range a.Shape {
		size *= n
	}
	if len(a.Data) != size {
		protocol.Refuse("expected %s to have %d elements, as its shape is %v, came %d", name, size, a.Shape, len(a.Data))
	}
	return protocol.Of(name, a.Data, a.Shape...)
}

func argument[T any](given []any, i int, name string) T {
	value, ok := given[i].(T)
	if !ok {
		protocol.Refuse("expected %s to be %T, came %T", name, value, given[i])
	}
	return value
}

// The operations.

type port struct {
	names []string // of the arrays that came last
	last  []any    // what they are as arguments
}

func (p *port) answer(m protocol.Message) protocol.Message {
	switch m.Word {
	case "hello":
		return hello()
	case "call":
		names, given, call, results := bound(m)
		call()
		p.names, p.last = names, given
		return protocol.OK(results()...)
	case "inputs":
		arrays := []protocol.Named{}
		for i, name := range p.names {
			arrays = append(arrays, packed(name, p.last[i]))
		}
		return protocol.OK(arrays...)
	case "null":
		return protocol.OK()
	case "time":
		return timed(m)
	}
	protocol.Unsupported("no operation %s", m.Word)
	return protocol.OK()
}

func dtype() string { return reflect.TypeFor[functions.Real]().Name() }

func hello() protocol.Message {
	names := []string{}
	for _, function := range all {
		names = append(names, function.name)
	}
	return protocol.Message{Word: "ok", Fields: map[string]string{
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
func bound(m protocol.Message) (names []string, given []any, call func(), results func() []protocol.Named) {
	name := m.Field("function")
	at := slices.IndexFunc(all, func(f function) bool { return f.name == name })
	if at < 0 {
		protocol.Unsupported("no function %s in functions.go", name)
	}
	for _, array := range m.Arrays {
		if came := fmt.Sprintf("%T", array.Data)[2:]; strings.HasPrefix(came, "float") && came != dtype() {
			protocol.Unsupported("no %s", came)
		}
		names, given = append(names, array.Name), append(given, unpacked(array.Array))
	}
	if len(given) != all[at].count {
		protocol.Refuse("%s: expected %d arrays, came %d", name, all[at].count, len(given))
	}
	call, results = all[at].bound(given)
	return
}

func timed(m protocol.Message) protocol.Message {
	call := func() {}
	switch what := m.Field("operation"); what {
	case "null":
	case "call":
		_, _, call, _ = bound(m)
	default:
		protocol.Unsupported("no operation %s to time", what)
	}
	return protocol.Timed(m, call)
}

func main() {
	port := port{}
	protocol.Serve(port.answer)
}
