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

@testset "products are those of the gradient, by layer" begin
    net = network(Float64)
    first_layer, second, third = net.layers[1:2:5]
    record = Dict(trace(net, x, t))
    operands = product_operands(net, x, [3, 1])
    @test map(o -> o.x, operands) == [record["relu2.out"], x]
    foreach(a -> foreach(field -> fill!(field, NaN), (a.out, a.dW, a.dx.array)), (first_layer, second, third))
    products(operands)
    for o in operands
        @test o.layer.out ≈ o.x * o.layer.W
        @test o.layer.dW ≈ o.x' * o.layer.out
    end
    @test third.dx.array ≈ third.out * third.W'
    @test all(isnan, first_layer.dx.array)
    @test all(isnan, second.out) && all(isnan, second.dW)
end

@testset "products of a convolution, and of an affine layer of images" begin
    net, x, _ = whole_network(Float64)
    convolution, affine = net.layers[1], net.layers[5]
    record = deepcopy(Dict(trace(net, x, [1, 1, 1, 1])))
    products(product_operands(net, x, [1, 2]))
    @test convolution.out.array .+ reshape(convolution.b, 1, 1, 3) ≈ record["convolution1.out"]
    @test affine.out ≈ affine.x.as' * affine.W
    @test affine.dx.as ≈ affine.W * affine.out'
end
