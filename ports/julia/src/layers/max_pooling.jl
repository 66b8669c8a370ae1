# Source: sections 7.3 and 7.4.4.

"""
The largest number of each window, channel by channel. Zeros that the padding puts around an image take part.

The gradient goes to the number that was the largest: of equal ones to the first, row by row. Where windows overlap,
gradients add up.
"""
mutable struct MaxPooling{T} <: Layer{T}
    windows::Windows
    out::Array{T,4}
    largest::Array{Int32,4}
    dx::Array{T,4}
    MaxPooling{T}(height, width, stride = 2, pad = 0) where {T} =
        new{T}(Windows(width, height, stride, pad), blank(T, 4), blank(Int32, 4), blank(T, 4))
end

out_dims(layer::MaxPooling, dims) = (out_size(layer.windows, dims)..., dims[3], dims[4])

"x is (width, height, channels, batch); the result is (out width, out height, channels, batch)."
function forward(layer::MaxPooling{T}, x::Array{T,4}) where {T}
    dims = out_dims(layer, size(x))
    layer.out, layer.largest = sized(layer.out, dims), sized(layer.largest, dims)
    layer.dx = sized(layer.dx, size(x))
    pool!(layer.out, layer.largest, layer.windows, x)
end

function pool!(out, largest, w::Windows, x::Array{T,4}) where {T}
    width, height, channels, _ = size(x)
    to = 0
    for n in axes(x, 4), c in axes(x, 3), line in axes(out, 2)
        image, top = (n - 1) * width * height * channels, w.stride * (line - 1) - w.pad
        for k in axes(out, 1)
            to += 1
            left = w.stride * (k - 1) - w.pad
            if 0 <= left <= width - w.width && 0 <= top <= height - w.height
                best, place, total = largest_inside(w, x, image + left + 1 + width * (top + height * (c - 1)))
                @inbounds out[to], largest[to] = best, (place - image) % Int32
                isnan(total) || continue
            end
            out[to], largest[to] = largest_anywhere(w, x, left, top, c, n)
        end
    end
    out
end

"""
The largest number of the window whose first one has this place in the memory of x, its place, and the sum of all.

A plain `>` compiles to no branch, which would be mispredicted half of the time, but it overlooks NaN: the sum does not.
"""
@inline function largest_inside(w::Windows, x, corner)
    @inbounds best = x[corner]
    place, total = corner, zero(best)
    for i in 0:w.height-1, j in 0:w.width-1
        at = corner + j + size(x, 1) * i
        @inbounds value = x[at]
        place = ifelse(value > best, at, place)
        best = ifelse(value > best, value, best)
        total += value
    end
    best, place, total
end

"""
The largest number of the window below and right of (left, top), with NaN largest of all, and its place in the image, 0
where it is a zero of the padding.
"""
function largest_anywhere(w::Windows, x::Array{T,4}, left, top, c, n) where {T}
    best, place = T(-Inf), Int32(-1)
    for i in top+1:top+w.height, j in left+1:left+w.width
        within = i in axes(x, 2) && j in axes(x, 1)
        value = within ? x[j, i, c, n] : zero(T)
        if place < 0 || value > best || (isnan(value) && !isnan(best))
            best, place = value, within ? LinearIndices(x)[j, i, c, 1] % Int32 : Int32(0)
        end
    end
    best, place
end

"dx, of the shape of x. dout is of the shape of the result."
function backward(layer::MaxPooling{T}, dout::Array{T,4}) where {T}
    dx, largest = layer.dx, layer.largest
    image, windows = length(dx) ÷ size(dx, 4), length(dout) ÷ size(dout, 4)
    for n in 1:size(dx, 4)
        start = (n - 1) * image
        @inbounds for i in start+1:start+image  # not the whole of dx at once: an image is in the cache then
            dx[i] = 0
        end
        @inbounds for k in (n-1)*windows+1:n*windows
            place = largest[k]
            if place > 0
                dx[start+place] += dout[k]
            end
        end
    end
    dx
end
