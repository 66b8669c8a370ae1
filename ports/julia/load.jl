# Loads LayeredNet for the server, the bridge and the tests: out of Julia's cache of compiled packages, which the first
# load fills, or out of its source where that cache cannot be written.

pushfirst!(LOAD_PATH, @__DIR__)
try
    using LayeredNet
catch error
    error isa Base.IOError || rethrow()
    include("src/LayeredNet.jl")
    using .LayeredNet
end
