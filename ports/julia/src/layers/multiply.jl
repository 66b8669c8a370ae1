# Source: section 5.4.1.

"x * y, element by element: V is the type of both, a number or an array."
mutable struct Multiply{V}
    x::V
    y::V
    Multiply{V}() where {V} = new{V}()
end

"The product of two numbers, or of two arrays of one shape."
function forward(layer::Multiply{V}, x::V, y::V) where {V}
    layer.x, layer.y = x, y
    x .* y
end

"(dx, dy): each factor's gradient is the other factor times dout."
backward(layer::Multiply{V}, dout::V) where {V} = (dout .* layer.y, dout .* layer.x)
