# Source: section 5.6.1.

"x * W .+ b': W is (inputs, outputs), b is (outputs,). x has N dimensions: images, of 4, are taken as rows."
mutable struct Affine{T,N} <: Layer{T}
    W::Matrix{T}
    b::Vector{T}
    x::Reshaped{T,N,2}
    out::Matrix{T}
    dx::Reshaped{T,N,2}
    dW::Matrix{T}
    db::Vector{T}
    Affine{T,N}(W, b) where {T,N} =
        new{T,N}(W, b, samples(blank(T, N)), blank(T, 2), samples(blank(T, N)), similar(W), similar(b))
end

Affine(W::Matrix{T}, b::Vector{T}) where {T} = Affine{T,2}(W, b)

params(layer::Affine) = (W = layer.W, b = layer.b)
gradients(layer::Affine) = (dW = layer.dW, db = layer.db)
out_dims(layer::Affine, dims) = (length(dims) == 2 ? dims[1] : dims[4], length(layer.b))

"x as a matrix: of images each is a column, as they lie in memory, and products take that transposed."
samples(x::Matrix) = Reshaped(x, x)
samples(x::Array{T,4}) where {T} = Reshaped(x, reshape(x, prod(size(x)[1:3]), size(x, 4)))

"x is (batch, inputs), or images of so many elements; the result is (batch, outputs)."
function forward(layer::Affine{T,N}, x::Array{T,N}) where {T,N}
    if layer.x.array !== x
        layer.x = samples(x)
    end
    layer.out = sized(layer.out, out_dims(layer, size(x)))
    product!(layer.out, N == 2 ? 'N' : 'T', layer.x.as, 'N', layer.W)
    for (column, b) in zip(eachcol(layer.out), layer.b)
        column .+= b
    end
    layer.out
end

"dx, of the shape of x; keeps dW and db too. dout is (batch, outputs)."
function backward(layer::Affine{T,N}, dout::Matrix{T}) where {T,N}
    backward_parameters(layer, dout)
    if size(layer.dx.array) != size(layer.x.array)
        layer.dx = samples(similar(layer.x.array))
    end
    if N == 2
        product!(layer.dx.as, 'N', dout, 'T', layer.W)
    else
        product!(layer.dx.as, 'N', layer.W, 'T', dout)
    end
    layer.dx.array
end

"dW and db alone."
function backward_parameters(layer::Affine{T,N}, dout::Matrix{T}) where {T,N}
    product!(layer.dW, N == 2 ? 'T' : 'N', layer.x.as, 'N', dout)
    for (j, column) in enumerate(eachcol(dout))
        layer.db[j] = sum(column)
    end
end
