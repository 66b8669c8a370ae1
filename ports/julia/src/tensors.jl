# Images and filters as they are held: (width, height, channels, batch), the protocol's dimensions the other way round. So
# what lies there row by row lies here column by column, and crosses the wire without a copy.

"Images, filters, and a training's masks, one for each step."
const Tensor = Union{Array{T,3},Array{T,4},Array{T,5}} where {T}

native(images::Tensor) = permutedims(images, ndims(images):-1:1)
native(images::PermutedDimsArray) = parent(images)

outgoing(images::Tensor) = by_rows(images)

as_sent(dims::Tuple{Any,Any,Any,Vararg{Any}}) = reverse(dims)
