# The protocol's operations: each takes the last call and a request, and answers it by calls of functions.jl.

"A call: the function's name, and its arrays, as the function left them."
mutable struct Call
    name::String
    arrays::Arrays
end

const LAST = Call("", [])

"Stands where nothing is yet."
not_written() = unsupported("$(LAST.name) is not written yet")

"An array that came, in Julia's layout and types."
native(array::AbstractArray) = convert(Array, array)
native(array::AbstractArray{UInt8}) = Array{Bool}(array)

"The same as an argument: without dimensions it is a number."
argument(array::Array{T,0}) where {T} = array[]
argument(array::Array) = array

"A result as an array that can be sent; nothing if it is neither an array of numbers nor a number."
sendable(number::Number) = sendable(fill(number))
sendable(array::AbstractArray{<:Union{Float64,Float32,UInt8}}) = Array(array)
sendable(array::AbstractArray{<:Integer}) = Array{Int32}(array)
sendable(array::AbstractArray{Bool}) = Array{UInt8}(array)
sendable(other) = nothing

function hello(last, request)
    fields = [
        "name" => "PORT_NAME",
        "language" => "Julia",
        "version" => string(VERSION),
        "blas" => "Julia's",
        "threads" => "1",
        "dtypes" => join(Mine.DTYPES, ','),
        "layers" => "",
        "operations" => join(map(first, OPERATIONS), ','),
        "optimizers" => "",
        "epsilon" => "any",
        "functions" => join(Mine.FUNCTIONS, ','),
    ]
    Message("ok", fields, [])
end

"The requested call, ready to be made any number of times."
function prepared(last, request)
    name = field(request, "function")
    Symbol(name) in Mine.FUNCTIONS || unsupported("no function $name in functions.jl")
    last.name, last.arrays = name, [key => native(array) for (key, array) in request.arrays]
    for (_, array) in last.arrays
        dtype = lowercase(string(eltype(array)))
        startswith(dtype, "float") && !(dtype in Mine.DTYPES) && unsupported("no $dtype")
    end
    prepared(getfield(Mine, Symbol(name)), Tuple(argument(array) for (_, array) in last.arrays))
end

"All types are known to this closure, so that a measured call looks up nothing."
prepared(f, arguments::Tuple) = () -> f(arguments...)

function call(last, request)
    results = prepared(last, request)()
    wrong(what, got) = refuse("$(last.name) in functions.jl: expected $what, got $(summary(got))")
    results isa NamedTuple || wrong("a named tuple of results", results)
    reply(map(collect(Pair{Symbol,Any}, pairs(results))) do (key, result)
        array = sendable(result)
        array === nothing && wrong("$key to be an array of numbers, or a number", result)
        Pair{String,Any}(string(key), array)
    end)
end

inputs(last, request) = reply(Pair{String,Any}[key => sendable(array) for (key, array) in last.arrays])

null(last, request) = reply(Arrays())

function measure(last, request)
    operation = field(request, "operation")
    operation in ("call", "null") || unsupported("no operation $operation to time")
    calls, samples = only(whole_numbers(request, "calls")), only(whole_numbers(request, "samples"))
    timed = operation == "call" ? prepared(last, request) : () -> nothing
    reply(Pair{String,Any}["nanoseconds" => elapsed(timed, calls, samples)])
end

const OPERATIONS = ["hello" => hello, "call" => call, "inputs" => inputs, "null" => null, "time" => measure]
