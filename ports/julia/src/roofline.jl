# What a benchmark sets beside a gradient: its matrix products alone.

"""
The matrix products of one gradient, and nothing else of it: what no implementation on this BLAS can beat.

`operands` are those of `product_operands`.
"""
products(operands) = foreach(multiply, operands)

"What `multiply` needs of one layer: x, or of a convolution the windows of each image, and whether dx is owed."
struct Operands{L<:Layer,X<:Array}
    layer::L
    x::X
    owes_dx::Bool
end

# Each layer's own output stands for its dout, which has the same shape.

function multiply(operands::Operands{Affine{T,N}}) where {T,N}
    layer, x = operands.layer, operands.x
    if N == 2
        product!(layer.out, 'N', x, 'N', layer.W)
        product!(layer.dW, 'T', x, 'N', layer.out)
        operands.owes_dx && product!(layer.dx.as, 'N', layer.out, 'T', layer.W)
    else
        product!(layer.out, 'T', x, 'N', layer.W)
        product!(layer.dW, 'N', x, 'N', layer.out)
        operands.owes_dx && product!(layer.dx.as, 'N', layer.W, 'T', layer.out)
    end
end

function multiply(operands::Operands{Convolution{T}}) where {T}
    layer = operands.layer
    for n in axes(operands.x, 3)
        rows, out = view(operands.x, :, :, n), view(layer.out.as, :, :, n)
        product!(out, 'N', rows, 'N', layer.filters)
        product!(layer.dfilters, 'T', rows, 'N', out, one(T))
        operands.owes_dx && product!(layer.drows, 'N', out, 'T', layer.filters)
    end
end

"The layers that multiply matrices, affine and convolution, by number."
multiplying_layers(network::Network) =
    Dict(i => layer for (i, layer) in zip(network.numbers, network.layers) if layer isa Union{Affine,Convolution})

"""
The operands of the layers of these numbers in the forward pass of x. After it every array that `products` writes to has
its size.
"""
function product_operands(network::Network, x, numbers)
    predict(network, x)
    [operands(multiplying_layers(network)[i], i > 1) for i in numbers]
end

function operands(layer::Affine, owes_dx)
    backward(layer, layer.out)
    Operands(layer, layer.x.as, owes_dx)
end

function operands(layer::Convolution{T}, owes_dx) where {T}
    backward(layer, layer.out.array)
    windows = Array{T,3}(undef, size(layer.rows)..., size(layer.x, 4))
    foreach(n -> windows!(view(windows, :, :, n), layer.windows, layer.x, n), axes(windows, 3))
    Operands(layer, windows, owes_dx)
end
