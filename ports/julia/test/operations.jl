# The operations: labels from 0, arrays in either order, and requests that are wrong.

using .LayeredNet: OPERATIONS, Port, TIMED
using LinearAlgebra: transpose

"The arrays that an operation gives, by name."
ask(port, word, fields, arrays...) =
    Dict(Dict(OPERATIONS)[word](port, Message(word, collect(fields), collect(arrays))).arrays)

"The same matrix as it comes from C order."
c_order(a) = transpose(permutedims(a))

parameters = ["W1" => matrix(4, 5), "b1" => ones(5), "W2" => matrix(5, 3), "b2" => zeros(3)]
fields = ["sizes" => "4,5,3", "activation" => "relu", "dtype" => "float64", "epsilon" => "0"]
batch, labels = matrix(2, 4), Int32[2, 0]

function loaded(t = labels, x = batch)
    port = Port()
    ask(port, "load", fields, "x" => x, "t" => t, parameters...)
    port
end

@testset "labels count from 0, and mean the same as one-hot" begin
    expected = Dict(gradient(Network([matrix(4, 5), matrix(5, 3)], [ones(5), zeros(3)]), batch, [3, 1]))
    @test ask(loaded(), "gradient", []) == Dict(expected..., "loss" => fill(expected["loss"]))
    @test ask(loaded([0.0 0 1; 1 0 0]), "gradient", []) == ask(loaded(), "gradient", [])
    @test ask(loaded(labels, c_order(batch)), "trace", []) == ask(loaded(), "trace", [])
end

@testset "inputs gives the arrays back" begin
    port = loaded(labels, c_order(batch))
    ask(port, "gradient", [])
    ask(port, "numerical_gradient", ["step" => "1e-4"])
    came = ask(port, "inputs", [])
    @test came == Dict("x" => batch, "t" => labels, parameters...)
    @test came["t"] isa Vector{Int32}
end

@testset "a layer leaves the loaded case alone" begin
    port = loaded()
    before = deepcopy(ask(port, "gradient", []))
    @test ask(port, "layer", ["kind" => "relu"], "x" => [1.0, -1], "dout" => [3.0, 4]) ==
        Dict("out" => [1, 0], "dx" => [3, 0])
    @test ask(port, "gradient", []) == before
    @test ask(port, "inputs", []) == Dict("x" => [1, -1], "dout" => [3, 4])
end

@testset "layers of shape $(size(a)) and type $(eltype(a))" for a in
        (fill(2.0), fill(2f0), [2.0, 3], [2f0 3; 4 5], matrix(1, 3), matrix(3, 1))
    b = copy(a)
    b .+= 1
    product = ask(Port(), "layer", ["kind" => "multiply"], "x" => a, "y" => b, "dout" => b)
    @test vec(product["out"]) == vec(a) .* vec(b)
    for kind in ("multiply", "add", "relu", "sigmoid"), (_, array) in
            ask(Port(), "layer", ["kind" => kind], "x" => a, "y" => b, "dout" => b)
        @test typeof(array) == typeof(a) && size(array) == size(a)
    end
end

softmax = ["kind" => "softmax_with_loss", "epsilon" => "0"]

"The fields of a request to time this operation."
to_time(operation, others...) = ["operation" => operation, "calls" => "2", "samples" => "3", others...]
timing_fields =
    ["step" => "1e-4", "optimizer" => "sgd", "learning_rate" => "0.5", "affines" => "1,2", "kind" => "relu"]

@testset "time $operation: three samples, and nothing is changed by it" for operation in TIMED
    port = loaded()
    before = deepcopy((ask(port, "gradient", []), ask(port, "inputs", [])))
    came = ask(port, "time", to_time(operation, timing_fields...), "x" => [1.0, -1], "dout" => [3.0, 4])
    @test collect(keys(came)) == ["nanoseconds"]
    @test came["nanoseconds"] isa Vector{Float64} && length(came["nanoseconds"]) == 3
    @test all(came["nanoseconds"] .>= 0)
    @test (ask(port, "gradient", []), ask(port, "inputs", [])) == before
end

@testset "a training step moves the parameters while it is timed" begin
    port = loaded()
    before = deepcopy(ask(port, "gradient", []))
    LayeredNet.timed(port, "train_step", Message("time", timing_fields, []))()
    @test ask(port, "gradient", []) != before
end

@testset "to time what is not there is unsupported" begin
    reply = Dict(OPERATIONS)["time"](loaded(), Message("time", to_time("accuracy"), []))
    @test reply.word == "unsupported"
    @test reply.fields == ["message" => "no operation accuracy to time"]
end

@testset "null does nothing" begin
    reply = Dict(OPERATIONS)["null"](Port(), Message("null", [], []))
    @test (reply.word, reply.fields, reply.arrays) == ("ok", [], [])
end

@testset "refused: $reason" for (word, fields, arrays, reason) in [
    ("gradient", [], [], "nothing is loaded yet: send load first"),
    ("layer", [], [], "expected the field kind"),
    ("layer", ["kind" => "tanh"], [], "came tanh"),
    ("layer", ["kind" => "relu"], [], "expected an array x, came none"),
    ("layer", ["kind" => "relu"], Any["x" => [1.0]], "expected an array dout, came x"),
    ("layer", ["kind" => "relu"], Any["x" => Int32[1], "dout" => [1.0]], "came int32 (1)"),
    ("layer", ["kind" => "relu"], Any["x" => [1.0], "dout" => [1f0]], "expected dout of float64 (1), came float32 (1)"),
    ("layer", ["kind" => "add"], Any["x" => ones(2, 1), "y" => ones(1, 2)], "expected y of float64 (2, 1)"),
    ("layer", ["kind" => "affine"], Any["x" => [1.0]], "expected x of float64 (any, any), came float64 (1)"),
    ("layer", ["kind" => "affine"], Any["x" => ones(2, 3), "W" => ones(2, 3)], "expected W of float64 (3, any)"),
    ("layer", softmax, Any["x" => ones(2, 3), "t" => Int32[0]], "expected 2 labels"),
    ("layer", softmax, Any["x" => ones(1, 3), "t" => Int32[3]], "from 0 to 2, came 3"),
    ("layer", softmax, Any["x" => ones(1, 3), "t" => Int32[-1]], "from 0 to 2, came -1"),
    ("time", [], [], "expected the field operation in the request time"),
    ("time", to_time("gradient"), [], "nothing is loaded yet: send load first"),
    ("time", ["operation" => "null", "calls" => "0", "samples" => "1"], [], "whole numbers from 1, came calls=0"),
    ("time", to_time("layer", "kind" => "tanh"), [], "came tanh"),
    ("load", ["sizes" => "4"], [], "two sizes or more"),
    ("load", ["sizes" => "4,a"], [], "expected whole numbers from 1, came sizes=4,a"),
    ("load", ["sizes" => "4,3", "dtype" => "float16"], [], "came float16"),
    ("load", fields, Any["x" => ones(2, 3)], "expected x of float64 (any, 4), came float64 (2, 3)"),
    ("load", fields, Any["x" => batch, "t" => labels, "W1" => ones(4, 3)], "expected W1 of float64 (4, 5)"),
]
    error = try ask(Port(), word, fields, arrays...) catch e; e end
    @test error isa Exception
    @test occursin(reason, sprint(showerror, error))
end

@testset "refused to time: $reason" for (fields, reason) in [
    to_time("numerical_gradient") => "expected the field step",
    to_time("train_step", "optimizer" => "adam") => "expected the optimizer sgd, came adam",
    to_time("products", "affines" => "2,3") => "expected affines from 1 to 2, came 2,3",
]
    error = try ask(loaded(), "time", fields) catch e; e end
    @test occursin(reason, sprint(showerror, error))
end

@testset "a load that failed leaves the earlier case" begin
    port = loaded()
    before = deepcopy(ask(port, "gradient", []))
    @test_throws ErrorException ask(port, "load", fields, "x" => batch)
    @test ask(port, "gradient", []) == before
end

@testset "hello" begin
    reply = Dict(LayeredNet.hello(Port(), Message("hello", [], [])).fields)
    @test split(reply["operations"], ',') == map(first, OPERATIONS)
    @test reply["optimizers"] == "sgd"
    @test reply["version"] == string(VERSION)
    @test parse(Int, reply["threads"]) >= 1
    @test reply["blas"] != ""
end
