# The server: answers requests until its input closes.

"The descriptor as a plain stream: through Julia's event loop each round trip takes 20 microseconds more."
function blocking(descriptor)
    F_SETFL = 4
    ccall(:fcntl, Cint, (Cint, Cint, Cint...), descriptor, F_SETFL, 0)  # Julia has made it non-blocking
    fdio(descriptor)
end

"""
Answer each request with the operation that it names, a pair of its name and a function of port and request. `tell`
writes to stderr where an operation failed by a fault of its code.
"""
function serve(operations, port, input, output, tell = tell_error)
    while (request = read_message(input)) !== nothing
        write_message(output, answer(operations, port, request, tell))
        flush(output)
    end
end

function answer(operations, port, request, tell)
    i = findfirst(pair -> pair.first == request.word, operations)
    i === nothing && return failure(Refusal("unsupported", "no operation $(request.word)"))
    try
        operations[i].second(port, request)
    catch error
        error isa Refusal && return failure(error)
        tell(stderr, error, catch_backtrace())
        failure(Refusal("error", first(split(sprint(showerror, error), '\n'))))  # below are a MethodError's candidates
    end
end

function tell_error(io, error, backtrace)
    showerror(io, error, backtrace)
    println(io)
end

"The text is cut, lest it outgrow a line."
failure(refusal::Refusal) = Message(refusal.word, ["message" => first(refusal.message, 1000)], [])
