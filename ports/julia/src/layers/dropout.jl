# Source: section 6.4.3; N. Srivastava et al. (2014).

"""
In training x times a mask of 0 and 1; in the test x times 1 - ratio, the share that training keeps.

The mask, of the shape of x, is given, so that no random generator has to be shared.
"""
mutable struct Dropout{T,N} <: Layer{T}
    mask::Array{UInt8,N}
    kept::T
    training::Bool
    out::Array{T,N}
    dx::Array{T,N}
    Dropout{T}(mask::Array{UInt8,N}, ratio = 0.5) where {T,N} =
        new{T,N}(mask, 1 - ratio, true, blank(T, N), blank(T, N))
end

training!(layer::Dropout, training) = layer.training = training

"x of any shape; the same shape comes back."
function forward(layer::Dropout{T,N}, x::Array{T,N}) where {T,N}
    layer.out = sized(layer.out, size(x))
    keep!(layer.out, layer, x)
end

"dx, of the shape of x."
function backward(layer::Dropout{T,N}, dout::Array{T,N}) where {T,N}
    layer.dx = sized(layer.dx, size(dout))
    keep!(layer.dx, layer, dout)
end

function keep!(to, layer::Dropout, from)
    kept = layer.kept
    layer.training ? map!(*, to, from, layer.mask) : map!(x -> x * kept, to, from)
end
