# What a request holds, checked: fields as text and numbers, arrays in Julia's layout; and replies.

"Named arrays, in order."
const Arrays = Vector{Pair{String,Any}}

"Why a request gets no results: the reply's word, `error` or `unsupported`, and its message, which says all."
struct Refusal <: Exception
    word::String
    message::String
end

Base.showerror(io::IO, refusal::Refusal) = print(io, refusal.message)

refuse(message) = throw(Refusal("error", message))
unsupported(message) = throw(Refusal("unsupported", message))

"The reply with these arrays."
reply(arrays::Arrays) = Message("ok", [], Pair{String,Any}[name => outgoing(array) for (name, array) in arrays])

"A number goes as an array of no dimensions."
outgoing(array) = array
outgoing(number::Number) = fill(number)

"The arrays of the request in Julia's layout: column by column, and the labels in t counted from 1."
native(request::Message) = Pair{String,Any}[name => native(array, name) for (name, array) in request.arrays]
native(array, name) = name == "t" && array isa Vector{Int32} ? array .+ 1 : native(array)
native(array) = convert(Array, array)

"The way back, for `inputs`."
received(arrays::Arrays) = Pair{String,Any}[name => received(array) for (name, array) in arrays]
received(array) = array
received(labels::Vector{Int}) = Int32.(labels .- 1)

"The value of a field of the request."
function field(request::Message, key)
    i = findfirst(pair -> pair.first == key, request.fields)
    i === nothing && refuse("expected the field $key in the request $(request.word)")
    request.fields[i].second
end

has_field(request::Message, key) = any(pair -> pair.first == key, request.fields)

function number(request::Message, key)
    value = tryparse(Float64, field(request, key))
    value === nothing ? refuse("expected a number, came $key=$(field(request, key))") : value
end

"The whole numbers in a field, joined by commas, each `least` or more."
function whole_numbers(request::Message, key, least = 1)
    values = [tryparse(Int, text) for text in split(field(request, key), ',')]
    all(value -> value isa Int && value >= least, values) ||
        refuse("expected whole numbers from $least, came $key=$(field(request, key))")
    Vector{Int}(values)
end

"The array of this name."
function find(arrays::Arrays, name)
    i = findfirst(pair -> pair.first == name, arrays)
    came = isempty(arrays) ? "none" : join(map(first, arrays), ", ")
    i === nothing ? refuse("expected an array $name, came $came") : arrays[i].second
end

"The array of this name, which must be of type T and have these dimensions, in Julia's layout; `:` is any."
function expect(arrays::Arrays, name, @nospecialize(T), dims...)
    array = find(arrays, name)
    fits = ndims(array) == length(dims) && all(((n, d),) -> d == (:) || d == n, zip(size(array), dims))
    (eltype(array) == T && fits) ||
        refuse("expected $name of $(described(T, dims)), came $(described(eltype(array), size(array)))")
    array
end

"The array of this name, of either type and any shape."
function expect_floats(arrays::Arrays, name)
    array = find(arrays, name)
    eltype(array) <: AbstractFloat ||
        refuse("expected $name of float32 or float64, came $(described(eltype(array), size(array)))")
    array
end

"t as it must be: one-hot rows of type T, or labels, counted from 1, of classes that there are."
function one_hot_or_labels(arrays::Arrays, @nospecialize(T), batch, classes)
    t = find(arrays, "t")
    t isa Vector{Int} || return expect(arrays, "t", T, batch, classes)
    length(t) == batch || refuse("expected $batch labels in t, came $(length(t))")
    all(in(1:classes), t) ||
        refuse("expected labels in t from 0 to $(classes - 1), came $(minimum(t) - 1) to $(maximum(t) - 1)")
    t
end

described(T, dims) = "$(lowercase(string(T))) $(described(dims))"

described(dims) = "($(join((d == (:) ? "any" : d for d in as_sent(dims)), ", ")))"

"The dimensions as who sent them has them."
as_sent(dims) = dims
