# Training: batches drawn from images of bytes, a loop of steps, and what the network has learnt.

const ROWS_AT_A_TIME = 1_000  # when a whole set is evaluated

"""
A set of images, held once, as bytes: (inputs, n), so that the pixels of an image lie together. labels, (n,), count
from 1. A pixel is byte / scale.
"""
struct Images
    pixels::Matrix{UInt8}
    labels::Vector{Int}
    scale::Float64
end

"x, (length(rows), inputs), in type T, and the labels of these rows, which count from 0."
function batch(images::Images, rows, ::Type{T}) where {T}
    x, t = Matrix{T}(undef, length(rows), size(images.pixels, 1)), Vector{Int}(undef, length(rows))
    draw!(x, t, images, rows, shades(images, T))
    x, t
end

"What the bytes 0 to 255 stand for: to look a pixel up takes half of the time of dividing."
shades(images::Images, ::Type{T}) where {T} = [T(byte) / T(images.scale) for byte in 0:255]

"Fill x and t with these rows of the images, which must be there."
function draw!(x, t, images::Images, rows, shades)
    pixels = images.pixels
    for (i, row) in enumerate(rows)
        t[i] = images.labels[row+1]
    end
    for j in axes(x, 2), i in axes(x, 1)
        @inbounds x[i, j] = shades[pixels[j, rows[i]+1]+1]
    end
end

"""
One update for each column of batches, (batch, steps), rows of images from 0: the loss before each, (steps,).

The steps allocate nothing: a batch is drawn into the arrays of the one before.
"""
function train!(network::Network{T}, images::Images, batches, optimizer::Optimizer, state::State) where {T}
    losses = Vector{T}(undef, size(batches, 2))
    x, t = Matrix{T}(undef, size(batches, 1), size(images.pixels, 1)), Vector{Int}(undef, size(batches, 1))
    looked_up = shades(images, T)
    for step in axes(batches, 2)
        draw!(x, t, images, view(batches, :, step), looked_up)
        losses[step] = propagate(network, x, t)
        update!(optimizer, network, state)
    end
    losses
end

"The mean loss over the set, and the share of labels that the network gets right."
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
