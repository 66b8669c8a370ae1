# Training: batches drawn from images of bytes, a loop of steps, and what the network has learnt.

const ROWS_AT_A_TIME = 1_000  # when a whole set is evaluated

"""
A set of images, held once, as bytes: (inputs, n), so that the pixels of an image lie together. labels, (n,), count
from 1. A pixel is byte / scale. `shape` is that of one image as a network takes it: (inputs,), or (width, height,
channels).
"""
struct Images{N}
    pixels::Matrix{UInt8}
    labels::Vector{Int}
    scale::Float64
    shape::NTuple{N,Int}
end

Images(pixels, labels, scale) = Images{1}(pixels, labels, scale, (size(pixels, 1),))

"x in type T, (length(rows), inputs) or images, and the labels of these rows, which count from 0."
function batch(images::Images, rows, ::Type{T}) where {T}
    x, t = undrawn(images, length(rows), T)
    draw!(x, t, images, rows, shades(images, T))
    x, t
end

"What `draw!` fills, for a batch of so many."
undrawn(images::Images{1}, count, ::Type{T}) where {T} =
    Matrix{T}(undef, count, images.shape...), Vector{Int}(undef, count)
undrawn(images::Images{3}, count, ::Type{T}) where {T} =
    Array{T,4}(undef, images.shape..., count), Vector{Int}(undef, count)

"What the bytes 0 to 255 stand for: to look a pixel up takes half of the time of dividing."
shades(images::Images, ::Type{T}) where {T} = [T(byte) / T(images.scale) for byte in 0:255]

"Fill x and t with these rows of the images, which must be there."
function draw!(x, t, images::Images, rows, shades)
    pixels = images.pixels
    for (i, row) in enumerate(rows)
        t[i] = images.labels[row+1]
    end
    draw_pixels!(x, pixels, rows, shades)
end

function draw_pixels!(x::Matrix, pixels, rows, shades)
    for j in axes(x, 2), i in axes(x, 1)
        @inbounds x[i, j] = shades[pixels[j, rows[i]+1]+1]
    end
end

function draw_pixels!(x::Array{T,4}, pixels, rows, shades) where {T}
    inputs = size(pixels, 1)
    for i in axes(x, 4), j in 1:inputs
        @inbounds x[(i-1)*inputs+j] = shades[pixels[j, rows[i]+1]+1]
    end
end

"""
One update for each column of batches, (batch, steps), rows of images from 0: the loss before each, (steps,).

`masks` pairs each layer of dropout with its masks, the last dimension being the steps. The steps allocate nothing: a
batch is drawn into the arrays of the one before.
"""
function train!(network::Network{T}, images::Images, batches, optimizer::Optimizer, state::State, masks = []) where {T}
    losses = Vector{T}(undef, size(batches, 2))
    x, t = undrawn(images, size(batches, 1), T)
    looked_up = shades(images, T)
    with_masks(masks) do drawn
        for step in axes(batches, 2)
            draw!(x, t, images, view(batches, :, step), looked_up)
            for (mask, every) in drawn
                copyto!(mask, 1, every, (step - 1) * length(mask) + 1, length(mask))
            end
            losses[step] = propagate(network, x, t)
            move_on!(network)
            update!(optimizer, network, state)
        end
    end
    losses
end

"f(drawn): drawn has each layer's mask, of a batch, and the masks of all steps; afterwards the layers' own are back."
function with_masks(f, masks)
    before = [layer.mask for (layer, _) in masks]
    for (layer, every) in masks
        layer.mask = Array{UInt8}(undef, size(every)[1:end-1])
    end
    f(Tuple{Vector{UInt8},Vector{UInt8}}[(vec(layer.mask), vec(every)) for (layer, every) in masks])
    foreach(((layer, _), mask) -> layer.mask = mask, masks, before)
end

"The mean loss over the set, without weight decay, and the share of labels that the network gets right."
function evaluate(network::Network{T}, images::Images) where {T}
    total, right, count_of_rows = 0.0, 0, length(images.labels)
    for rows in Iterators.partition(0:count_of_rows-1, ROWS_AT_A_TIME)
        x, t = batch(images, rows, T)
        logits = predict(network, x)
        total += forward(network.last, logits, t) * length(rows)
        right += count(largest_columns(logits) .== t)
    end
    T(total / count_of_rows), right / count_of_rows
end
