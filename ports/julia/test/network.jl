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

@test_throws ErrorException Network([zeros(1, 1)], [zeros(1)], "elu")
