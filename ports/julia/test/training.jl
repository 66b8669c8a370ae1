# Images of bytes, and training on them against the same steps one by one.

images = Images(UInt8[(17i + 31j^2) % 256 for i in 1:4, j in 1:7], [1, 2, 3, 3, 2, 1, 2], 255.0)
batches = Int32[0 3 6; 5 3 1]

@testset "a batch is byte / scale, in $T" for T in (Float32, Float64)
    x, t = batch(images, Int32[6, 0, 6], T)
    @test x isa Matrix{T} && x == [T(images.pixels[j, i]) / T(255) for i in (7, 1, 7), j in 1:4]
    @test t == [2, 1, 2]
    every_byte = Images(reshape(UInt8(0):UInt8(255), 1, :), ones(256), 16.0)
    @test vec(batch(every_byte, 0:255, T)[1]) == T.(0:255) ./ 16
end

@testset "train! with $(typeof(optimizer)) in $T: its steps one by one" for
        optimizer in optimizers, T in (Float32, Float64)
    trained, stepped = network(T), network(T)
    losses = train!(trained, images, batches, optimizer, State(optimizer, trained))
    state = State(optimizer, stepped)
    for (step, rows) in enumerate(eachcol(batches))
        found = gradient(stepped, batch(images, rows, T)...)
        @test losses[step] === first(found).second
        update!(optimizer, stepped, state)
    end
    @test params(trained) == params(stepped)
end

@testset "training in two parts is training at once" begin
    at_once, in_parts = network(Float64), network(Float64)
    train!(at_once, images, batches, Adam(), State(Adam(), at_once))
    state = State(Adam(), in_parts)
    train!(in_parts, images, batches[:, 1:2], Adam(), state)
    train!(in_parts, images, batches[:, 3:3], Adam(), state)
    @test params(at_once) == params(in_parts)
end

@testset "the steps of $(typeof(optimizer)) allocate nothing" for optimizer in optimizers, T in (Float32, Float64)
    net = network(T)
    state = State(optimizer, net)
    allocated(steps) = @allocated train!(net, images, steps, optimizer, state)
    few, many = zeros(Int32, 2, 10), zeros(Int32, 2, 1010)
    foreach(allocated, (few, many))
    @test allocated(many) - allocated(few) <= 1000 * sizeof(T) + 1000  # the losses, rounded up
end

@testset "training on images, with masks: its steps one by one" begin
    trained, x, _ = whole_network(Float64)
    stepped, _, _ = whole_network(Float64)
    pictures = Images(UInt8[(17i + 31j^2) % 256 for i in 1:16, j in 1:7], [1, 2, 3, 3, 2, 1, 2], 255.0, (4, 4, 1))
    dropout, masks = trained.layers[4], UInt8[i % 5 != 0 for i in reshape(1:72, 2, 2, 3, 2, 3)]
    own = dropout.mask
    losses = train!(trained, pictures, batches, SGD(), State(SGD(), trained), [dropout => masks])
    @test dropout.mask === own
    state = State(SGD(), stepped)
    for (step, rows) in enumerate(eachcol(batches))
        x, t = batch(pictures, rows, Float64)
        @test x == reshape([pictures.pixels[j, i+1] / 255 for i in rows for j in 1:16], 4, 4, 1, 2)
        stepped.layers[4].mask = masks[:, :, :, :, step]
        @test losses[step] === first(gradient(stepped, x, t)).second
        LayeredNet.move_on!(stepped)
        update!(SGD(), stepped, state)
    end
    @test held(trained) == held(stepped)
    allocated(steps) = @allocated train!(
        trained, pictures, zeros(Int32, 2, steps), SGD(), state, [dropout => ones(UInt8, 2, 2, 3, 2, steps)])
    foreach(allocated, (10, 110))
    @test allocated(110) - allocated(10) <= 100 * (24 + 8 + 8) + 1000  # masks, rows and losses
end

@testset "evaluate: the whole set, piece by piece" begin
    net, count = network(Float64), 2 * LayeredNet.ROWS_AT_A_TIME + 3
    many = Images(UInt8[(17i + 31j^2) % 256 for i in 1:4, j in 1:count], [1 + j % 3 for j in 1:count], 255.0)
    x, t = batch(many, 0:count-1, Float64)
    found = evaluate(net, many)
    @test found[1] ≈ loss(net, x, t)
    @test found[2] == accuracy(net, x, t)
    @test map(typeof, evaluate(network(Float32), images)) == (Float32, Float64)
end
