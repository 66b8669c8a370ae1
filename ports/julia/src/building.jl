# Layers made of what a request holds, checked against the size of what they are given.

"""
Where a layer's arrays and numbers are in a request: of a network's `convolution2` they are W2, b2 and
convolution2.stride; of a layer by itself they have their own names.
"""
struct Place
    request::Message
    arrays::Arrays
    layer::String
    number::String
end

Place(request, arrays) = Place(request, arrays, "", "")

expect(place::Place, name, @nospecialize(T), dims...) = expect(place.arrays, name * place.number, T, dims...)
number(place::Place, name) = number(place.request, place.layer * name)
whole_number(place::Place, name, least) = only(whole_numbers(place.request, place.layer * name, least))

"The network of these kinds of layers for an x of type T and this size, and the size of its result."
function build_network(T, kinds, dims, request::Message, arrays::Arrays)
    haskey(Dict(LOSSES), last(kinds)) ||
        refuse("expected layers with $(join(map(first, LOSSES), " or ")) at the end, came $(join(kinds, ", "))")
    layers, count = Layer{T}[], 0
    for name in kinds[1:end-1]
        haskey(Dict(KINDS), name) || unsupported("no layer $name in a network")
        kind = Dict(KINDS)[name]
        count += kind in LEARNING
        push!(layers, build(kind, T, dims, Place(request, arrays, "$name$count.", string(count))))
        dims = out_dims(last(layers), dims)
    end
    length(dims) == 2 || refuse("expected (batch, classes) before the loss, came $(described(dims))")
    decay = has_field(request, "weight_decay") ? number(request, "weight_decay") : 0.0
    Network{T}(layers, build_loss(last(kinds), T, request), decay), dims
end

build_loss(kind, T, request::Message) =
    kind == "squared_error" ? SquaredError{T}() : SoftmaxWithLoss{T}(number(request, "epsilon"))

"The layer of this kind for an x of type T and this size."
build(kind, T, dims, ::Place) = kind{T,length(dims)}()

function build(::Type{Affine}, T, dims, place::Place)
    expect_dims(dims, place, 2, 4)
    W = expect(place, "W", T, length(dims) == 2 ? dims[2] : prod(dims[1:3]), :)
    Affine{T,length(dims)}(W, expect(place, "b", T, size(W, 2)))
end

function build(::Type{BatchNorm}, T, dims, place::Place)
    expect_dims(dims, place, 2)
    arrays = (expect(place, name, T, dims[2]) for name in ("gamma", "beta", "running_mean", "running_var"))
    BatchNorm(arrays..., number(place, "momentum"), number(place, "epsilon"))
end

build(::Type{Dropout}, T, dims, place::Place) =
    Dropout{T}(expect(place, "mask", UInt8, dims...), number(place, "ratio"))

function build(::Type{Convolution}, T, dims, place::Place)
    expect_dims(dims, place, 4)
    W = expect(place, "W", T, :, :, dims[3], :)
    b = expect(place, "b", T, size(W, 4))
    that_fits(Convolution(W, b, whole_number(place, "stride", 1), whole_number(place, "pad", 0)), dims)
end

function build(::Type{MaxPooling}, T, dims, place::Place)
    expect_dims(dims, place, 4)
    height, width, stride = (whole_number(place, name, 1) for name in ("height", "width", "stride"))
    that_fits(MaxPooling{T}(height, width, stride, whole_number(place, "pad", 0)), dims)
end

function expect_dims(dims, place::Place, counts...)
    length(dims) in counts && return
    shapes = Dict(2 => "(batch, features)", 4 => "(batch, channels, height, width)")
    of_layer = isempty(place.layer) ? "x" : "the input of $(chop(place.layer))"
    refuse("expected $of_layer to be $(join((shapes[count] for count in counts), " or ")), came $(described(dims))")
end

"The layer, whose windows must not be larger than the padded images."
function that_fits(layer, dims)
    w = layer.windows
    width, height = dims[1] + 2w.pad, dims[2] + 2w.pad
    (w.width in 1:width && w.height in 1:height) ||
        refuse("expected windows of 1 x 1 to $height x $width, came $(w.height) x $(w.width)")
    layer
end
