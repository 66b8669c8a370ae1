# The layers. Each has `forward` and `backward`; what backward needs, forward keeps.
#
# Every layer computes in the type T of its arguments (Float32 or Float64) and leaves its arguments as they are. Its
# results live in arrays of its own, which the next call fills again: copy what has to outlive that.
#
# Source: Koki Saitoh, "Deep Learning from Scratch", chapter 5.

"`array` itself where it has these `dims` already, else a new one: a layer allocates when the shape changes."
sized(array::Array{T,N}, dims::NTuple{N,Int}) where {T,N} = size(array) == dims ? array : Array{T,N}(undef, dims)

"An array of no elements, for `sized` to replace."
blank(T, N) = Array{T,N}(undef, ntuple(_ -> 0, N))

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

"x + y, element by element."
struct Add end

"The sum of two numbers, or of two arrays of one shape."
forward(::Add, x::V, y::V) where {V} = x .+ y

"(dx, dy): both are dout."
backward(::Add, dout) = (dout, dout)

"max(x, 0), with gradient 0 at 0 and NaN left as it is, for arrays of N dimensions."
mutable struct Relu{T<:AbstractFloat,N}
    out::Array{T,N}
    dx::Array{T,N}
    Relu{T,N}() where {T,N} = new{T,N}(blank(T, N), blank(T, N))
end

"x of any shape; the same shape comes back."
function forward(layer::Relu{T,N}, x::Array{T,N}) where {T,N}
    layer.out = sized(layer.out, size(x))
    map!(x -> ifelse(x <= 0, zero(T), x), layer.out, x)
end

"dx, of the shape of x. Where x was positive, out is: that is all of x that has to be kept."
function backward(layer::Relu{T,N}, dout::Array{T,N}) where {T,N}
    layer.dx = sized(layer.dx, size(dout))
    map!((out, dout) -> ifelse(out <= 0, zero(T), dout), layer.dx, layer.out, dout)
end

"1 / (1 + exp(-x)), for arrays of N dimensions."
mutable struct Sigmoid{T<:AbstractFloat,N}
    out::Array{T,N}
    dx::Array{T,N}
    Sigmoid{T,N}() where {T,N} = new{T,N}(blank(T, N), blank(T, N))
end

"x of any shape; the same shape comes back. Overflow of exp(-x) to infinity gives the right limit, 0."
function forward(layer::Sigmoid{T,N}, x::Array{T,N}) where {T,N}
    layer.out = sized(layer.out, size(x))
    map!(x -> 1 / (1 + exp(-x)), layer.out, x)
end

"dx, of the shape of x."
function backward(layer::Sigmoid{T,N}, dout::Array{T,N}) where {T,N}
    layer.dx = sized(layer.dx, size(dout))
    map!((out, dout) -> dout * out * (1 - out), layer.dx, layer.out, dout)
end

"tanh(x), with the slope 1 - tanh(x)^2, for arrays of N dimensions."
mutable struct Tanh{T<:AbstractFloat,N}
    out::Array{T,N}
    dx::Array{T,N}
    Tanh{T,N}() where {T,N} = new{T,N}(blank(T, N), blank(T, N))
end

"x of any shape; the same shape comes back."
function forward(layer::Tanh{T,N}, x::Array{T,N}) where {T,N}
    layer.out = sized(layer.out, size(x))
    map!(tanh, layer.out, x)
end

"dx, of the shape of x."
function backward(layer::Tanh{T,N}, dout::Array{T,N}) where {T,N}
    layer.dx = sized(layer.dx, size(dout))
    map!((out, dout) -> dout * (1 - out^2), layer.dx, layer.out, dout)
end

"x * W .+ b': W is (inputs, outputs), b is (outputs,)."
mutable struct Affine{T<:AbstractFloat}
    W::Matrix{T}
    b::Vector{T}
    x::Matrix{T}
    out::Matrix{T}
    dx::Matrix{T}
    dW::Matrix{T}
    db::Vector{T}
    Affine(W::Matrix{T}, b::Vector{T}) where {T} =
        new{T}(W, b, blank(T, 2), blank(T, 2), blank(T, 2), similar(W), similar(b))
end

"x is (batch, inputs); the result is (batch, outputs)."
function forward(layer::Affine{T}, x::Matrix{T}) where {T}
    layer.x = x
    layer.out = sized(layer.out, (size(x, 1), size(layer.W, 2)))
    product!(layer.out, 'N', x, 'N', layer.W)
    for (column, b) in zip(eachcol(layer.out), layer.b)
        column .+= b
    end
    layer.out
end

"dx, (batch, inputs); keeps dW and db too. dout is (batch, outputs)."
function backward(layer::Affine{T}, dout::Matrix{T}) where {T}
    backward_parameters(layer, dout)
    layer.dx = sized(layer.dx, size(layer.x))
    product!(layer.dx, 'N', dout, 'T', layer.W)
end

"dW and db alone: all that a network's first layer owes, as nobody asks for the gradient of the data."
function backward_parameters(layer::Affine{T}, dout::Matrix{T}) where {T}
    product!(layer.dW, 'T', layer.x, 'N', dout)
    for (j, column) in enumerate(eachcol(dout))
        layer.db[j] = sum(column)
    end
end

"""
out = a * b, where 'T' before a matrix takes it transposed: one call of BLAS, nothing is copied. `mul!` ends in it too,
but the way there takes half a second to compile, for each T, on Julia 1.5.
"""
product!(out::Matrix{T}, a_flag, a, b_flag, b) where {T} = BLAS.gemm!(a_flag, b_flag, one(T), a, b, zero(T), out)

"""
softmax, then the mean cross-entropy `-mean(log(p_target + epsilon))`.

The logarithm of p is taken as x - logsumexp(x), so that a probability that underflows to 0 still has one.
`epsilon` is 0 in mathematics and 1e-7 in the book (section 4.2.2). The gradient is that of epsilon = 0.
"""
mutable struct SoftmaxWithLoss{T<:AbstractFloat}
    epsilon::T
    labels::Vector{Int}
    y::Matrix{T}
    dx::Matrix{T}
    SoftmaxWithLoss{T}(epsilon = 0) where {T} = new{T}(epsilon, Int[], blank(T, 2), blank(T, 2))
end

"The loss, a scalar. x is (batch, classes); t is one-hot of that shape, or (batch,) labels counted from 1."
function forward(layer::SoftmaxWithLoss{T}, x::Matrix{T}, t::Union{Matrix{T},Vector{Int}}) where {T}
    layer.labels = labels(t)
    layer.y = sized(layer.y, size(x))
    log_likelihood = zero(T)
    for (row, label) in enumerate(layer.labels)
        z, y = view(x, row, :), view(layer.y, row, :)
        largest = maximum(z)
        map!(z -> exp(z - largest), y, z)
        total = sum(y)
        map!(e -> e / total, y, y)
        log_p = z[label] - largest - log(total)
        log_likelihood += iszero(layer.epsilon) ? log_p : log(exp(log_p) + layer.epsilon)
    end
    -log_likelihood / size(x, 1)
end

"dx = (y - t) / batch, (batch, classes): the loss is where the gradient starts, so there is no dout."
function backward(layer::SoftmaxWithLoss)
    layer.dx = sized(layer.dx, size(layer.y))
    copyto!(layer.dx, layer.y)
    for (row, label) in enumerate(layer.labels)
        layer.dx[row, label] -= 1
    end
    map!(dx -> dx / size(layer.y, 1), layer.dx, layer.dx)
end

"The labels, counted from 1, of t: labels already, or one-hot (batch, classes)."
labels(t::Vector{Int}) = t
labels(t::Matrix) = largest_columns(t)

"For each row the column of its largest element, the first one in a tie: NumPy's `argmax(axis=1)`, NaN being largest."
function largest_columns(x::Matrix)
    best = ones(Int, size(x, 1))
    for column in 2:size(x, 2), row in axes(x, 1)
        value, record = x[row, column], x[row, best[row]]
        if value > record || (isnan(value) && !isnan(record))
            best[row] = column
        end
    end
    best
end
