# The native server: the operations behind the protocol on stdin and stdout, with Julia's standard library alone.

include("load.jl")
using .LayeredNet: Message, OPERATIONS, Port, read_message, unsupported, write_message

"""
The protocol's two streams. Then the file descriptor 1 is pointed at stderr, and Julia's stdout too, so that whatever
the port's code or a library under it prints goes there.
"""
function take_stdio()
    protocol = ccall(:dup, Cint, (Cint,), 1)
    ccall(:dup2, Cint, (Cint, Cint), 2, 1)
    redirect_stdout(stderr)
    blocking(0), blocking(protocol)
end

"The descriptor as a plain stream: through Julia's event loop each round trip takes 20 microseconds more."
function blocking(descriptor)
    F_SETFL = 4
    ccall(:fcntl, Cint, (Cint, Cint, Cint...), descriptor, F_SETFL, 0)  # Julia has made it non-blocking
    fdio(descriptor)
end

"Answer requests until stdin closes."
function serve(input, output)
    port = Port()
    while (request = read_message(input)) !== nothing
        write_message(output, answer(port, request))
        flush(output)
    end
end

"The reply: `ok` with what the operation gives, `unsupported`, or `error` with what its exception says."
function answer(port, request)
    i = findfirst(pair -> pair.first == request.word, OPERATIONS)
    i === nothing && return unsupported("no operation $(request.word)")
    try
        OPERATIONS[i].second(port, request)
    catch error
        showerror(stderr, error, catch_backtrace())
        println(stderr)
        Message("error", ["message" => first(sprint(showerror, error), 2000)], [])
    end
end

try
    serve(take_stdio()...)
catch error
    println(stderr, "julia port: ", sprint(showerror, error))
    exit(1)
end
