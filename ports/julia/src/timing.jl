# The port's own clock around its own calls.

"""
Nanoseconds of `calls` calls in a row, measured `samples` times: Float64, (samples,).

It is compiled for each type F of call, so that the measured loop looks up nothing while it runs.
"""
function elapsed(call::F, calls, samples) where {F}
    nanoseconds = zeros(samples)
    for i in 1:samples
        start = time_ns()
        for _ in 1:calls
            call()
        end
        nanoseconds[i] = time_ns() - start
    end
    nanoseconds
end
