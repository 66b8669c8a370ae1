# The protocol's operations: each takes the port and a request, and answers it by calls of my_network.jl.

const LAYERS = ["affine", "relu", "sigmoid", "softmax_with_loss"]
const TYPES = Dict("float64" => Float64, "float32" => Float32)

"A set of images: a row is a sample."
struct Images
    pixels::Matrix{UInt8}
    labels::Vector{Int}
    scale::Float64
end

"The arrays that came last, to be given back by inputs; the loaded network and its batch; the sets of images."
mutable struct Port
    inputs::Arrays
    net::Any
    x::Any
    t::Any
    images::Dict{String,Images}
    Port() = new([], nothing, nothing, nothing, Dict())
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

accuracy(out, t) = count(i -> argmax(out[i, :]) == t[i], eachindex(t)) / length(t)

function hello(port, request)
    for name in written()
        isdefined(Mine, name) || refuse("WRITTEN in my_network.jl: expected functions of that file, came $name")
    end
    layers = [kind for kind in LAYERS if has(Symbol(kind))]
    operations = ["hello", "load"]
    isempty(written()) || append!(operations, ["inputs", "null", "time"])
    isempty(layers) || push!(operations, "layer")
    has(:predict) && append!(operations, ["predict", "accuracy"])
    has(:gradient) && push!(operations, "gradient")
    has(:sgd!) && push!(operations, "update")
    has(:predict, :gradient, :sgd!) && append!(operations, ["data", "train", "params", "evaluate"])
    fields = [
        "name" => "PORT_NAME",
        "language" => "Julia",
        "version" => string(VERSION),
        "blas" => "Julia's",
        "threads" => "1",
        "dtypes" => join(Mine.DTYPES, ','),
        "layers" => join(layers, ','),
        "operations" => join(operations, ','),
        "optimizers" => has(:sgd!) ? "sgd" : "",
        "epsilon" => string(Mine.EPSILON),
    ]
    Message("ok", fields, [])
end

function load(port, request)
    dtype = field(request, "dtype")
    dtype in Mine.DTYPES || unsupported("no $dtype")
    # Typed, and no copies: inputs gives back these very arrays.
    T, arrays, sizes = TYPES[dtype], native(request), whole_numbers(request, "sizes")
    W = Matrix{T}[expect(arrays, "W$l", T, sizes[l], sizes[l+1]) for l in 1:length(sizes)-1]
    b = Vector{T}[expect(arrays, "b$l", T, sizes[l+1]) for l in 1:length(sizes)-1]
    activation, epsilon = Symbol(field(request, "activation")), T(number(request, "epsilon"))
    net = (W = W, b = b, activation = activation, epsilon = epsilon)
    supported = Mine.supports(net)
    supported isa Bool || wrong("supports", "true or false", supported)
    supported || unsupported("no such network: supports in my_network.jl says so")
    x = expect(arrays, "x", T, :, sizes[1])
    t = labels(one_hot_or_labels(arrays, T, size(x, 1), sizes[end]))
    port.net, port.x, port.t, port.inputs = net, x, t, arrays
    reply(Arrays())
end

"The call of a layer with these arrays, ready to be made any number of times."
function layer_call(arrays, request)
    kind = field(request, "kind")
    kind in LAYERS || unsupported("no layer $kind")
    need(Symbol(kind))
    x = expect_floats(arrays, "x")
    T = eltype(x)
    if kind == "affine"
        x = expect(arrays, "x", T, :, :)
        W = expect(arrays, "W", T, size(x, 2), :)
        b, dout = expect(arrays, "b", T, size(W, 2)), expect(arrays, "dout", T, size(x, 1), size(W, 2))
        return () -> Mine.affine(x, W, b, dout)
    elseif kind == "softmax_with_loss"
        x = expect(arrays, "x", T, :, :)
        t, epsilon = labels(one_hot_or_labels(arrays, T, size(x)...)), T(number(request, "epsilon"))
        return () -> Mine.softmax_with_loss(x, t, epsilon)
    end
    call, dout = kind == "relu" ? Mine.relu : Mine.sigmoid, expect(arrays, "dout", T, size(x)...)
    () -> call(x, dout)
end

function layer(port, request)
    kind, arrays = field(request, "kind"), native(request)
    call = layer_call(arrays, request)
    port.inputs = arrays
    sent(kind, (RESULTS[kind] .=> results(kind, call()))...)
end

"The logits of the loaded batch."
function predicted(port)
    net = loaded(port)
    need(:predict)
    Mine.predict(net, port.x)
end

function gradient(port, request)
    net = loaded(port)
    need(:gradient)
    loss, dW, db = results("gradient", Mine.gradient(net, port.x, port.t))
    for (key, came) in ("dW" => dW, "db" => db)
        came isa Union{Tuple,AbstractVector} && length(came) == length(net.W) ||
            wrong("gradient", "$key to be a vector, one array for each layer", came)
    end
    sent("gradient", "loss" => loss, parameters("d", dW, db)...)
end

"A gradient, and the update of every parameter; the loss."
function step!(net, x, t, rate)
    loss, dW, db = results("gradient", Mine.gradient(net, x, t))
    for (p, dp) in zip([net.W; net.b], [dW; db])
        Mine.sgd!(p, dp, rate)
    end
    loss
end

function rate_of(request, x)
    optimizer = field(request, "optimizer")
    optimizer == "sgd" || unsupported("no optimizer $optimizer")
    need(:sgd!)
    eltype(x)(number(request, "learning_rate"))
end

function timed(port, request)
    operation = field(request, "operation")
    operation == "null" && return () -> nothing
    operation == "layer" && return layer_call(native(request), request)
    operation in ("predict", "gradient", "train_step") || unsupported("no operation $operation to time")
    net, x, t = loaded(port), port.x, port.t
    need(operation == "predict" ? :predict : :gradient)
    operation == "predict" && return () -> Mine.predict(net, x)
    operation == "gradient" && return () -> Mine.gradient(net, x, t)
    rate, copied = rate_of(request, x), merge(net, (W = copy.(net.W), b = copy.(net.b)))
    () -> step!(copied, x, t, rate)
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
    fits(set) = size(set.pixels, 2) == size(net.W[1], 1) && maximum(set.labels) <= size(net.W[end], 2)
    haskey(port.images, name) && fits(port.images[name]) ||
        refuse("expected the set $name, with images and labels that fit the loaded network")
    port.images[name]
end

batch(set, rows, T) = T.(view(set.pixels, rows, :)) ./ T(set.scale), set.labels[rows]

function train(port, request)
    net, T = loaded(port), eltype(port.x)
    need(:gradient)
    rate, set = rate_of(request, port.x), images(port, "train")
    batches = expect(native(request), "batches", Int32, :, :) .+ 1
    losses = Ref{Any}()
    took = elapsed(() -> losses[] = [step!(net, batch(set, rows, T)..., rate) for rows in eachrow(batches)], 1, 1)
    sent("gradient", "loss" => losses[], "nanoseconds" => took[1])
end

function evaluate(port, request)
    need(:predict, :gradient)
    net, set = loaded(port), images(port, field(request, "set"))
    x, t = batch(set, 1:length(set.labels), eltype(port.x))
    loss, _, _ = results("gradient", Mine.gradient(net, x, t))
    sent("gradient", "loss" => loss, "accuracy" => accuracy(Mine.predict(net, x), t))
end

function update(port, request)
    arrays = native(request)
    p = expect_floats(arrays, "p")
    Mine.sgd!(p, expect(arrays, "dp", eltype(p), size(p)...), rate_of(request, p))
    sent("sgd!", "p" => p)
end

const OPERATIONS = [
    "hello" => hello,
    "load" => load,
    "layer" => layer,
    "inputs" => (port, request) -> reply(received(port.inputs)),
    "predict" => (port, request) -> sent("predict", "out" => predicted(port)),
    "accuracy" => (port, request) -> sent("predict", "accuracy" => accuracy(predicted(port), port.t)),
    "gradient" => gradient,
    "null" => (port, request) -> reply(Arrays()),
    "time" => measure,
    "data" => data,
    "train" => train,
    "params" => (port, request) -> sent("sgd!", parameters("", loaded(port).W, port.net.b)...),
    "evaluate" => evaluate,
    "update" => update,
]
