"tanh(x), with the slope 1 - tanh(x)^2, for arrays of N dimensions."
mutable struct Tanh{T,N} <: Layer{T}
    out::Array{T,N}
    dx::Array{T,N}
    Tanh{T,N}() where {T,N} = new{T,N}(blank(T, N), blank(T, N))
end

"x of any shape; the same shape comes back."
function forward(layer::Tanh{T,N}, x::Array{T,N}) where {T,N}
    layer.out = sized(layer.out, size(x))
    map!(tanh, layer.out, x)
end

"dx, of the shape of x."
function backward(layer::Tanh{T,N}, dout::Array{T,N}) where {T,N}
    layer.dx = sized(layer.dx, size(dout))
    map!((out, dout) -> dout * (1 - out^2), layer.dx, layer.out, dout)
end
