# Source: section 4.2.1; as a network's last layer, 5.6.3.

"""
The loss of an output layer that changes nothing: `sum((x - t)^2) / 2` of each row, and the mean of the rows.

The gradient is as simple as that of softmax with cross-entropy.
"""
mutable struct SquaredError{T<:AbstractFloat}
    difference::Matrix{T}
    dx::Matrix{T}
    SquaredError{T}() where {T} = new{T}(blank(T, 2), blank(T, 2))
end

"The loss, a scalar. x is (batch, classes); t is one-hot of that shape, or (batch,) labels counted from 1."
function forward(layer::SquaredError{T}, x::Matrix{T}, t::Union{Matrix{T},Vector{Int}}) where {T}
    layer.difference = sized(layer.difference, size(x))
    copyto!(layer.difference, x)
    for (row, label) in enumerate(labels(t))
        layer.difference[row, label] -= 1
    end
    sum(abs2, layer.difference) / size(x, 1) / 2
end

"dx = (x - t) / batch, (batch, classes): the loss is where the gradient starts, so there is no dout."
function backward(layer::SquaredError)
    layer.dx = sized(layer.dx, size(layer.difference))
    map!(difference -> difference / size(layer.dx, 1), layer.dx, layer.difference)
end
