# Source: section 5.5.2.

"1 / (1 + exp(-x)), for arrays of N dimensions."
mutable struct Sigmoid{T,N} <: Layer{T}
    out::Array{T,N}
    dx::Array{T,N}
    Sigmoid{T,N}() where {T,N} = new{T,N}(blank(T, N), blank(T, N))
end

"x of any shape; the same shape comes back. Overflow of exp(-x) to infinity gives the right limit, 0."
function forward(layer::Sigmoid{T,N}, x::Array{T,N}) where {T,N}
    layer.out = sized(layer.out, size(x))
    map!(x -> 1 / (1 + exp(-x)), layer.out, x)
end

"dx, of the shape of x."
function backward(layer::Sigmoid{T,N}, dout::Array{T,N}) where {T,N}
    layer.dx = sized(layer.dx, size(dout))
    map!((out, dout) -> dout * out * (1 - out), layer.dx, layer.out, dout)
end
