# The operations of the protocol: decoded arrays in, named arrays out. The native server and the bridge share them.

const SETS = ["train", "validation", "test"]
const LAYERS = ["multiply"; "add"; map(first, KINDS); map(first, LOSSES)]
const FLOATS = Dict("float32" => Float32, "float64" => Float64)

"A network with its batch: x is (batch, inputs) or images, t is labels (batch,) from 1."
struct Case{T<:AbstractFloat}
    network::Network{T}
    x::Union{Matrix{T},Array{T,4}}
    t::Vector{Int}
end

"""
What lives from one request to the next: the arrays of the last load or layer, the loaded case, the optimizer that
trains it with its state, and the sets of images, which outlive a case.
"""
mutable struct Port
    inputs::Arrays
    case::Union{Nothing,Case{Float32},Case{Float64}}
    trained_by::Union{Nothing,Tuple{Optimizer,State}}
    images::Dict{String,Images}
    Port() = new([], nothing, nothing, Dict())
end

# Each operation takes the port and the request, and gives the reply.

function hello(::Port, ::Message)
    library, threads = blas()
    fields = [
        "name" => "julia",
        "language" => "Julia",
        "version" => string(VERSION),
        "blas" => library,
        "threads" => string(threads),
        "dtypes" => "float32,float64",
        "layers" => join(LAYERS, ','),
        "operations" => join(map(first, OPERATIONS), ','),
        "optimizers" => join(map(first, OPTIMIZERS), ','),
        "epsilon" => "any",
        "networks" => "any",
    ]
    Message("ok", fields, [])
end

function load(port::Port, request::Message)
    arrays = native(request)
    sizes = has_field(request, "layers") ? nothing : whole_numbers(request, "sizes")
    sizes === nothing || length(sizes) >= 2 ||
        refuse("expected two sizes or more, came sizes=$(field(request, "sizes"))")
    dtype = field(request, "dtype")
    haskey(FLOATS, dtype) || refuse("expected dtype float32 or float64, came $dtype")
    T = FLOATS[dtype]
    if sizes === nothing
        x = expect(arrays, "x", T, ntuple(_ -> :, ndims(find(arrays, "x")) == 4 ? 4 : 2)...)
        kinds = split(field(request, "layers"), ',')
    else
        x = expect(arrays, "x", T, :, sizes[1])
        foreach(i -> expect(arrays, "W$i", T, sizes[i], sizes[i+1]), 1:length(sizes)-1)
        kinds = [dense(length(sizes) - 1, field(request, "activation")); "softmax_with_loss"]
    end
    network, dims = build_network(T, kinds, size(x), request, arrays)
    t = labels(one_hot_or_labels(arrays, T, dims...))
    port.inputs, port.case, port.trained_by = arrays, Case{T}(network, x, t), nothing
    reply(Named[])
end

function layer(port::Port, request::Message)
    port.inputs = native(request)
    reply(layer_call(port.inputs, request)())
end

"The arrays of the last load or layer, as the layers have left them."
inputs(port::Port, ::Message) = reply(received(port.inputs))

predict(port::Port, ::Message) = with_case((network, x, t) -> Named["out" => predict(network, x)], port)

accuracy(port::Port, ::Message) = with_case((network, x, t) -> Named["accuracy" => accuracy(network, x, t)], port)

gradient(port::Port, ::Message) = with_case(gradient, port)

function numerical_gradient(port::Port, request::Message)
    step = number(request, "step")
    with_case((network, x, t) -> central_difference(network, x, t, step), port)
end

trace(port::Port, ::Message) = with_case(trace, port)

null(::Port, ::Message) = reply(Named[])

function time(port::Port, request::Message)
    operation = field(request, "operation")
    operation in TIMED || unsupported("no operation $operation to time")
    calls, samples = only(whole_numbers(request, "calls")), only(whole_numbers(request, "samples"))
    moving = operation == "train_step" ? map(last, params(loaded(port).network)) : []
    before = map(copy, moving)
    call = timed(port, operation, request)
    call()  # by which all of it is compiled
    nanoseconds = elapsed(call, calls, samples)
    foreach(copyto!, moving, before)
    reply(Named["nanoseconds" => nanoseconds])
end

function data(port::Port, request::Message)
    name, arrays = field(request, "set"), request.arrays
    name in SETS || refuse("expected the set $(join(SETS, ", ")), came $name")
    images = expect(arrays, "images", UInt8, :, :)
    labels = expect(arrays, "labels", UInt8, size(images, 1))
    port.images[name] = Images(turned(images), labels .+ 1, number(request, "scale"))
    reply(Named[])
end

function train(port::Port, request::Message)
    case, optimizer = loaded(port), named_optimizer(request)
    images = images_for(case, port, "train")
    batches = turned(expect(request.arrays, "batches", Int32, :, :))
    count = length(images.labels)
    all(in(0:count-1), batches) ||
        refuse("expected rows from 0 to $(count - 1), came $(join(extrema(batches), " to "))")
    masks = masks_for(case.network, native(request), batches)
    if port.trained_by === nothing || first(port.trained_by) != optimizer
        port.trained_by = optimizer, State(optimizer, case.network)
    end
    propagate(case.network, case.x, case.t)  # by this, and by a training of no steps, all is compiled before the clock
    train!(case.network, images, batches[:, 1:0], port.trained_by..., masks)
    start = time_ns()
    losses = train!(case.network, images, batches, port.trained_by..., masks)
    nanoseconds = time_ns() - start
    reply(Named["loss" => losses, "nanoseconds" => Float64(nanoseconds)])
end

params(port::Port, ::Message) = reply(held(loaded(port).network))

function evaluate(port::Port, request::Message)
    case = loaded(port)
    loss, accuracy = evaluate(case.network, images_for(case, port, field(request, "set")))
    reply(Named["loss" => loss, "accuracy" => accuracy])
end

function update(::Port, request::Message)
    optimizer, arrays = named_optimizer(request), native(request)
    p = expect_floats(arrays, "p")
    like_p(name) = expect(arrays, name, eltype(p), size(p)...)
    state = map(like_p, state_names(optimizer))
    update_one!(optimizer, only(whole_numbers(request, "iteration")), p, like_p("dp"), state...)
    reply(Named["p" => p, map(Pair, state_names(optimizer), state)...])
end

const OPERATIONS = [
    "hello" => hello,
    "load" => load,
    "layer" => layer,
    "inputs" => inputs,
    "predict" => predict,
    "accuracy" => accuracy,
    "gradient" => gradient,
    "numerical_gradient" => numerical_gradient,
    "trace" => trace,
    "null" => null,
    "time" => time,
    "data" => data,
    "train" => train,
    "params" => params,
    "evaluate" => evaluate,
    "update" => update,
]

const TIMED = ["null", "predict", "gradient", "numerical_gradient", "layer", "train_step", "products"]

"The call that a request to time names, with all that it needs made beforehand."
function timed(port::Port, operation, request::Message)
    operation == "null" && return GC.safepoint  # as good as empty, but a loop of it is not optimised away
    operation == "layer" && return layer_call(native(request), request)
    timed(loaded(port), operation, request)
end

function timed(case::Case, operation, request::Message)
    network, x, t = case.network, case.x, case.t
    if operation == "predict"
        () -> predict(network, x)
    elseif operation == "gradient"
        () -> gradient(network, x, t)
    elseif operation == "numerical_gradient"
        step = number(request, "step")
        () -> central_difference(network, x, t, step)
    elseif operation == "train_step"
        optimizer = named_optimizer(request)
        train_step(optimizer, State(optimizer, network), network, x, t)
    else
        numbers, multiplying = whole_numbers(request, "affines"), multiplying_layers(network)
        all(i -> haskey(multiplying, i), numbers) ||
            refuse("expected affines $(join(sort!(collect(keys(multiplying))), ", ")), came $(join(numbers, ", "))")
        operands = product_operands(network, x, numbers)
        () -> products(operands)
    end
end

train_step(optimizer, state, network, x, t) = function ()
    propagate(network, x, t)
    update!(optimizer, network, state)
end

"A fresh layer, and its forward and backward pass on the request's arrays as a call."
function layer_call(arrays::Arrays, request::Message)
    kind = field(request, "kind")
    kind in LAYERS || unsupported("no layer $kind")
    x = expect_floats(arrays, "x")
    T = eltype(x)
    if kind in ("multiply", "add")
        y, dout = expect(arrays, "y", T, size(x)...), expect(arrays, "dout", T, size(x)...)
        pass(kind == "multiply" ? Multiply{typeof(x)}() : Add(), x, y, dout)
    elseif haskey(Dict(LOSSES), kind)
        x = expect(arrays, "x", T, :, :)
        pass(build_loss(kind, T, request), x, labels(one_hot_or_labels(arrays, T, size(x)...)))
    else
        layer = build(Dict(KINDS)[kind], T, size(x), Place(request, arrays))
        training!(layer, !has_field(request, "phase") || field(request, "phase") == "train")
        pass(layer, x, expect(arrays, "dout", T, out_dims(layer, size(x))...))
    end
end

# The call for each kind of layer. Here every type is known, so that the call itself looks up nothing.

pass(layer::Union{Multiply,Add}, x, y, dout) = function ()
    out = forward(layer, x, y)
    dx, dy = backward(layer, dout)
    (out = out, dx = dx, dy = dy)
end

pass(layer::Layer, x, dout) =
    () -> (; out = forward(layer, x), moved(layer)..., dx = backward(layer, dout), gradients(layer)...)

pass(layer::SoftmaxWithLoss, x, t) = () -> (loss = forward(layer, x, t), y = layer.y, dx = backward(layer))

pass(layer::SquaredError, x, t) = () -> (loss = forward(layer, x, t), dx = backward(layer))

reply(results::NamedTuple) = reply(Named[string(name) => array for (name, array) in pairs(results)])

"The reply with f(network, x, t) of the loaded case."
function with_case(f, port::Port)
    case = loaded(port)
    reply(f(case.network, case.x, case.t))
end

function loaded(port::Port)
    port.case === nothing && refuse("nothing is loaded yet: send load first")
    port.case
end

"The set of this name, which must fit the case."
function images_for(case::Case, port::Port, name)
    came = isempty(port.images) ? "none" : join(keys(port.images), ", ")
    haskey(port.images, name) || refuse("expected the set $name to have been sent with data, came $came")
    images = port.images[name]
    shape = case.x isa Matrix ? (size(case.x, 2),) : size(case.x)[1:3]
    inputs, classes = prod(shape), size(predict(case.network, case.x), 2)
    pixels = size(images.pixels, 1)
    pixels == inputs || refuse("expected images of $inputs pixels, came $pixels")
    all(<=(classes), images.labels) ||
        refuse("expected labels of images from 0 to $(classes - 1), came $(maximum(images.labels) - 1)")
    Images(images.pixels, images.labels, images.scale, shape)
end

"Each layer of dropout with its masks of all steps, of which the last dimension is the step."
function masks_for(network::Network, arrays::Arrays, batches)
    count, steps = size(batches)
    map(filter(i -> network.layers[i] isa Dropout, eachindex(network.layers))) do i
        layer, name = network.layers[i], "mask$(network.numbers[i])"
        if layer.mask isa Matrix
            every = expect(arrays, name, UInt8, size(layer.mask, 2), count, steps)
            layer => permutedims(every, (2, 1, 3))
        else
            layer => expect(arrays, name, UInt8, size(layer.mask)[1:3]..., count, steps)
        end
    end
end

"The optimizer that the request names, with its numbers."
function named_optimizer(request::Message)
    name, kinds = field(request, "optimizer"), Dict(OPTIMIZERS)
    haskey(kinds, name) || unsupported("no optimizer $name")
    kind = kinds[name]
    kind(map(name -> number(request, string(name)), fieldnames(kind))...)
end

"The rows of the matrix as columns: what came row by row is that already, and is not copied."
turned(matrix) = convert(Matrix, transpose(matrix))

"The library that multiplies matrices, in its own words if it is OpenBLAS, and its number of threads."
function blas()
    if isdefined(BLAS, :get_config)
        lib = first(BLAS.get_config().loaded_libs)
        name, handle, suffix = basename(lib.libname), lib.handle, lib.suffix
    else  # before Julia 1.7
        name = BLAS.libblas
        handle, suffix = Libdl.dlopen(name), endswith(name, "64_") ? "64_" : ""
    end
    ask(question) = Libdl.dlsym(handle, question * suffix, throw_error = false)
    config, threads = ask("openblas_get_config"), ask("openblas_get_num_threads")
    config === nothing && return name, BLAS.get_num_threads()
    join(split(unsafe_string(ccall(config, Cstring, ()))), ' '), ccall(threads, Cint, ())
end
