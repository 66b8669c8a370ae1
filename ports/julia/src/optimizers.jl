# Optimizers: each updates the parameters in place, given their gradient.
#
# Source: "Deep Learning from Scratch", section 6.1.

"Stochastic gradient descent: p <- p - learning_rate * dp."
struct SGD
    learning_rate::Float64
    SGD(learning_rate = 0.01) = new(learning_rate)
end

"""params are "W1", "b1", ..., changed in place; gradient has "dW1", "db1", ... of their shapes, by name."""
function update!(optimizer::SGD, params, gradient)
    slopes = Dict(gradient)
    for (name, p) in params
        descend!(p, slopes["d" * name], optimizer.learning_rate)
    end
end

"p - rate * dp in place, in the type of p."
function descend!(p::Array{T,N}, dp::Array{T,N}, rate) where {T,N}
    step = T(rate)
    map!((p, dp) -> p - step * dp, p, p, dp)
end
