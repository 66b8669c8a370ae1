# Messages: one line of text, then the arrays that it announces, each a standard .npy record.
#
#     ok epsilon=0 arrays=loss,dW1\n <npy of loss> <npy of dW1>
#
# docs/protocol.md is the specification; this file is its Julia reading. It works on any blocking streams.

const MAX_LINE = 65536
const MAX_HEADER = 4096
const MAX_BYTES = 1 << 33
const MAX_DIMENSIONS = 32
const MAGIC = b"\x93NUMPY"
const DTYPES = Dict("<f8" => Float64, "<f4" => Float32, "<i4" => Int32, "|u1" => UInt8)
const DESCRS = Dict(T => descr for (descr, T) in DTYPES)

"What arrived is not a message of the protocol: says what was expected and what came."
struct WireError <: Exception
    message::String
end

Base.showerror(io::IO, error::WireError) = print(io, error.message)

"A word (an operation, or the outcome of one), its fields, and its arrays, all in order."
struct Message
    word::String
    fields::Vector{Pair{String,String}}
    arrays::Vector{Pair{String,Any}}
end

"Write the message. Arrays go as they lie in memory: column by column, or, as `by_rows` gives them, row by row."
function write_message(io::IO, message::Message)
    print(io, message.word)
    for (key, value) in message.fields
        print(io, ' ', key, '=', quoted(value))
    end
    isempty(message.arrays) || print(io, " arrays=", join(map(first, message.arrays), ','))
    print(io, '\n')
    for (_, array) in message.arrays
        write_array(io, array)
    end
end

write_array(io::IO, array::Array) = write_array(io, array, ndims(array) > 1 ? "True" : "False", size(array))
write_array(io::IO, array::PermutedDimsArray) = write_array(io, parent(array), "False", size(array))

function write_array(io::IO, data, fortran, shape)
    header = "{'descr': '$(DESCRS[eltype(data)])', 'fortran_order': $fortran, 'shape': $shape, }"
    header *= ' '^mod(-length(header) - 11, 64) * '\n'  # the data begins at a multiple of 64
    write(io, MAGIC, [0x01, 0x00], htol(UInt16(length(header))))
    write(io, header, data)
end

"The next message, or nothing at a clean end of the stream. Throws WireError."
function read_message(io::IO)
    line = read_line(io)
    isempty(line) && return nothing
    message, names = parse_line(line)
    for name in names
        push!(message.arrays, name => read_array(io, name))
    end
    message
end

"The bytes up to and including the next newline, at most MAX_LINE of them; none at the end."
function read_line(io::IO)
    line = UInt8[]
    while length(line) < MAX_LINE && !eof(io)
        push!(line, read(io, UInt8))
        line[end] == UInt8('\n') && break
    end
    String(line)
end

function parse_line(line)
    endswith(line, '\n') ||
        throw(WireError("expected a line of at most $MAX_LINE bytes and its end, came $(shown(line))"))
    isvalid(line) || throw(WireError("expected a line of UTF-8 text, came $(shown(line))"))
    words = split(chop(line), ' ')
    occursin(r"^[A-Za-z_]+$", words[1]) || throw(WireError("expected a line 'word key=value ...', came $(shown(line))"))
    fields = Pair{String,String}[]
    for pair in words[2:end]
        key, value = occursin('=', pair) ? split(pair, '=', limit = 2) : ("", "")
        (key != "" && !(key in map(first, fields))) ||
            throw(WireError("expected each field once, as key=value, came $(shown(pair)) in $(shown(line))"))
        push!(fields, key => unquoted(value))
    end
    names = [name for (key, value) in fields if key == "arrays" for name in split(value, ',')]
    (allunique(names) && !("" in names)) ||
        throw(WireError("expected each array to have a name of its own, came $(shown(line))"))
    Message(words[1], filter(field -> field.first != "arrays", fields), []), names
end

"The next .npy record: an Array, or what `by_rows` makes of one."
function read_array(io::IO, name)
    try
        magic = read_bytes(io, 8)
        magic in ([MAGIC; 0x01; 0x00], [MAGIC; 0x02; 0x00]) ||
            throw(WireError("array $name: expected an .npy record (\\x93NUMPY ...), came $(shown(String(magic)))"))
        count = ltoh(read(io, magic[7] == 0x01 ? UInt16 : UInt32))
        count <= MAX_HEADER ||
            throw(WireError("array $name: expected an .npy header of at most $MAX_HEADER bytes, came one of $count"))
        T, fortran, shape = parse_header(String(read_bytes(io, count)), name)
        prod(Float64[shape...]) * sizeof(T) <= MAX_BYTES ||
            throw(WireError("array $name: expected at most $MAX_BYTES bytes of data, came shape $shape of $T"))
        data = read!(io, Array{T}(undef, fortran ? shape : reverse(shape)))
        fortran ? data : by_rows(data)
    catch error
        error isa EOFError ? throw(WireError("array $name: the stream ended in the middle of it")) : rethrow()
    end
end

"""
The array whose memory, row by row, is that of this one, column by column: its dimensions are the other way round. It
is a view, the transpose of a matrix.
"""
by_rows(data::Union{Array{T,0},Vector{T}}) where {T} = data
by_rows(data::Matrix) = transpose(data)
by_rows(data::Array) = PermutedDimsArray(data, ndims(data):-1:1)

read_bytes(io::IO, count) = read!(io, Vector{UInt8}(undef, count))

function parse_header(header, name)
    descr = match(r"'descr': *'([^']*)'", header)
    fortran = match(r"'fortran_order': *(True|False)", header)
    shape = match(r"'shape': *\(((\d{1,18}, *)*(\d{1,18})?)\)", header)
    any(isnothing, (descr, fortran, shape)) &&
        throw(WireError("array $name: not a valid .npy header: $(shown(header))"))
    haskey(DTYPES, descr[1]) ||
        throw(WireError("array $name: expected dtype <f8, <f4, <i4 or |u1, came $(shown(descr[1]))"))
    sizes = [parse(Int, size) for size in split(shape[1], r", *", keepempty = false)]
    length(sizes) <= MAX_DIMENSIONS ||
        throw(WireError("array $name: expected at most $MAX_DIMENSIONS dimensions, came shape ($(shape[1]))"))
    DTYPES[descr[1]], fortran[1] == "True", Tuple(sizes)
end

"The text with each byte that a field cannot hold as %XX."
quoted(text) = join(is_plain(byte) ? Char(byte) : "%" * string(byte, base = 16, pad = 2) for byte in codeunits(text))

is_plain(byte) = 0x21 <= byte <= 0x7e && byte != UInt8('%')

"The way back. Neighbouring %XX are bytes of one text."
unquoted(text) = replace(text, r"(%[0-9A-Fa-f]{2})+" => run -> String(hex2bytes(replace(run, "%" => ""))))

"The beginning of what came, for an error message."
shown(text) = repr(first(text, 80)) * (length(text) > 80 ? "..." : "")
