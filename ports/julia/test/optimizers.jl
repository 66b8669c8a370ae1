# Each optimizer by hand: two updates of one element, in place and in the type of the parameters.

"p and the state after two updates by these gradients, each array of one element."
function two_updates(optimizer, T)
    p, state = T[1], map(_ -> T[0], state_names(optimizer))
    for (iteration, dp) in enumerate((T[2], T[-1]))
        update_one!(optimizer, iteration, p, dp, state...)
        @test dp == (T[2], T[-1])[iteration]
    end
    map(only, (p, state...))
end

@testset "$(typeof(optimizer)) in $T" for T in (Float32, Float64), (optimizer, expected) in [
    SGD(0.1) => (0.9,),
    Momentum(0.1, 0.5) => (0.8, 0.0),  # v = -0.2, then -0.1 + 0.1
    Nesterov(0.1, 0.5) => (0.8, 0.0),  # p = 1 - 0.1 - 0.2, then + 0 + 0.1
    AdaGrad(0.1) => (1 - 0.2 / (2 + 1e-7) + 0.1 / (sqrt(5) + 1e-7), 5.0),
    RMSProp(0.1, 0.75) => (1 - 0.2 / (1 + 1e-7) + 0.1 / (1 + 1e-7), 1.0),  # h = 1, then 0.75 + 0.25
    Adam(0.1, 0.5, 0.75) => (  # m = 1, v = 1, then m = 0, v = 1
        1 - 0.1 * sqrt(0.25) / 0.5 / (1 + 1e-7), 0.0, 1.0),
]
    found = two_updates(optimizer, T)
    @test eltype(found) == T
    @test all(isapprox.(found, expected, atol = 8eps(T)))
end

@testset "Adam counts the iterations from 1, and its rate is of Float64" begin
    p = Float32[1]
    update_one!(Adam(0.001, 0.9, 0.999), 1000, p, Float32[1], Float32[1], Float32[1])
    @test p == [1 - Float32(0.001 * sqrt(1 - 0.999^1000) / (1 - 0.9^1000)) / (1 + 1f-7)]
end

@testset "the numbers of the book unless others are given" begin
    @test (SGD(), Momentum(), Nesterov()) == (SGD(0.01), Momentum(0.01, 0.9), Nesterov(0.01, 0.9))
    @test (AdaGrad(), RMSProp(), Adam()) == (AdaGrad(0.01), RMSProp(0.01, 0.99), Adam(0.001, 0.9, 0.999))
end

optimizers = [SGD(), Momentum(), Nesterov(), AdaGrad(), RMSProp(), Adam()]

@testset "$(typeof(optimizer)): every element of every parameter, and the loss falls" for optimizer in optimizers
    net = network(Float64)
    state = State(optimizer, net)
    before_it = deepcopy(params(net))
    before = first(gradient(net, x, t)).second
    update!(optimizer, net, state)
    @test state.iteration == 1
    gradients = LayeredNet.by_layer(net, LayeredNet.gradients)
    for ((_, p), (_, dp), (_, found)) in zip(before_it, gradients, params(net))
        for i in eachindex(p)
            one_by_one = [p[i]]
            update_one!(optimizer, 1, one_by_one, [dp[i]], map(_ -> [0.0], state_names(optimizer))...)
            @test found[i] == only(one_by_one)
        end
    end
    @test loss(net, x, t) < before
end

@testset "what is not finite is not hidden, and nothing throws" begin
    p, h = ones(3), [0.0, 0.0, -1.0]
    update_one!(AdaGrad(0.1), 1, p, [NaN, 0.0, 0.0], h)
    @test isequal(p, [NaN, 1.0, NaN])
end

@testset "arrays of different shapes" begin
    @test_throws DimensionMismatch update_one!(SGD(), 1, ones(2), ones(3))
    @test_throws DimensionMismatch update_one!(Momentum(), 1, ones(2), ones(2), ones(1))
    @test_throws MethodError update_one!(Momentum(), 1, ones(2), ones(2))
end
