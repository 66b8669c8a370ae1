package protocol

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
)

// Refusal is the panic that a request is answered with, where it is not answered with ok.
type Refusal struct{ Word, Text string }

// Refuse answers with an error.
func Refuse(format string, values ...any) {
	panic(Refusal{"error", fmt.Sprintf(format, values...)})
}

// Unsupported answers that this port does not do it.
func Unsupported(format string, values ...any) {
	panic(Refusal{"unsupported", fmt.Sprintf(format, values...)})
}

// Must refuses where there is an error.
func Must[T any](value T, err error) T {
	if err != nil {
		Refuse("%v", err)
	}
	return value
}

// Field is the field of this name.
func (m Message) Field(key string) string {
	value, ok := m.Fields[key]
	if !ok {
		Refuse("expected the field %s in the request %s", key, m.Word)
	}
	return value
}

// Count is the field of this name as an integer.
func (m Message) Count(key string) int { return Must(strconv.Atoi(m.Field(key))) }

// OK is the reply with these arrays.
func OK(arrays ...Named) Message { return Message{Word: "ok", Arrays: arrays} }

// Serve answers each request, until there is none. An error or a panic ends its own request alone.
func Serve(answer func(Message) Message) {
	_, caller, _, _ := runtime.Caller(1)
	input, output := bufio.NewReaderSize(os.Stdin, 1<<16), bufio.NewWriterSize(os.NewFile(3, "replies"), 1<<16)
	for {
		request, err := read(input)
		if err == io.EOF {
			return
		} else if err != nil {
			fmt.Fprintln(os.Stderr, "serve:", err)
			os.Exit(1)
		}
		write(output, guarded(answer, request, caller))
	}
}

// guarded answers error or unsupported where answer panics.
func guarded(answer func(Message) Message, request Message, caller string) (reply Message) {
	failure := func(word, text string) Message {
		return Message{Word: word, Fields: map[string]string{"message": text}}
	}
	defer func() {
		switch trouble := recover().(type) {
		case nil:
		case Refusal:
			reply = failure(trouble.Word, trouble.Text)
		default:
			fmt.Fprintln(os.Stderr, "panic:", trouble)
			trace(caller)
			reply = failure("error", fmt.Sprint(trouble))
		}
	}()
	return answer(request)
}

// trace writes to stderr where a panic came from: your lines, which are not of this folder, nor of the file that calls
// Serve, nor Go's own, nor of a package that was downloaded; the innermost last.
func trace(caller string) {
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
		if !foreign && !strings.HasPrefix(frame.File, protocol) && frame.File != caller {
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
