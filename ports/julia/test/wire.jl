# What is written is read back, in both orders and every dtype; what is no message is refused with its reason.

using .LayeredNet: Message, WireError, by_rows, read_message, write_message

written(message) = sprint(write_message, message)
reading(text) = read_message(IOBuffer(text))

"The record that NumPy writes of an array."
function npy(descr, fortran, shape, bytes, version = "\x01\x00")
    header = "{'descr': '$descr', 'fortran_order': $fortran, 'shape': $shape, }\n"
    size = version == "\x01\x00" ? UInt16(length(header)) : UInt32(length(header))
    [codeunits("\x93NUMPY" * version); reinterpret(UInt8, [htol(size)]); codeunits(header); bytes]
end

numbers(T, count) = reinterpret(UInt8, T[htol(T(i)) for i in 1:count])
message(name, record) = [codeunits("ok arrays=$name\n"); record]
array(record) = reading(message("a", record)).arrays[1].second

@testset "round trip" begin
    arrays = Any["a.dx" => [1.0 2 3; 4 5 6], "b" => Float32[1, 2], "c" => fill(3.0), "d" => Int32[7], "e" => ones(1, 1)]
    push!(arrays, "f" => UInt8[0 255], "g" => collect(reshape(1.0:24, 2, 3, 4)), "h" => zeros(2, 0, 1, 3))
    sent = Message("ok", ["epsilon" => "0", "message" => "50 % of\nnaïve = a", "empty" => ""], arrays)
    text = written(sent)
    @test startswith(text, "ok epsilon=0 message=50%20%25%20of%0ana%c3%afve%20=%20a empty= arrays=a.dx,b,c,d,e,f,g,h\n")
    came = reading(text)
    @test (came.word, came.fields, came.arrays) == (sent.word, sent.fields, sent.arrays)
    @test written(came) == text
    @test map(p -> typeof(p.second), came.arrays) == map(p -> typeof(p.second), arrays)
end

@testset "records are padded to a multiple of 64 bytes" begin
    for array in (fill(1.0), zeros(Float32, 12345), zeros(3, 1))
        text = written(Message("ok", [], ["a" => array]))
        @test (length(codeunits(text)) - length("ok arrays=a\n") - sizeof(array)) % 64 == 0
    end
end

@testset "NumPy's records: $T" for (descr, T) in
        ("<f8" => Float64, "<f4" => Float32, "<i4" => Int32, "|u1" => UInt8)
    @test array(npy(descr, "True", "(2, 3)", numbers(T, 6))) == [1 3 5; 2 4 6]
    @test array(npy(descr, "False", "(2, 3)", numbers(T, 6))) == [1 2 3; 4 5 6]
    @test array(npy(descr, "False", "(2, 3)", numbers(T, 6), "\x02\x00")) == [1 2 3; 4 5 6]
    @test array(npy(descr, "False", "(3,)", numbers(T, 3))) == [1, 2, 3]
    @test array(npy(descr, "False", "()", numbers(T, 1))) == fill(1)
    @test size(array(npy(descr, "False", "(0, 3)", UInt8[]))) == (0, 3)
    @test eltype(array(npy(descr, "False", "(1, 1)", numbers(T, 1)))) == T
end

@testset "any number of dimensions, in both orders: $dims" for dims in
        ((2, 3, 4), (2, 1, 3, 2), (0, 2, 3), ntuple(_ -> 1, 32))
    fortran = reshape(Int32.(1:prod(dims)), dims)
    rows = permutedims(reshape(Int32.(1:prod(dims)), reverse(dims)), length(dims):-1:1)
    @test array(npy("<i4", "True", string(dims), numbers(Int32, prod(dims)))) == fortran
    @test array(npy("<i4", "False", string(dims), numbers(Int32, prod(dims)))) == rows
    came = reading(written(Message("ok", [], ["a" => rows]))).arrays[1].second
    @test came isa Array{Int32,length(dims)} && came == rows
    again = reading(written(Message("ok", [], ["a" => by_rows(parent(by_rows(rows)))]))).arrays[1].second
    @test again isa PermutedDimsArray && again == permutedims(rows, length(dims):-1:1)
end

@testset "messages one after the other, and the end" begin
    stream = IOBuffer("hello protocol=1\ninputs\n")
    @test read_message(stream).fields == ["protocol" => "1"]
    @test read_message(stream).word == "inputs"
    @test read_message(stream) === nothing
end

@testset "refused: $reason" for (text, reason) in [
    "hello" => "its end",
    "a"^70000 => "its end",
    "hé\xff\n" => "UTF-8",
    "12 a=b\n" => "word key=value",
    "\n" => "word key=value",
    "ok  a=b\n" => "key=value",
    "ok a\n" => "key=value",
    "ok a=1 a=2\n" => "each field once",
    "ok arrays=a,a\n" => "a name of its own",
    "ok arrays=\n" => "a name of its own",
    "ok arrays=a\n" => "array a: the stream ended",
    "ok arrays=a\nnothing like npy" => "expected an .npy record",
    message("a", npy("<f8", "False", "(2,)", numbers(Float64, 2))[1:end-1]) => "array a: the stream ended",
    message("a", npy("<f8", "False", "(2,)", UInt8[])[1:20]) => "array a: the stream ended",
    message("a", npy("|O", "False", "(2,)", UInt8[])) => "expected dtype",
    message("a", npy("<f8", "Maybe", "(2,)", UInt8[])) => "not a valid .npy header",
    message("a", npy("<f8", "False", "(-2,)", UInt8[])) => "not a valid .npy header",
    message("a", npy("<f8", "False", "(" * "1, "^33 * ")", numbers(Float64, 1))) => "at most 32 dimensions",
    message("a", npy("<f8", "False", "(999999999999, 999999999999)", UInt8[])) => "bytes of data",
    message("a", npy("<f8", "False", "(1,)" * " "^5000, UInt8[])) => "at most 4096 bytes",
]
    error = try reading(text) catch e; e end
    @test error isa WireError
    @test occursin(reason, sprint(showerror, error))
end
