# The plumbing between gradparity and my_network.jl. You need not open this file.

include("wire.jl")

module Mine
include("my_network.jl")
end

const LAYERS = Dict(
    "affine" => ["out", "dx", "dW", "db"],
    "relu" => ["out", "dx"],
    "sigmoid" => ["out", "dx"],
    "softmax_with_loss" => ["loss", "y", "dx"],
)
const RESULTS = merge(LAYERS, Dict("gradient" => ["loss", "dW", "db"]))
const OWN = joinpath.(@__DIR__, ["serve.jl", "wire.jl"])
const TYPES = Dict("float64" => Float64, "float32" => Float32)

"What a request is answered with, where that is not ok."
struct Refusal <: Exception
    word::String
    message::String
end

refuse(message) = throw(Refusal("error", message))
unsupported(message) = throw(Refusal("unsupported", message))
Base.showerror(io::IO, refusal::Refusal) = print(io, refusal.message)

"A set of images: a row is a sample."
struct Images
    pixels::Matrix{UInt8}
    labels::Vector{Int}
    scale::Float64
end

"The arrays that came last, to be given back by inputs; the loaded case; the sets of images."
mutable struct Port
    last::Vector{Pair{String,Any}}
    net::Any
    x::Any
    t::Any
    sets::Dict{String,Images}
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

function field(request, key)
    i = findfirst(pair -> pair.first == key, request.fields)
    i === nothing ? refuse("expected the field $key in the request $(request.word)") : request.fields[i].second
end

number(request, key) = parse(Float64, field(request, key))

"The request's arrays as plain ones."
plain(request) = Pair{String,Any}[name => Array(array) for (name, array) in request.arrays]

function given(arrays, name)
    i = findfirst(pair -> pair.first == name, arrays)
    i === nothing ? refuse("expected the array $name") : arrays[i].second
end

"Labels from 1, from numbers from 0 or from one-hot rows."
labels(t::AbstractVector) = Int.(t) .+ 1
labels(t::AbstractMatrix) = [argmax(row) for row in eachrow(t)]

told(came::Nothing) = "nothing"
told(came::Tuple) = "$(length(came)) results"
told(came) = summary(came)

"The function of this name returned something else."
wrong(name, expected, came) = refuse("$name in my_network.jl: expected $expected, came $(told(came))")

"As many as the function of this name should return."
function results(name, came)
    came isa Union{Tuple,AbstractVector} && length(came) == length(RESULTS[name]) ||
        wrong(name, join(RESULTS[name], ", "), came)
    came
end

"What the function of this name returned, as it travels: Arrays, a number as one without dimensions."
function sent(name, pairs...)
    map(collect(Pair{String,Any}, pairs)) do (key, result)
        array = result isa AbstractArray ? Array(result) : fill(result)
        haskey(DESCRS, eltype(array)) || wrong(name, "$key to be of Float64 or Float32", result)
        key => array
    end
end

function parameters(prefix, W, b)
    [pair for l in eachindex(W) for pair in ("$(prefix)W$l" => W[l], "$(prefix)b$l" => b[l])]
end

loaded(port) = port.net === nothing ? refuse("expected a case to be loaded") : port.net

accuracy(out, t) = count(i -> argmax(out[i, :]) == t[i], eachindex(t)) / length(t)

function hello()
    for name in written()
        isdefined(Mine, name) || refuse("WRITTEN in my_network.jl: expected functions of that file, came $name")
    end
    layers = [kind for kind in ("affine", "relu", "sigmoid", "softmax_with_loss") if has(Symbol(kind))]
    operations = ["hello", "load"]
    isempty(written()) || append!(operations, ["inputs", "null", "time"])
    isempty(layers) || push!(operations, "layer")
    has(:predict) && append!(operations, ["predict", "accuracy"])
    has(:gradient) && push!(operations, "gradient")
    has(:sgd!) && push!(operations, "update")
    has(:predict, :gradient, :sgd!) && append!(operations, ["data", "train", "params", "evaluate"])
    [
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
end

function load(port, request)
    dtype = field(request, "dtype")
    dtype in Mine.DTYPES || unsupported("no $dtype")
    T, a = TYPES[dtype], plain(request)
    depth = count(isequal(','), field(request, "sizes"))
    # Typed, and no copies: inputs gives back these very arrays.
    W = convert(Vector{Matrix{T}}, [given(a, "W$l") for l in 1:depth])
    b = convert(Vector{Vector{T}}, [given(a, "b$l") for l in 1:depth])
    activation, epsilon = Symbol(field(request, "activation")), T(number(request, "epsilon"))
    net = (W = W, b = b, activation = activation, epsilon = epsilon)
    supported = Mine.supports(net)
    supported isa Bool || wrong("supports", "true or false", supported)
    supported || unsupported("no such network: supports in my_network.jl says so")
    port.net = net
    port.x, port.t, port.last = given(a, "x"), labels(given(a, "t")), a
    []
end

"The call of a layer, ready to be made any number of times."
function layer(port, request)
    kind, a = field(request, "kind"), plain(request)
    haskey(LAYERS, kind) || unsupported("no layer $kind")
    need(Symbol(kind))
    x = given(a, "x")
    port.last = a
    if kind == "affine"
        W, b, dout = given(a, "W"), given(a, "b"), given(a, "dout")
        return () -> Mine.affine(x, W, b, dout)
    elseif kind == "softmax_with_loss"
        t, epsilon = labels(given(a, "t")), eltype(x)(number(request, "epsilon"))
        return () -> Mine.softmax_with_loss(x, t, epsilon)
    end
    call, dout = kind == "relu" ? Mine.relu : Mine.sigmoid, given(a, "dout")
    () -> call(x, dout)
end

function layer_results(port, request)
    kind, call = field(request, "kind"), layer(port, request)
    sent(kind, (LAYERS[kind] .=> results(kind, call()))...)
end

"A gradient, and the update of every parameter; the loss."
function step!(net, x, t, rate)
    loss, dW, db = results("gradient", Mine.gradient(net, x, t))
    for (p, dp) in zip([net.W; net.b], [dW; db])
        Mine.sgd!(p, dp, rate)
    end
    loss
end

function rate_of(request, net)
    optimizer = field(request, "optimizer")
    optimizer == "sgd" || unsupported("no optimizer $optimizer")
    need(:sgd!)
    eltype(net)(number(request, "learning_rate"))
end

function timed(port, request)
    operation = field(request, "operation")
    operation == "null" && return () -> nothing
    operation == "layer" && return layer(port, request)
    operation in ("predict", "gradient", "train_step") || unsupported("no operation $operation to time")
    net, x, t = loaded(port), port.x, port.t
    need(operation == "predict" ? :predict : :gradient)
    operation == "predict" && return () -> Mine.predict(net, x)
    operation == "gradient" && return () -> Mine.gradient(net, x, t)
    rate, copied = rate_of(request, x), merge(net, (W = copy.(net.W), b = copy.(net.b)))
    () -> step!(copied, x, t, rate)
end

function measure(call, request)
    calls = Int(number(request, "calls"))
    map(1:Int(number(request, "samples"))) do _
        begun = time_ns()
        for _ in 1:calls
            call()
        end
        Float64(time_ns() - begun)
    end
end

"The set of this name, which must fit the loaded network."
function images(port, name)
    net = loaded(port)
    fits(set) = size(set.pixels, 2) == size(net.W[1], 1) && maximum(set.labels) <= size(net.W[end], 2)
    haskey(port.sets, name) && fits(port.sets[name]) ||
        refuse("expected the set $name, with images and labels that fit the loaded network")
    port.sets[name]
end

batch(set, rows, T) = T.(view(set.pixels, rows, :)) ./ T(set.scale), set.labels[rows]

function train(port, request)
    need(:gradient)
    net, T = loaded(port), eltype(port.x)
    rate, set, batches = rate_of(request, port.x), images(port, "train"), given(plain(request), "batches") .+ 1
    begun = time_ns()
    losses = [step!(net, batch(set, rows, T)..., rate) for rows in eachrow(batches)]
    sent("gradient", "loss" => losses, "nanoseconds" => Float64(time_ns() - begun))
end

function evaluate(port, request)
    need(:predict, :gradient)
    net, set = loaded(port), images(port, field(request, "set"))
    x, t = batch(set, 1:length(set.labels), eltype(port.x))
    loss, _, _ = results("gradient", Mine.gradient(net, x, t))
    sent("gradient", "loss" => loss, "accuracy" => accuracy(Mine.predict(net, x), t))
end

function update(port, request)
    a = plain(request)
    p = given(a, "p")
    Mine.sgd!(p, given(a, "dp"), rate_of(request, p))
    sent("sgd!", "p" => p)
end

function data(port, request)
    a = plain(request)
    port.sets[field(request, "set")] = Images(given(a, "images"), labels(given(a, "labels")), number(request, "scale"))
    []
end

function predict(port)
    need(:predict)
    Mine.predict(loaded(port), port.x)
end

function gradient(port)
    need(:gradient)
    net = loaded(port)
    loss, dW, db = results("gradient", Mine.gradient(net, port.x, port.t))
    for (key, came) in ("dW" => dW, "db" => db)
        came isa Union{Tuple,AbstractVector} && length(came) == length(net.W) ||
            wrong("gradient", "$key to be a vector, one array for each layer", came)
    end
    sent("gradient", "loss" => loss, parameters("d", dW, db)...)
end

const OPERATIONS = Dict(
    "load" => load,
    "layer" => layer_results,
    "inputs" => (port, request) -> port.last,
    "null" => (port, request) -> [],
    "predict" => (port, request) -> sent("predict", "out" => predict(port)),
    "accuracy" => (port, request) -> sent("predict", "accuracy" => accuracy(predict(port), port.t)),
    "gradient" => (port, request) -> gradient(port),
    "time" => (port, request) -> sent("time", "nanoseconds" => measure(timed(port, request), request)),
    "data" => data,
    "train" => train,
    "params" => (port, request) -> sent("sgd!", parameters("", loaded(port).W, port.net.b)...),
    "evaluate" => evaluate,
    "update" => update,
)

"Whether a file is of neither Julia nor this plumbing: Julia's own are relative, or in its standard library."
is_yours(file) = isabspath(file) && !occursin("/stdlib/v", file) && !(file in OWN)

"The error, and where it was thrown: the lines of your files, the innermost last."
function show_trace(error, frames)
    showerror(stderr, error)
    println(stderr)
    places = unique((string(frame.file), frame.line, frame.func) for frame in frames)
    yours = [place for place in places if is_yours(place[1])]
    for (file, line, name) in reverse(yours[1:min(end, 5)])
        println(stderr, "    $(relpath(file, @__DIR__)):$line in $name")
    end
end

function answer(port, request)
    try
        request.word == "hello" && return Message("ok", hello(), [])
        haskey(OPERATIONS, request.word) || unsupported("no operation $(request.word)")
        Message("ok", [], OPERATIONS[request.word](port, request))
    catch error
        error isa Refusal || show_trace(error, stacktrace(catch_backtrace()))
        text = first(split(sprint(showerror, error), '\n'))  # the candidates of a MethodError are below it
        Message(error isa Refusal ? error.word : "error", ["message" => first(text, 1000)], [])
    end
end

function serve(input, output)
    port = Port([], nothing, nothing, nothing, Dict())
    while (request = read_message(input)) !== nothing
        write_message(output, answer(port, request))
        flush(output)
    end
end

serve(stdin, fdio(3))
