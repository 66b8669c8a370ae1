# A whole network: its gradient against central differences, and what it must leave alone.

network(T, activation = "relu", epsilon = 0) = Network(
    [Matrix{T}(matrix(4, 5)), Matrix{T}(matrix(5, 6)), Matrix{T}(matrix(6, 3))],
    [Vector{T}(vec(matrix(n, 1))) for n in (5, 6, 3)],
    activation,
    epsilon,
)
x, t = matrix(2, 4), [3, 1]

@testset "gradient equals central differences: $activation" for activation in ("relu", "sigmoid", "tanh")
    net = network(Float64, activation)
    found, expected = gradient(net, x, t), central_difference(net, x, t, 1e-5)
    @test map(first, found) == ["loss"; map(first, expected)]
    @test map(first, expected) == ["dW1", "db1", "dW2", "db2", "dW3", "db3"]
    for ((_, slope), (_, dp)) in zip(expected, found[2:end])
        @test size(slope) == size(dp)
        @test slope ≈ dp rtol = 1e-6
    end
end

@testset "everything is computed in $T" for T in (Float32, Float64)
    net, rows = network(T), Matrix{T}(x)
    @test loss(net, rows, t) isa T
    results = [gradient(net, rows, t); central_difference(net, rows, t); trace(net, rows, t)]
    @test all(result -> eltype(result.second) == T, results)
    @test accuracy(net, rows, t) isa Float64
end

@testset "a call changes neither its arguments nor the parameters, and gives the same again" begin
    net = network(Float64)
    before = deepcopy(params(net))
    first_time = deepcopy([gradient(net, x, t); trace(net, x, t); central_difference(net, x, t)])
    @test [gradient(net, x, t); trace(net, x, t); central_difference(net, x, t)] == first_time
    @test params(net) == before
    @test (x, t) == (matrix(2, 4), [3, 1])
end

@testset "params are the layers' own arrays" begin
    net = network(Float64)
    before = loss(net, x, t)
    Dict(params(net))["b3"][1] += 1
    @test loss(net, x, t) != before
end

@testset "accuracy takes the first of equal logits" begin
    net = Network([zeros(1, 3)], [[-0.0, 0.0, 0.0]])
    @test accuracy(net, zeros(4, 1), [1, 2, 3, 1]) == 0.5
    @test accuracy(net, zeros(2, 1), [0.0 1 0; 1 0 0]) == 0.5
end

@testset "trace names every array in the order of the pass" begin
    net = network(Float64, "sigmoid")
    record = trace(net, x, t)
    @test map(first, record) == split("""
        affine1.out sigmoid1.out affine2.out sigmoid2.out affine3.out softmax.y loss softmax.dx
        affine3.dx affine3.dW affine3.db sigmoid2.dx affine2.dx affine2.dW affine2.db sigmoid1.dx
        affine1.dx affine1.dW affine1.db""")
    arrays = Dict(record)
    @test arrays["affine3.out"] == predict(net, x)
    @test Dict(gradient(net, x, t))["dW2"] == arrays["affine2.dW"]
    @test vec(arrays["affine1.dx"]) ≈ slopes(x -> loss(network(Float64, "sigmoid"), x, t), x) rtol = 1e-7
end

"An image through every layer: convolution, batch_norm, dropout and squared_error too."
function whole_network(T, weight_decay = 0.25)
    numbers(dims...) = T[sin(3i + i^2) for i in reshape(1:prod(dims), dims)]
    layers = LayeredNet.Layer{T}[
        Convolution(numbers(2, 2, 1, 3), numbers(3), 1, 1), Relu{T,4}(), MaxPooling{T}(2, 2, 2, 0),
        Dropout{T}(UInt8[i % 3 != 0 for i in reshape(1:48, 2, 2, 3, 4)]), Affine{T,4}(numbers(12, 5), numbers(5)),
        BatchNorm(numbers(5), numbers(5), zeros(T, 5), ones(T, 5)), Tanh{T,2}(), Affine(numbers(5, 3), numbers(3)),
    ]
    Network{T}(layers, SquaredError{T}(), weight_decay), numbers(4, 4, 1, 4), [3, 1, 2, 2]
end

@testset "gradient through every layer equals central differences" begin
    net, x, t = whole_network(Float64)
    before = deepcopy(held(net))
    found, expected = deepcopy(gradient(net, x, t)), central_difference(net, x, t, 1e-5)
    @test map(first, found) == ["loss"; map(first, expected)]
    for ((name, slope), (_, dp)) in zip(expected, found[2:end])
        @test slope ≈ dp rtol = 1e-6 atol = 1e-9
    end
    squares = sum(sum(abs2, p) for (name, p) in params(net) if name[1] == 'W')
    @test found[1].second ≈ Dict(trace(net, x, t))["loss"] + squares / 8
    @test held(net) == before
    @test map(first, before)[5:8] == ["gamma3", "beta3", "running_mean3", "running_var3"]
end

@testset "only in training is there a mask, and are there means of the batch" begin
    net, x, t = whole_network(Float64)
    logits = predict(net, x)
    @test logits[1:1, :] ≈ predict(whole_network(Float64)[1], x[:, :, :, 1:1])  # which a batch of one would change
    record = Dict(trace(net, x, t))
    @test all(iszero, record["dropout1.out"][3:3:end]) && !all(iszero, net.layers[4].out[[1, 2, 4]])
    @test record["batch_norm3.running_mean"] ≈ vec(sum(record["affine2.out"], dims = 1)) / 40
end

@testset "a network of one layer, or of none that learns" begin
    net = Network{Float64}(LayeredNet.Layer{Float64}[Relu{Float64,2}()], SoftmaxWithLoss{Float64}())
    @test map(first, gradient(net, [1.0 -1], [1])) == ["loss"]
    net = Network{Float64}([Affine(ones(2, 3), zeros(3))], SquaredError{Float64}())
    @test Dict(gradient(net, [1.0 2], [1]))["dW1"] == [1, 2] * [2 3 3]
end
