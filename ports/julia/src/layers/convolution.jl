# Source: sections 7.2 and 7.4.3.

"""
Each filter laid on each window of the images, products summed; the filter is not flipped. Then a bias each.

W is (width, height, channels, filters), b is (filters,). An image at a time is a matrix product, so that its windows
stay in the cache: to lay them out again on the way back is faster than to keep those of all images.
"""
mutable struct Convolution{T} <: Layer{T}
    W::Array{T,4}
    b::Vector{T}
    windows::Windows
    x::Array{T,4}
    rows::Matrix{T}
    out::Reshaped{T,4,3}
    dout::Reshaped{T,4,3}
    drows::Matrix{T}
    dx::Array{T,4}
    dW::Array{T,4}
    db::Vector{T}
    filters::Matrix{T}
    dfilters::Matrix{T}
    function Convolution(W::Array{T,4}, b::Vector{T}, stride = 1, pad = 0) where {T}
        dW, nothing_yet = similar(W), pixels(blank(T, 4))
        as_columns(W) = reshape(W, prod(size(W)[1:3]), length(b))
        windows = Windows(size(W, 1), size(W, 2), stride, pad)
        new{T}(W, b, windows, blank(T, 4), blank(T, 2), nothing_yet, nothing_yet, blank(T, 2), blank(T, 4), dW,
               similar(b), as_columns(W), as_columns(dW))
    end
end

params(layer::Convolution) = (W = layer.W, b = layer.b)
gradients(layer::Convolution) = (dW = layer.dW, db = layer.db)
out_dims(layer::Convolution, dims) = (out_size(layer.windows, dims)..., length(layer.b), dims[4])

"Images whose pixels are in a row: (pixels, channels, batch)."
pixels(x) = Reshaped(x, reshape(x, size(x, 1) * size(x, 2), size(x, 3), size(x, 4)))

"x is (width, height, channels, batch); the result is (out width, out height, filters, batch)."
function forward(layer::Convolution{T}, x::Array{T,4}) where {T}
    layer.x = x
    dims = out_dims(layer, size(x))
    if size(layer.out.array) != dims
        layer.out = pixels(Array{T,4}(undef, dims))
    end
    layer.rows = sized(layer.rows, (dims[1] * dims[2], size(layer.filters, 1)))
    for n in axes(x, 4)
        windows!(layer.rows, layer.windows, x, n)
        for j in axes(layer.b, 1), i in axes(layer.rows, 1)
            @inbounds layer.out.as[i, j, n] = layer.b[j]
        end
        product!(view(layer.out.as, :, :, n), 'N', layer.rows, 'N', layer.filters, one(T))
    end
    layer.out.array
end

"dx, of the shape of x; keeps dW and db too. dout is of the shape of the result."
function backward(layer::Convolution{T}, dout::Array{T,4}) where {T}
    backward_parameters(layer, dout)
    layer.dx, layer.drows = sized(layer.dx, size(layer.x)), sized(layer.drows, size(layer.rows))
    fill!(layer.dx, 0)
    for n in axes(dout, 4)
        product!(layer.drows, 'N', view(layer.dout.as, :, :, n), 'T', layer.filters)
        add_windows!(layer.dx, layer.windows, layer.drows, n)
    end
    layer.dx
end

"dW and db alone."
function backward_parameters(layer::Convolution{T}, dout::Array{T,4}) where {T}
    if layer.dout.array !== dout
        layer.dout = pixels(dout)
    end
    fill!(layer.dW, 0)
    fill!(layer.db, 0)
    for n in axes(dout, 4)
        windows!(layer.rows, layer.windows, layer.x, n)
        product!(layer.dfilters, 'T', layer.rows, 'N', view(layer.dout.as, :, :, n), one(T))
        for j in axes(layer.db, 1)
            layer.db[j] += column_sum(layer.dout.as, j, n)
        end
    end
end

function column_sum(pixels, j, n)
    total = zero(eltype(pixels))
    @inbounds @simd for i in axes(pixels, 1)
        total += pixels[i, j, n]
    end
    total
end
