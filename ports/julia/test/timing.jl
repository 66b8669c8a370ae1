# The clock: how often it calls, that what it measures takes that long, and the products alone.

@testset "elapsed makes samples x calls calls, and one number a sample" begin
    count = Ref(0)
    nanoseconds = elapsed(() -> count[] += 1, 5, 3)
    @test count[] == 15
    @test nanoseconds isa Vector{Float64} && length(nanoseconds) == 3
    @test all(nanoseconds .>= 0)
end

@testset "a measurement is of all its calls together, in nanoseconds" begin
    nap() = Libc.systemsleep(0.002)
    start = time_ns()
    nanoseconds = elapsed(nap, 4, 2)
    @test all(nanoseconds .>= 8e6)
    @test sum(nanoseconds) <= time_ns() - start
end

@testset "the calls are not dispatched: nothing is allocated but the result" begin
    function allocated(calls)
        relu, x = Relu{Float64,2}(), matrix(3, 4)
        call = () -> forward(relu, x)
        elapsed(call, 1, 1)
        @allocated elapsed(call, calls, 1)
    end
    @test allocated(1000) == allocated(1)
end

@testset "layer_inputs are those of the forward pass" begin
    net = network(Float64)
    inputs = layer_inputs(net, x, [3, 1])
    record = Dict(trace(net, x, t))
    @test inputs == [3 => record["relu2.out"], 1 => x]
end

@testset "products are those of the gradient, by layer" begin
    net = network(Float64)
    inputs = layer_inputs(net, x, [1, 3])
    foreach(a -> foreach(field -> fill!(field, NaN), (a.out, a.dW)), net.affines)
    fill!(net.affines[3].dx, NaN)
    products(net, inputs)
    for (i, input) in inputs
        affine = net.affines[i]
        @test affine.out ≈ input * affine.W
        @test affine.dW ≈ input' * affine.out
    end
    @test net.affines[3].dx ≈ net.affines[3].out * net.affines[3].W'
    @test isempty(net.affines[1].dx)
    @test all(isnan, net.affines[2].out) && all(isnan, net.affines[2].dW)
end
