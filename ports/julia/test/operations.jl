# The operations: labels from 0, arrays in either order, and requests that are wrong.

using .LayeredNet: OPERATIONS, by_rows, OPTIMIZERS, Port, Refusal, TIMED
using LinearAlgebra: transpose

"The arrays that an operation gives, by name."
ask(port, word, fields, arrays...) =
    Dict(Dict(OPERATIONS)[word](port, Message(word, collect(fields), collect(arrays))).arrays)

"The same matrix as it comes from C order."
c_order(a) = transpose(permutedims(a))

parameters = ["W1" => matrix(4, 5), "b1" => ones(5), "W2" => matrix(5, 3), "b2" => zeros(3)]
fields = ["sizes" => "4,5,3", "activation" => "relu", "dtype" => "float64", "epsilon" => "0"]
batch_of_two, labels = matrix(2, 4), Int32[2, 0]

function loaded(t = labels, x = batch_of_two)
    port = Port()
    ask(port, "load", fields, "x" => x, "t" => t, deepcopy(parameters)...)  # training changes what was loaded
    port
end

@testset "labels count from 0, and mean the same as one-hot" begin
    expected = Dict(gradient(Network([matrix(4, 5), matrix(5, 3)], [ones(5), zeros(3)]), batch_of_two, [3, 1]))
    @test ask(loaded(), "gradient", []) == Dict(expected..., "loss" => fill(expected["loss"]))
    @test ask(loaded([0.0 0 1; 1 0 0]), "gradient", []) == ask(loaded(), "gradient", [])
    @test ask(loaded(labels, c_order(batch_of_two)), "trace", []) == ask(loaded(), "trace", [])
end

@testset "inputs gives the arrays back" begin
    port = loaded(labels, c_order(batch_of_two))
    ask(port, "gradient", [])
    ask(port, "numerical_gradient", ["step" => "1e-4"])
    came = ask(port, "inputs", [])
    @test came == Dict("x" => batch_of_two, "t" => labels, parameters...)
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
    for kind in ("multiply", "add", "relu", "sigmoid", "tanh"), (_, array) in
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
    @test_throws Refusal("unsupported", "no operation accuracy to time") ask(loaded(), "time", to_time("accuracy"))
end

constants = ["learning_rate" => "0.1", "momentum" => "0.9", "decay" => "0.9", "beta1" => "0.9", "beta2" => "0.99"]
"The fields of a request that names this optimizer."
by(optimizer, others...) = ["optimizer" => optimizer, constants..., others...]
"The optimizer with the numbers of these fields."
made(kind) = kind((parse(Float64, Dict(constants)[string(name)]) for name in fieldnames(kind))...)

pixels, classes = UInt8[0 51 102 255; 1 2 3 4; 9 8 7 6], UInt8[2, 0, 1]
batches_of_two = Int32[0 2; 1 1; 2 0]

function with_data(port = loaded(), pixels = pixels)
    ask(port, "data", ["set" => "train", "scale" => "255"], "images" => pixels, "labels" => classes)
    port
end

@testset "time train_step with $name, which is not the one that trains" for (name, _) in OPTIMIZERS
    port = with_data()
    twin = with_data()
    ask.((port, twin), "train", Ref(by("adam")), Ref("batches" => batches_of_two))
    before = deepcopy(ask(port, "gradient", []))
    @test length(ask(port, "time", to_time("train_step", by(name)...))["nanoseconds"]) == 3
    @test ask(port, "gradient", []) == before
    ask.((port, twin), "train", Ref(by("adam")), Ref("batches" => batches_of_two))
    @test ask(port, "params", []) == ask(twin, "params", [])
end

@testset "train by $name: what train! does, with the losses" for (name, kind) in OPTIMIZERS
    net = Network([matrix(4, 5), matrix(5, 3)], [ones(5), zeros(3)])
    images, optimizer = Images(permutedims(pixels), [3, 1, 2], 255.0), made(kind)
    losses = train!(net, images, permutedims(batches_of_two), optimizer, State(optimizer, net))
    for (images, batches) in ((pixels, batches_of_two), (c_order(pixels), c_order(batches_of_two)))
        port = with_data(loaded(), images)
        came = ask(port, "train", by(name), "batches" => batches)
        @test came["loss"] == losses
        @test came["nanoseconds"] isa Array{Float64,0} && came["nanoseconds"][] > 0
        @test ask(port, "params", []) == Dict(params(net))
        loss, accuracy = evaluate(net, Images(permutedims(pixels), [3, 1, 2], 255.0))
        @test ask(port, "evaluate", ["set" => "train"]) == Dict("loss" => fill(loss), "accuracy" => fill(accuracy))
    end
end

@testset "the state lives on with the same optimizer and numbers, and is new after load" begin
    train(port, fields, batches) = ask(port, "train", fields, "batches" => batches)
    at_once, parts, other = with_data(), with_data(), with_data()
    train(at_once, by("adam"), batches_of_two)
    foreach(i -> train(parts, by("adam"), batches_of_two[i:i, :]), 1:3)
    @test ask(at_once, "params", []) == ask(parts, "params", [])
    train(other, by("adam"), batches_of_two[1:1, :])
    train(other, by("sgd"), batches_of_two[1:0, :])
    train(other, by("adam"), batches_of_two[2:3, :])
    @test ask(other, "params", []) != ask(parts, "params", [])
    ask(parts, "load", fields, "x" => batch_of_two, "t" => labels, deepcopy(parameters)...)
    @test Dict(parameters) == ask(parts, "params", [])
    train(parts, by("adam"), batches_of_two)
    @test ask(parts, "params", []) == ask(at_once, "params", [])
end

@testset "data is kept by set, and sent again replaces it" begin
    port = with_data()
    first_loss = ask(port, "evaluate", ["set" => "train"])["loss"]
    ask(port, "data", ["set" => "test", "scale" => "1"], "images" => pixels, "labels" => classes)
    @test ask(port, "evaluate", ["set" => "train"])["loss"] == first_loss
    @test ask(port, "evaluate", ["set" => "test"])["loss"] != first_loss
    ask(port, "data", ["set" => "train", "scale" => "1"], "images" => pixels, "labels" => classes)
    @test ask(port, "evaluate", ["set" => "train"]) == ask(port, "evaluate", ["set" => "test"])
end

@testset "update by $name of shape $(size(p)) and type $(eltype(p))" for (name, kind) in OPTIMIZERS, p in
        ([1.0, 2], [1f0, 2], matrix(3, 2), c_order(matrix(3, 2)))
    optimizer = made(kind)
    names = state_names(optimizer)
    expected = [Array(p), map(_ -> fill!(Array(p), 0.5), names)...]
    came = ask(Port(), "update", by(name, "iteration" => "7"), "p" => copy(p), "dp" => copy(p),
        (key => copy(array) for (key, array) in zip(names, expected[2:end]))...)
    update_one!(optimizer, 7, expected[1], Array(p), expected[2:end]...)
    @test came == Dict(zip(("p", names...), expected))
    @test all(array -> typeof(array) == typeof(Array(p)), values(came))
end

@testset "an unknown optimizer is unsupported by $word" for word in ("train", "update", "time")
    fields = to_time("train_step", by("lion")...)
    @test_throws Refusal("unsupported", "no optimizer lion") ask(with_data(), word, fields)
end

@testset "refused with data: $reason" for (word, fields, arrays, reason) in [
    ("data", ["set" => "all", "scale" => "1"], [], "expected the set train, validation, test, came all"),
    ("data", ["set" => "train", "scale" => "1"], ["images" => ones(2, 4)], "of uint8 (any, any), came float64 (2, 4)"),
    ("data", ["set" => "train", "scale" => "1"], ["images" => pixels, "labels" => UInt8[1]], "came uint8 (1)"),
    ("train", by("sgd"), ["batches" => Int32[3][:, :]], "expected rows from 0 to 2, came 3 to 3"),
    ("train", by("sgd"), ["batches" => Int32[-1][:, :]], "expected rows from 0 to 2, came -1 to -1"),
    ("train", by("sgd"), ["batches" => [1.0]], "expected batches of int32 (any, any), came float64 (1)"),
    ("train", ["optimizer" => "sgd"], [], "expected the field learning_rate"),
    ("evaluate", ["set" => "test"], [], "expected the set test to have been sent with data, came train"),
    ("update", by("sgd"), [], "expected an array p, came none"),
    ("update", by("momentum"), ["p" => [1.0]], "expected an array v, came p"),
    ("update", by("sgd", "iteration" => "0"), ["p" => [1.0], "dp" => [1.0]], "whole numbers from 1"),
    ("update", by("sgd"), ["p" => Int32[1]], "expected p of float32 or float64, came int32 (1)"),
]
    error = try ask(with_data(), word, fields, arrays...) catch e; e end
    @test error isa Exception
    @test occursin(reason, sprint(showerror, error))
end

@testset "images that do not fit the network" begin
    refusal(port) = try ask(port, "evaluate", ["set" => "train"]) catch e; sprint(showerror, e) end
    @test refusal(with_data(loaded(), pixels[:, 1:3])) == "expected images of 4 pixels, came 3"
    port = loaded()
    ask(port, "data", ["set" => "train", "scale" => "1"], "images" => pixels, "labels" => UInt8[2, 3, 0])
    @test refusal(port) == "expected labels of images from 0 to 2, came 3"
    @test refusal(Port()) == "nothing is loaded yet: send load first"
    @test refusal(loaded()) == "expected the set train to have been sent with data, came none"
end

@testset "null does nothing" begin
    reply = Dict(OPERATIONS)["null"](Port(), Message("null", [], []))
    @test (reply.word, reply.fields, reply.arrays) == ("ok", [], [])
end

@testset "refused: $reason" for (word, fields, arrays, reason) in [
    ("gradient", [], [], "nothing is loaded yet: send load first"),
    ("layer", [], [], "expected the field kind"),
    ("layer", ["kind" => "elu"], [], "no layer elu"),
    ("layer", ["kind" => "relu"], [], "expected an array x, came none"),
    ("layer", ["kind" => "relu"], Any["x" => [1.0]], "expected an array dout, came x"),
    ("layer", ["kind" => "relu"], Any["x" => Int32[1], "dout" => [1.0]], "came int32 (1)"),
    ("layer", ["kind" => "relu"], Any["x" => [1.0], "dout" => [1f0]], "expected dout of float64 (1), came float32 (1)"),
    ("layer", ["kind" => "add"], Any["x" => ones(2, 1), "y" => ones(1, 2)], "expected y of float64 (2, 1)"),
    ("layer", ["kind" => "affine"], Any["x" => [1.0]],
     "expected x to be (batch, features) or (batch, channels, height, width), came (1)"),
    ("layer", ["kind" => "affine"], Any["x" => ones(2, 3), "W" => ones(2, 3)], "expected W of float64 (3, any)"),
    ("layer", softmax, Any["x" => ones(2, 3), "t" => Int32[0]], "expected 2 labels"),
    ("layer", softmax, Any["x" => ones(1, 3), "t" => Int32[3]], "from 0 to 2, came 3"),
    ("layer", softmax, Any["x" => ones(1, 3), "t" => Int32[-1]], "from 0 to 2, came -1"),
    ("time", [], [], "expected the field operation in the request time"),
    ("time", to_time("gradient"), [], "nothing is loaded yet: send load first"),
    ("time", ["operation" => "null", "calls" => "0", "samples" => "1"], [], "whole numbers from 1, came calls=0"),
    ("time", to_time("layer", "kind" => "elu"), [], "no layer elu"),
    ("load", ["sizes" => "4"], [], "two sizes or more"),
    ("load", ["sizes" => "4,a"], [], "expected whole numbers from 1, came sizes=4,a"),
    ("load", ["sizes" => "4,3", "dtype" => "float16"], [], "came float16"),
    ("load", fields, Any["x" => ones(2, 3)], "expected x of float64 (any, 4), came float64 (2, 3)"),
    ("load", fields, Any["x" => batch_of_two, "t" => labels, "W1" => ones(4, 3)], "expected W1 of float64 (4, 5)"),
]
    error = try ask(Port(), word, fields, arrays...) catch e; e end
    @test error isa Exception
    @test occursin(reason, sprint(showerror, error))
end

@testset "refused to time: $reason" for (fields, reason) in [
    to_time("numerical_gradient") => "expected the field step",
    to_time("train_step", "optimizer" => "adam") => "expected the field learning_rate",
    to_time("products", "affines" => "2,3") => "expected affines 1, 2, came 2, 3",
]
    error = try ask(loaded(), "time", fields) catch e; e end
    @test occursin(reason, sprint(showerror, error))
end

# A network of images: x is (batch, channels, height, width) as it travels.
of_images(a) = by_rows(collect(a))
picture_fields = [
    "layers" => "convolution,relu,max_pooling,dropout,affine,batch_norm,softmax_with_loss", "dtype" => "float64",
    "epsilon" => "0", "weight_decay" => "0.5", "convolution1.stride" => "1", "convolution1.pad" => "1",
    "max_pooling1.height" => "2", "max_pooling1.width" => "3", "max_pooling1.stride" => "2", "max_pooling1.pad" => "0",
    "dropout1.ratio" => "0.5", "batch_norm3.momentum" => "0.9", "batch_norm3.epsilon" => "0.1",
]
picture_arrays = [
    "x" => of_images(waves(4, 3, 1, 2)), "t" => labels, "W1" => of_images(waves(2, 2, 1, 2)), "b1" => ones(2),
    "W2" => matrix(8, 3), "b2" => zeros(3), "gamma3" => ones(3), "beta3" => zeros(3), "running_mean3" => zeros(3),
    "running_var3" => ones(3), "mask1" => of_images(UInt8[1 0; 1 1] .* ones(UInt8, 2, 2, 2, 2)),
]

function with_pictures(fields = picture_fields, arrays = picture_arrays)
    port = Port()
    ask(port, "load", fields, deepcopy(arrays)...)
    ask(port, "data", ["set" => "train", "scale" => "255"],
        "images" => UInt8[(17i + 5j^2) % 256 for i in 1:3, j in 1:12], "labels" => classes)
    port
end

@testset "images come and go in either order" begin
    port, other = with_pictures(), with_pictures(picture_fields, [n => convert(Array, a) for (n, a) in picture_arrays])
    came = deepcopy(ask(port, "trace", []))
    @test came == ask(other, "trace", [])
    @test size(came["convolution1.out"]) == (2, 2, 4, 5) && size(came["convolution1.dW"]) == (2, 1, 2, 2)
    foreach(name -> ask(port, name, ["step" => "0.1"]), ("predict", "gradient", "numerical_gradient"))
    @test ask(port, "inputs", []) == Dict(picture_arrays) == ask(other, "inputs", [])
    @test ask(port, "inputs", [])["mask1"] isa AbstractArray{UInt8,4}
    @test came == ask(port, "trace", [])
end

@testset "only train moves the running statistics on" begin
    port, before = with_pictures(), Dict(picture_arrays)
    ask(port, "time", to_time("train_step", by("sgd")...))
    @test ask(port, "params", [])["running_mean3"] == before["running_mean3"]
    @test ask(port, "params", [])["W1"] == before["W1"]
    gradient_before = deepcopy(ask(port, "gradient", []))
    masks = of_images(UInt8[i % 3 != 0 for i in reshape(1:48, 2, 2, 2, 2, 3)])
    ask(port, "train", by("sgd"), "batches" => batches_of_two, "mask1" => masks)
    @test ask(port, "params", [])["running_mean3"] != before["running_mean3"]
    @test collect(keys(gradient_before)) == collect(keys(ask(port, "gradient", [])))  # whose mask is that of load
    @test_throws Refusal ask(port, "train", by("sgd"), "batches" => batches_of_two)
end

without(name) = filter(pair -> pair.first != name, picture_arrays)
changed(pair) = [first == pair.first ? pair : first => value for (first, value) in picture_fields]

@testset "refused in a network: $reason" for (fields, arrays, reason) in [
    (changed("layers" => "convolution,elu,squared_error"), picture_arrays, "no layer elu"),
    (changed("layers" => "convolution,relu"), picture_arrays,
     "expected layers with softmax_with_loss or squared_error"),
    (changed("layers" => "convolution,squared_error"), picture_arrays, "before the loss, came (2, 2, 4, 5)"),
    (changed("layers" => "affine,convolution,squared_error"), ["x" => ones(2, 3), "W1" => ones(3, 2), "b1" => ones(2)],
     "expected the input of convolution2 to be (batch, channels, height, width), came (2, 2)"),
    (filter(pair -> pair.first != "convolution1.pad", picture_fields), picture_arrays, "the field convolution1.pad"),
    (changed("convolution1.stride" => "0"), picture_arrays, "whole numbers from 1, came convolution1.stride=0"),
    (changed("convolution1.pad" => "-1"), picture_arrays, "whole numbers from 0, came convolution1.pad=-1"),
    (changed("max_pooling1.width" => "6"), picture_arrays, "expected windows of 1 x 1 to 4 x 5, came 2 x 6"),
    (picture_fields, without("gamma3"), "expected an array gamma3"),
    (picture_fields, ["W2" => ones(7, 3); without("W2")], "expected W2 of float64 (8, any), came float64 (7, 3)"),
    (picture_fields, ["W1" => of_images(ones(2, 2, 3, 2)); without("W1")], "expected W1 of float64 (any, 1, any, any)"),
    (picture_fields, ["mask1" => of_images(ones(2, 2, 2, 2)); without("mask1")],
     "expected mask1 of uint8 (2, 2, 2, 2)"),
    (picture_fields, ["x" => ones(3); without("x")], "expected x of float64 (any, any), came float64 (3)"),
]
    error = try with_pictures(fields, arrays) catch e; e end
    @test error isa Refusal
    @test occursin(reason, sprint(showerror, error))
end

@testset "a load that failed leaves the earlier case" begin
    port = loaded()
    before = deepcopy(ask(port, "gradient", []))
    @test_throws Refusal ask(port, "load", fields, "x" => batch_of_two)
    @test ask(port, "gradient", []) == before
end

@testset "hello" begin
    reply = Dict(LayeredNet.hello(Port(), Message("hello", [], [])).fields)
    @test split(reply["operations"], ',') == map(first, OPERATIONS)
    @test reply["optimizers"] == "sgd,momentum,nesterov,adagrad,rmsprop,adam"
    @test reply["version"] == string(VERSION)
    @test parse(Int, reply["threads"]) >= 1
    @test reply["blas"] != ""
end

if VERSION >= v"1.9"  # it is compiled already
    @testset "the warm-up asks for nothing that is refused" begin
        @test LayeredNet.warm_up() === nothing
    end
end
