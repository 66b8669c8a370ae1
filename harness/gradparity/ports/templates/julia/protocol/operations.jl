# The protocol's operations: each takes the port and a request, and answers it by calls of my_network.jl.

const LOSSES = ["softmax_with_loss", "squared_error"]
const OF_IMAGES = ["convolution", "max_pooling"]
const LAYERS = ["affine", "relu", "sigmoid", "tanh", "batch_norm", "dropout", OF_IMAGES..., LOSSES...]
const TYPES = Dict("float64" => Float64, "float32" => Float32)

# What a layer of a kind holds: its parameters, and other arrays; and its numbers.
const LEARNT = Dict("affine" => ["W", "b"], "convolution" => ["W", "b"], "batch_norm" => ["gamma", "beta"])
const RUNNING = ["running_mean", "running_var"]
const KEPT = merge(LEARNT, Dict("batch_norm" => [LEARNT["batch_norm"]; RUNNING]))
const HELD = merge(KEPT, Dict("dropout" => ["mask"]))
const NUMBERS = Dict(
    "batch_norm" => ["momentum", "epsilon"],
    "dropout" => ["ratio"],
    "convolution" => ["stride", "pad"],
    "max_pooling" => ["height", "width", "stride", "pad"],
)
# What an optimizer's function is given after p and dp: the state, and the numbers of the request.
const OPTIMIZERS = [
    "sgd" => ([], ["learning_rate"]),
    "momentum" => (["v"], ["learning_rate", "momentum"]),
    "nesterov" => (["v"], ["learning_rate", "momentum"]),
    "adagrad" => (["h"], ["learning_rate"]),
    "rmsprop" => (["h"], ["learning_rate", "decay"]),
    "adam" => (["m", "v"], ["learning_rate", "beta1", "beta2"]),
]

"A layer of a network of any layers: layer.kind, layer.W, ..."
struct Layer
    fields::Dict{Symbol,Any}
end

Base.getproperty(layer::Layer, name::Symbol) = getfield(layer, :fields)[name]
Base.setproperty!(layer::Layer, name::Symbol, value) = getfield(layer, :fields)[name] = value
Base.propertynames(layer::Layer) = Tuple(keys(getfield(layer, :fields)))

"A copy whose arrays of these names are copies, too."
function copied(layer::Layer, names)
    copied_one(key, value) = string(key) in names ? copy(value) : value
    Layer(Dict{Symbol,Any}(key => copied_one(key, value) for (key, value) in getfield(layer, :fields)))
end

"A network of any layers: these, the number of each, and its two numbers. Another network is as my_network.jl has it."
struct Layers
    layers::Vector{Layer}
    numbered::Vector{Int}
    weight_decay::Any
    epsilon::Any
end

"A set of images: a row is a sample."
struct Images
    pixels::Matrix{UInt8}
    labels::Vector{Int}
    scale::Float64
end

"The optimizer that a request names, with the fields of that, and a state for each parameter that it has updated."
mutable struct Optimizer
    name::String
    fields::Vector{Pair{String,String}}
    state::Vector{String}
    numbers::Vector{Any}
    kept::Dict{String,Any}
    iteration::Int
end

"""
The arrays that came last, to be given back by inputs; the loaded network and its batch; the sets of images; and the
optimizer of the last train since load.
"""
mutable struct Port
    inputs::Arrays
    net::Any
    x::Any
    t::Any
    images::Dict{String,Images}
    optimizer::Union{Optimizer,Nothing}
    Port() = new([], nothing, nothing, nothing, Dict(), nothing)
end

"The names in WRITTEN, as symbols or as texts."
function written()
    names = Mine.WRITTEN
    fits(name) = name isa Union{Symbol,AbstractString}
    names isa Union{AbstractVector,Tuple} && all(fits, names) ||
        refuse("WRITTEN in my_network.jl: expected names, such as [:affine, :relu], came $(repr(names))")
    Symbol.(names)
end

has(names...) = issubset(names, written())

function need(names...)
    for name in names
        has(name) || unsupported("$name is not written yet: fill it in in my_network.jl, and add it to WRITTEN there")
    end
end

function loaded(port)
    port.net === nothing && refuse("nothing is loaded yet: send load first")
    port.net
end

"t as labels, counted from 1."
labels(t::Vector{Int}) = t
labels(t::AbstractMatrix) = [argmax(row) for row in eachrow(t)]

right(out, t) = count(i -> argmax(out[i, :]) == t[i], eachindex(t)) / length(t)

# What the two sorts of networks differ in: which function of my_network.jl does it, what that is given, the arrays.

named(net, name) = name
named(net::Layers, name) = name * "_layers"

"What a function is given that must leave the network as it was: layers of its own, as it may move the running ones on."
given(net) = net
given(net::Layers) = [copied(layer, RUNNING) for layer in net.layers]

"A network with parameters of its own."
cloned(net) = merge(net, (W = copy.(net.W), b = copy.(net.b)))
function cloned(net::Layers)
    layers = [copied(layer, [KEPT["affine"]; KEPT["batch_norm"]]) for layer in net.layers]
    Layers(layers, net.numbered, net.weight_decay, net.epsilon)
end

"The arrays of the network by name, W1, b1, ...: what its layers hold of these."
arrays_of(net, which = LEARNT) = parameters("", net.W, net.b)
arrays_of(net::Layers, which = LEARNT) = Pair{String,Any}[
    "$name$i" => getproperty(layer, Symbol(name)) for (layer, i) in zip(net.layers, net.numbered) for
    name in get(which, string(layer.kind), String[])
]

"The call of the function of my_network.jl that does this for such a network, ready to be made any number of times."
function call_of(net, name, arguments...)
    need(Symbol(named(net, name)))
    bound(getproperty(Mine, Symbol(named(net, name))), given(net), arguments...)
end

"A call without arguments, compiled for these types."
bound(call, arguments...) = () -> call(arguments...)

gradient_call(net, x, t) = call_of(net, "gradient", x, t)
gradient_call(net::Layers, x, t) = call_of(net, "gradient", x, t, net.weight_decay, net.epsilon)

"The same for a step of training with these masks: what is moved on in the layers stays."
training_call(net, x, t, masks) = gradient_call(net, x, t)
function training_call(net::Layers, x, t, masks)
    for (layer, i) in zip(net.layers, net.numbered)
        layer.kind === :dropout && (layer.mask = masks["mask$i"])
    end
    () -> Mine.gradient_layers(net.layers, x, t, net.weight_decay, net.epsilon)
end

"The loss, if this function gives one, and the gradients by name."
function gradients(net, name, came)
    came = results(name, came)
    dW, db = came[end-1:end]
    for (key, one) in ("dW" => dW, "db" => db)
        one isa Union{Tuple,AbstractVector} && length(one) == length(net.W) ||
            wrong(name, "$key to be a vector, one array for each layer", one)
    end
    Pair{String,Any}[("loss" .=> came[1:end-2])..., parameters("d", dW, db)...]
end
function gradients(net::Layers, name, came)
    loss, found = results(name, came)
    names = "d" .* first.(arrays_of(net))
    found isa Union{Tuple,AbstractVector} && length(found) == length(names) ||
        wrong(name, "a vector of the $(length(names)) gradients $(join(names, ", "))", found)
    Pair{String,Any}["loss" => loss, (names .=> found)...]
end

"The mean loss, without weight decay, of this set, whose logits are `out`."
loss_in_test(net, x, t, out) = results("gradient", gradient_call(net, x, t)())[1]
function loss_in_test(net::Layers, x, t, out)
    kind = net.layers[end].kind
    need(kind)
    call = getproperty(Mine, kind)
    results(string(kind), kind === :softmax_with_loss ? call(out, t, net.epsilon) : call(out, t))[1]
end

"Images as rows, as my_network.jl has them where a layer knows none, and the way back to this shape."
flat(x) = x
flat(x::AbstractArray{<:Any,4}) = reshape(permutedims(x, (1, 4, 3, 2)), size(x, 1), :)
unflat(rows, shape) = rows
unflat(rows, (n, c, h, w)::NTuple{4,Int}) = permutedims(reshape(rows, n, w, h, c), (1, 4, 3, 2))

function hello(port, request)
    for name in written()
        isdefined(Mine, name) || refuse("WRITTEN in my_network.jl: expected functions of that file, came $name")
    end
    layers = [kind for kind in LAYERS if has(Symbol(kind))]
    operations = ["hello", "load"]
    isempty(written()) || append!(operations, ["inputs", "null", "time"])
    isempty(layers) || push!(operations, "layer")
    optimizers = [name for (name, _) in OPTIMIZERS if has(Symbol(name, '!'))]
    any_layers = has(:predict_layers, :gradient_layers)
    (has(:predict) || any_layers) && push!(operations, "predict")
    (has(:accuracy) || any_layers && has(:accuracy_layers)) && push!(operations, "accuracy")
    (has(:gradient) || any_layers) && push!(operations, "gradient")
    has(:numerical_gradient) && push!(operations, "numerical_gradient")
    isempty(optimizers) || push!(operations, "update")
    !isempty(optimizers) && (has(:predict, :gradient) || any_layers) &&
        append!(operations, ["data", "train", "params", "evaluate"])
    fields = [
        "name" => "PORT_NAME",
        "language" => "Julia",
        "version" => string(VERSION),
        "blas" => "Julia's",
        "threads" => "1",
        "dtypes" => join(Mine.DTYPES, ','),
        "layers" => join(layers, ','),
        "operations" => join(operations, ','),
        "optimizers" => join(optimizers, ','),
        "epsilon" => string(Mine.EPSILON),
        "step" => string(own_step()),
    ]
    any_layers && push!(fields, "networks" => "any")
    Message("ok", fields, [])
end

own_step() = isdefined(Mine, :STEP) ? Mine.STEP : "any"

"The numbers of a layer: whole ones as they are. What is taken from 1 is converted by my_network.jl, others here."
numbers_in(request, kind, prefix, T) = Pair{Symbol,Any}[
    Symbol(key) => kind in OF_IMAGES ? Int(number(request, prefix * key)) :
                   key == "epsilon" ? T(number(request, prefix * key)) : number(request, prefix * key) for
    key in get(NUMBERS, kind, String[])
]

"What a layer holds, of this type, or the mask."
function held(arrays, name, T)
    array = find(arrays, name)
    expect(arrays, name, startswith(name, "mask") ? UInt8 : T, size(array)...)
end

function affines_in(request, arrays, T)
    sizes = whole_numbers(request, "sizes")
    W = Matrix{T}[expect(arrays, "W$l", T, sizes[l], sizes[l+1]) for l in 1:length(sizes)-1]
    b = Vector{T}[expect(arrays, "b$l", T, sizes[l+1]) for l in 1:length(sizes)-1]
    (W = W, b = b, activation = Symbol(field(request, "activation")), epsilon = T(number(request, "epsilon")))
end

function layers_in(request, arrays, T)
    has(:predict_layers, :gradient_layers) ||
        unsupported("no networks of any layers: predict_layers and gradient_layers are not written yet")
    kinds = split(field(request, "layers"), ',')
    for kind in kinds
        kind in LAYERS || unsupported("no layer $kind")
    end
    numbered = cumsum([haskey(LEARNT, kind) for kind in kinds])
    layers = map(kinds, numbered) do kind, i
        numbers = kind in LOSSES ? [] : numbers_in(request, kind, "$kind$i.", T)
        own = [Symbol(key) => held(arrays, "$key$i", T) for key in get(HELD, kind, String[])]
        Layer(Dict{Symbol,Any}(:kind => Symbol(kind), numbers..., own...))
    end
    Layers(layers, numbered, T(number(request, "weight_decay")), T(number(request, "epsilon")))
end

function load(port, request)
    port.net = nothing
    dtype = field(request, "dtype")
    dtype in Mine.DTYPES || unsupported("no $dtype")
    # Typed, and no copies: inputs gives back these very arrays.
    T, arrays = TYPES[dtype], native(request)
    is_any = any(pair -> pair.first == "layers", request.fields)
    net = is_any ? layers_in(request, arrays, T) : affines_in(request, arrays, T)
    name = named(net, "supports")
    supported = getproperty(Mine, Symbol(name))(given(net))
    supported isa Bool || wrong(name, "true or false", supported)
    supported || unsupported("no such network: $name in my_network.jl says so")
    x = is_any ? held(arrays, "x", T) : expect(arrays, "x", T, :, size(net.W[1], 1))
    t = labels(one_hot_or_labels(arrays, T, size(x, 1), classes(net)))
    port.net, port.x, port.t, port.inputs, port.optimizer = net, x, t, arrays, nothing
    reply(Arrays())
end

classes(net) = length(last(arrays_of(net)).second)

"The call of a layer with these arrays, ready to be made any number of times."
function layer_call(arrays, request)
    kind = field(request, "kind")
    kind in LAYERS || unsupported("no layer $kind")
    need(Symbol(kind))
    call, x = getproperty(Mine, Symbol(kind)), expect_floats(arrays, "x")
    T = eltype(x)
    if kind in LOSSES
        x = expect(arrays, "x", T, :, :)
        t = labels(one_hot_or_labels(arrays, T, size(x)...))
        return kind == "squared_error" ? bound(call, x, t) : bound(call, x, t, T(number(request, "epsilon")))
    end
    dout = expect(arrays, "dout", T, size(find(arrays, "dout"))...)
    kind in OF_IMAGES || (x = flat(x); dout = flat(dout))
    kind == "affine" && expect(arrays, "W", T, size(x, 2), :)
    own = Any[held(arrays, key, T) for key in get(HELD, kind, String[])]
    kind == "dropout" && (own = Any[flat(array) for array in own])
    append!(own, last.(numbers_in(request, kind, "", T)))
    kind in ("batch_norm", "dropout") && push!(own, field(request, "phase") == "train")
    bound(call, x, own..., dout)
end

function layer(port, request)
    kind, arrays = field(request, "kind"), native(request)
    call = layer_call(arrays, request)
    port.inputs = arrays
    found = RESULTS[kind] .=> results(kind, call())
    in_test = any(==("phase" => "test"), request.fields)
    shape = size(find(arrays, "x"))
    shaped(key, came) =
        key in ("out", "dx") && !(kind in OF_IMAGES) && came isa AbstractArray && length(came) == prod(shape) &&
        !(kind == "affine" && key == "out") ? unflat(came, shape) : came
    sent(kind, (key => shaped(key, came) for (key, came) in found if !(in_test && key in RUNNING))...)
end

"The logits of a batch, as sent."
function predicted(net, x)
    out = call_of(net, "predict", x)()
    out isa AbstractArray && haskey(DESCRS, eltype(out)) ||
        wrong(named(net, "predict"), "out to be of Float64 or Float32", out)
    out
end

predict(port, request) = sent(named(loaded(port), "predict"), "out" => predicted(port.net, port.x))

function share(net, x, t)
    came = call_of(net, "accuracy", x, t)()
    came isa Real ? Float64(came) : wrong(named(net, "accuracy"), "a number", came)
end

accuracy(port, request) = sent("accuracy", "accuracy" => share(loaded(port), port.x, port.t))

function gradient(port, request)
    net = loaded(port)
    name = named(net, "gradient")
    sent(name, gradients(net, name, gradient_call(net, port.x, port.t)())...)
end

"The call of numerical_gradient."
function numerical(port, request)
    net, T = loaded(port), eltype(port.x)
    net isa Layers && unsupported("no numerical gradient of networks of any layers")
    step = own_step() == "any" ? number(request, "step") : own_step()
    call_of(net, "numerical_gradient", port.x, port.t, T(step))
end

function numerical_gradient(port, request)
    name, call = "numerical_gradient", numerical(port, request)
    sent(name, gradients(port.net, name, call())...)
end

"The optimizer that the request names, as new, for numbers of type T."
function optimizer(request, T)
    name = field(request, "optimizer")
    i = findfirst(pair -> pair.first == name, OPTIMIZERS)
    i === nothing && unsupported("no optimizer $name")
    need(Symbol(name, '!'))
    state, keys = OPTIMIZERS[i].second
    numbers = Any[key == "learning_rate" ? T(number(request, key)) : number(request, key) for key in keys]
    Optimizer(name, request.fields, state, numbers, Dict(), 0)
end

"Update one parameter and its state, in place."
function update_one!(one, p, dp, state)
    call = getproperty(Mine, Symbol(one.name, '!'))
    one.name == "adam" ? call(p, dp, state..., one.numbers..., one.iteration) : call(p, dp, state..., one.numbers...)
end

"A gradient, and the update of every parameter; the loss."
function step!(net, call, one)
    found = gradients(net, named(net, "gradient"), call())
    one.iteration += 1
    for ((name, p), (_, dp)) in zip(arrays_of(net), found[2:end])
        update_one!(one, p, dp, get!(() -> [zero(p) for _ in one.state], one.kept, name))
    end
    found[1].second
end

function timed(port, request)
    operation = field(request, "operation")
    operation == "null" && return () -> nothing
    operation == "layer" && return layer_call(native(request), request)
    net, x, t = loaded(port), port.x, port.t
    operation == "predict" && return call_of(net, "predict", x)
    operation == "gradient" && return gradient_call(net, x, t)
    operation == "numerical_gradient" && return numerical(port, request)
    operation == "train_step" || unsupported("no operation $operation to time")
    own, one = cloned(net), optimizer(request, eltype(x))
    call = gradient_call(own, x, t)
    () -> step!(own, call, one)
end

function measure(port, request)
    calls, samples = only(whole_numbers(request, "calls")), only(whole_numbers(request, "samples"))
    sent("time", "nanoseconds" => elapsed(timed(port, request), calls, samples))
end

function data(port, request)
    arrays = native(request)
    pixels = expect(arrays, "images", UInt8, :, :)
    labels = expect(arrays, "labels", UInt8, size(pixels, 1))
    port.images[field(request, "set")] = Images(pixels, labels .+ 1, number(request, "scale"))
    reply(Arrays())
end

"The set of this name, which must fit the loaded network."
function images(port, name)
    net = loaded(port)
    inputs = length(port.x) ÷ size(port.x, 1)
    fits(set) = size(set.pixels, 2) == inputs && maximum(set.labels) <= classes(net)
    haskey(port.images, name) && fits(port.images[name]) ||
        refuse("expected the set $name, with images and labels that fit the loaded network")
    port.images[name]
end

"These rows of the set, as a batch that is like this one."
function batch(set, rows, like)
    T = eltype(like)
    unflat(T.(view(set.pixels, rows, :)) ./ T(set.scale), (length(rows), size(like)[2:end]...)), set.labels[rows]
end

function train(port, request)
    net = loaded(port)
    need(Symbol(named(net, "gradient")))
    one = port.optimizer
    (one === nothing || one.fields != request.fields) && (one = optimizer(request, eltype(port.x)))
    set, arrays = images(port, "train"), native(request)
    batches = expect(arrays, "batches", Int32, :, :) .+ 1
    port.optimizer = one
    masks(i) = Dict(name => copy(selectdim(array, 1, i)) for (name, array) in arrays if name != "batches")
    losses = Ref{Any}()
    took = elapsed(1, 1) do
        losses[] = [
            step!(net, training_call(net, batch(set, rows, port.x)..., masks(i)), one) for
            (i, rows) in enumerate(eachrow(batches))
        ]
    end
    sent(named(net, "gradient"), "loss" => losses[], "nanoseconds" => took[1])
end

function params(port, request)
    by = port.optimizer === nothing ? "load" : port.optimizer.name * "!"
    sent(by, arrays_of(loaded(port), KEPT)...)
end

function evaluate(port, request)
    net, set = loaded(port), images(port, field(request, "set"))
    x, t = batch(set, 1:length(set.labels), port.x)
    out = predicted(net, x)
    accuracy = has(Symbol(named(net, "accuracy"))) ? share(net, x, t) : right(out, t)
    sent(named(net, "gradient"), "loss" => loss_in_test(net, x, t, out), "accuracy" => accuracy)
end

function update(port, request)
    arrays = native(request)
    p = expect_floats(arrays, "p")
    one = optimizer(request, eltype(p))
    one.iteration = only(whole_numbers(request, "iteration"))
    state = [expect(arrays, name, eltype(p), size(p)...) for name in one.state]
    update_one!(one, p, expect(arrays, "dp", eltype(p), size(p)...), state)
    sent(one.name * "!", "p" => p, (one.state .=> state)...)
end

const OPERATIONS = [
    "hello" => hello,
    "load" => load,
    "layer" => layer,
    "inputs" => (port, request) -> reply(received(port.inputs)),
    "predict" => predict,
    "accuracy" => accuracy,
    "gradient" => gradient,
    "numerical_gradient" => numerical_gradient,
    "null" => (port, request) -> reply(Arrays()),
    "time" => measure,
    "data" => data,
    "train" => train,
    "params" => params,
    "evaluate" => evaluate,
    "update" => update,
]
