# Source: section 5.5.1.

"max(x, 0), with gradient 0 at 0 and NaN left as it is, for arrays of N dimensions."
mutable struct Relu{T,N} <: Layer{T}
    out::Array{T,N}
    dx::Array{T,N}
    Relu{T,N}() where {T,N} = new{T,N}(blank(T, N), blank(T, N))
end

"x of any shape; the same shape comes back."
function forward(layer::Relu{T,N}, x::Array{T,N}) where {T,N}
    layer.out = sized(layer.out, size(x))
    map!(x -> ifelse(x <= 0, zero(T), x), layer.out, x)
end

"dx, of the shape of x. Where x was positive, out is: that is all of x that has to be kept."
function backward(layer::Relu{T,N}, dout::Array{T,N}) where {T,N}
    layer.dx = sized(layer.dx, size(dout))
    map!((out, dout) -> ifelse(out <= 0, zero(T), dout), layer.dx, layer.out, dout)
end
