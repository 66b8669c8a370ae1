# What the layers have in common.

"""
A step of a network: `forward`, and `backward` again. What backward needs, forward keeps.

A matrix is (batch, features). Images are (width, height, channels, batch), so that their memory is that of NumPy's
(batch, channels, height, width), and each image, and each channel of it, lies in one piece.
"""
abstract type Layer{T<:AbstractFloat} end

# What a layer holds, by name: the arrays themselves, not copies.

"What is learnt."
params(::Layer) = NamedTuple()

"The gradients of what is learnt, after `backward`."
gradients(::Layer) = NamedTuple()

"What training moves on beside it."
state(::Layer) = NamedTuple()

"That state as the last forward pass of a training would leave it: forward itself moves nothing on."
moved(::Layer) = NamedTuple()

"Move it on so."
move_on!(::Layer) = nothing

"Keep `gradients` alone: all that a network's first layer owes, as nobody asks for the gradient of the data."
backward_parameters(layer::Layer, dout) = nothing

"Say whether what follows is the training, or the test: layers such as dropout do something else there."
training!(::Layer, training) = nothing

"The size of the result for an x of this size."
out_dims(::Layer, dims) = dims

"`array` itself where it has these `dims` already, else a new one: a layer allocates when the shape changes."
sized(array::Array{T,N}, dims::NTuple{N,Int}) where {T,N} = size(array) == dims ? array : Array{T,N}(undef, dims)

"An array of no elements, for `sized` to replace."
blank(T, N) = Array{T,N}(undef, ntuple(_ -> 0, N))

"""
An array of N dimensions, and the same memory as one of M: `reshape` allocates, so it is asked once for each array.
"""
struct Reshaped{T,N,M}
    array::Array{T,N}
    as::Array{T,M}
end
