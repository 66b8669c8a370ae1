# Each optimizer by hand, in place and in the type of the parameters.

@testset "SGD in $T" for T in (Float32, Float64)
    W, b, dW = T[1 2; 3 4], T[1, -1], T[10 20; 30 40]
    update!(SGD(0.1), Any["W1" => W, "b1" => b], Any["loss" => one(T), "dW1" => dW, "db1" => T[0, 5]])
    @test W ≈ T[0 0; 0 0] atol = 4eps(T)
    @test b ≈ T[1, -1.5]
    @test dW == T[10 20; 30 40]
end

@testset "the learning rate is 0.01 unless one is given" begin
    p = [1.0]
    update!(SGD(), Any["b1" => p], Any["db1" => [1.0]])
    @test p == [0.99]
end

@testset "a step along the gradient lowers the loss" begin
    net = network(Float64)
    before = loss(net, x, t)
    update!(SGD(1e-3), params(net), gradient(net, x, t))
    @test loss(net, x, t) < before
end

@testset "a parameter without a gradient" begin
    @test_throws KeyError update!(SGD(), Any["W1" => ones(1, 1)], Any["db1" => [1.0]])
end
