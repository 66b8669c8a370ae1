# What functions of my_network.jl have returned, as arrays to send; what is none is told by the function's name.

const RESULTS = Dict(
    "affine" => ["out", "dx", "dW", "db"],
    "relu" => ["out", "dx"],
    "sigmoid" => ["out", "dx"],
    "softmax_with_loss" => ["loss", "y", "dx"],
    "tanh" => ["out", "dx"],
    "squared_error" => ["loss", "dx"],
    "batch_norm" => ["out", "running_mean", "running_var", "dx", "dgamma", "dbeta"],
    "dropout" => ["out", "dx"],
    "convolution" => ["out", "dx", "dW", "db"],
    "max_pooling" => ["out", "dx"],
    "gradient" => ["loss", "dW", "db"],
    "numerical_gradient" => ["dW", "db"],
    "gradient_layers" => ["loss", "gradients"],
)

told(came::Nothing) = "nothing"
told(came::Tuple) = "$(length(came)) results"
told(came) = summary(came)

"The function of this name returned something else."
wrong(name, expected, came) = refuse("$name in my_network.jl: expected $expected, came $(told(came))")

"As many as the function of this name should return."
function results(name, came)
    came isa Union{Tuple,AbstractVector} && length(came) == length(RESULTS[name]) ||
        wrong(name, join(RESULTS[name], ", "), came)
    came
end

"The reply with what the function of this name returned: Arrays, a number as one without dimensions."
sent(name, pairs...) = reply(map(collect(Pair{String,Any}, pairs)) do (key, result)
    array = result isa AbstractArray ? Array(result) : fill(result)
    haskey(DESCRS, eltype(array)) || wrong(name, "$key to be of Float64 or Float32", result)
    Pair{String,Any}(key, array)
end)

"Of every layer W1, b1, W2, ..., or dW1, db1, ..."
parameters(prefix, W, b) = [pair for l in eachindex(W) for pair in ("$(prefix)W$l" => W[l], "$(prefix)b$l" => b[l])]
