package protocol

import "time"

// Timed is the reply to a request for times: of each sample, the nanoseconds of its calls.
func Timed(request Message, call func()) Message {
	took := make([]float64, request.Count("samples"))
	calls := request.Count("calls")
	for i := range took {
		begin := time.Now()
		for range calls {
			call()
		}
		took[i] = float64(time.Since(begin).Nanoseconds())
	}
	return OK(Of("nanoseconds", took, len(took)))
}
