# The native server: the operations behind the protocol on stdin and stdout, with Julia's standard library alone.

include("load.jl")
using .LayeredNet: OPERATIONS, Port, blocking, serve

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

try
    serve(OPERATIONS, Port(), take_stdio()...)
catch error
    println(stderr, "julia port: ", sprint(showerror, error))
    exit(1)
end
