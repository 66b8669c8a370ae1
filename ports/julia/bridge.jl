# The Julia half of bridge.py: a request comes in pieces, as what Python calls with is then text and numbers alone.
# (A NumPy array itself would arrive as a PyArray, for which everything compiles anew and no product reaches BLAS.)

include("load.jl")

module Bridge

using ..LayeredNet: DTYPES, Message, OPERATIONS, Refusal, by_rows, failure

const HANDLERS = Dict(OPERATIONS)

request(word) = Message(word, [], [])

function add_field(request, key, value)
    push!(request.fields, key => value)
    nothing
end

"Add a copy of the contiguous array at this address, as it comes from a stream."
function add_array(request, name, descr, address, fortran, shape...)
    array = unsafe_wrap(Array, Ptr{DTYPES[descr]}(address), fortran ? shape : reverse(shape))
    push!(request.arrays, name => fortran ? copy(array) : by_rows(copy(array)))
    nothing
end

"The name of each array of the reply, its memory as an Array, and whether that is row by row."
arrays(reply) = [(name, array isa Array ? array : parent(array), !(array isa Array)) for (name, array) in reply.arrays]

"The reply; what is unsupported is one, too, and any other exception is for Python to tell."
function answer(port, request)
    try
        HANDLERS[request.word](port, request)
    catch error
        error isa Refusal && error.word == "unsupported" ? failure(error) : rethrow()
    end
end

end
