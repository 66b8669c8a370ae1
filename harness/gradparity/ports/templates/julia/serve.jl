# Answers gradparity's requests with my_network.jl. You need not open this file, nor those in protocol/.

module Mine
include("my_network.jl")
end

include("protocol/wire.jl")
include("protocol/request.jl")
include("protocol/timing.jl")
include("protocol/server.jl")
include("protocol/results.jl")
include("protocol/operations.jl")
include("protocol/trace.jl")

serve(OPERATIONS, Port(), blocking(0), blocking(3), show_trace)
