# Answers gradparity's requests with functions.jl. You need not open this file, nor those in protocol/.

include("protocol/wire.jl")
include("protocol/request.jl")
include("protocol/timing.jl")
include("protocol/server.jl")
include("protocol/operations.jl")
include("protocol/trace.jl")

module Mine
using ..Main: not_written
include("functions.jl")
end

serve(OPERATIONS, LAST, blocking(0), blocking(3), show_trace)
