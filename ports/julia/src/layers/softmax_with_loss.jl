# Source: section 5.6.3.

"""
softmax, then the mean cross-entropy `-mean(log(p_target + epsilon))`.

The logarithm of p is taken as x - logsumexp(x), so that a probability that underflows to 0 still has one.
`epsilon` is 0 in mathematics and 1e-7 in the book (section 4.2.2). The gradient is that of epsilon = 0.
"""
mutable struct SoftmaxWithLoss{T<:AbstractFloat}
    epsilon::T
    labels::Vector{Int}
    y::Matrix{T}
    dx::Matrix{T}
    SoftmaxWithLoss{T}(epsilon = 0) where {T} = new{T}(epsilon, Int[], blank(T, 2), blank(T, 2))
end

"The loss, a scalar. x is (batch, classes); t is one-hot of that shape, or (batch,) labels counted from 1."
function forward(layer::SoftmaxWithLoss{T}, x::Matrix{T}, t::Union{Matrix{T},Vector{Int}}) where {T}
    layer.labels = labels(t)
    layer.y = sized(layer.y, size(x))
    log_likelihood = zero(T)
    for (row, label) in enumerate(layer.labels)
        z, y = view(x, row, :), view(layer.y, row, :)
        largest = maximum(z)
        map!(z -> exp(z - largest), y, z)
        total = sum(y)
        map!(e -> e / total, y, y)
        log_p = z[label] - largest - log(total)
        log_likelihood += iszero(layer.epsilon) ? log_p : log(exp(log_p) + layer.epsilon)
    end
    -log_likelihood / size(x, 1)
end

"dx = (y - t) / batch, (batch, classes): the loss is where the gradient starts, so there is no dout."
function backward(layer::SoftmaxWithLoss)
    layer.dx = sized(layer.dx, size(layer.y))
    copyto!(layer.dx, layer.y)
    for (row, label) in enumerate(layer.labels)
        layer.dx[row, label] -= 1
    end
    map!(dx -> dx / size(layer.y, 1), layer.dx, layer.dx)
end
