# The examples of the book and of the posts, and each layer's gradient against central differences.

"The central difference of f, a scalar, along each element of x."
function slopes(f, x, h = 1e-6)
    map(eachindex(x)) do i
        above, below = copy(x), copy(x)
        above[i] += h
        below[i] -= h
        (f(above) - f(below)) / 2h
    end
end

matrix(rows, columns) = [sin(3i + 5j^2) for i in 1:rows, j in 1:columns]

@testset "shopping: two apples and the tax" begin
    apples, tax = Multiply{Float64}(), Multiply{Float64}()
    @test forward(tax, forward(apples, 100.0, 2.0), 1.1) ≈ 220
    dprice, dtax = backward(tax, 1.0)
    @test [backward(apples, dprice)..., dtax] ≈ [2.2, 110, 200]
end

@testset "shopping: apples, oranges and the tax" begin
    apples, oranges, sum, tax = Multiply{Float64}(), Multiply{Float64}(), Add(), Multiply{Float64}()
    price = forward(sum, forward(apples, 100.0, 2.0), forward(oranges, 150.0, 3.0))
    @test forward(tax, price, 1.1) ≈ 715
    dsum, dtax = backward(tax, 1.0)
    dapples, doranges = backward(sum, dsum)
    @test [backward(apples, dapples)..., backward(oranges, doranges)..., dtax] ≈ [2.2, 110, 3.3, 165, 650]
end

@testset "relu" begin
    for T in (Float32, Float64)
        relu, dout = Relu{T,2}(), T[5 6; 7 8]
        @test forward(relu, T[1 -0.5; -2 3]) == T[1 0; 0 3]
        @test backward(relu, dout) == T[5 0; 0 8]
        @test dout == T[5 6; 7 8]
    end
    relu = Relu{Float64,1}()
    @test isequal(forward(relu, [0.0, -0.0, NaN, 5.0e-324, -Inf]), [0, 0, NaN, 5.0e-324, 0])
    @test backward(relu, ones(5)) == [0, 0, 1, 1, 0]
end

@testset "sigmoid" begin
    sigmoid, x, dout = Sigmoid{Float64,2}(), matrix(3, 4), 2matrix(3, 4) .+ 1
    @test forward(sigmoid, x) ≈ 1 ./ (1 .+ exp.(-x))
    @test vec(backward(sigmoid, dout)) ≈ slopes(x -> sum(forward(Sigmoid{Float64,2}(), x) .* dout), x) rtol = 1e-8
    @test forward(Sigmoid{Float64,1}(), [-1000.0, 0, 1000]) == [0, 0.5, 1]
    @test eltype(forward(Sigmoid{Float32,1}(), Float32[1])) == Float32
end

@testset "tanh" begin
    layer, x, dout = Tanh{Float64,2}(), matrix(3, 4), 2matrix(3, 4) .+ 1
    @test forward(layer, x) ≈ (exp.(x) .- exp.(-x)) ./ (exp.(x) .+ exp.(-x))
    @test vec(backward(layer, dout)) ≈ slopes(x -> sum(forward(Tanh{Float64,2}(), x) .* dout), x) rtol = 1e-8
    @test forward(Tanh{Float64,1}(), [-1000.0, -1e-20, 1000]) == [-1, -1e-20, 1]
    @test eltype(forward(Tanh{Float32,1}(), Float32[1])) == Float32
end

@testset "affine" begin
    x, W, b, dout = matrix(4, 3), matrix(3, 2), [0.5, -1], matrix(4, 2)
    affine = Affine(W, b)
    f(x, W, b) = sum(forward(Affine(W, b), x) .* dout)
    @test forward(affine, x) ≈ x * W .+ b'
    @test vec(backward(affine, dout)) ≈ slopes(x -> f(x, W, b), x) rtol = 1e-8
    @test vec(affine.dW) ≈ slopes(W -> f(x, W, b), W) rtol = 1e-8
    @test affine.db ≈ slopes(b -> f(x, W, b), b) rtol = 1e-8
    @test (x, W, b, dout) == (matrix(4, 3), matrix(3, 2), [0.5, -1], matrix(4, 2))
    forward(affine, x[1:1, :])  # another batch size, with the same layer
    @test backward(affine, dout[1:1, :]) ≈ dout[1:1, :] * W'
end

@testset "the bias gradient is summed over the batch" begin
    affine = Affine(zeros(1, 3), zeros(3))
    forward(affine, zeros(2, 1))
    backward_parameters(affine, [1.0 2 3; 4 5 6])
    @test affine.db == [5, 7, 9]
end

@testset "softmax with loss" begin
    x, t = matrix(4, 3), [3, 1, 2, 1]
    last = SoftmaxWithLoss{Float64}()
    one_hot = [Float64(label == class) for label in t, class in 1:3]
    p = exp.(x) ./ sum(exp.(x), dims = 2)
    @test forward(last, x, t) ≈ -sum(log(p[i, t[i]]) for i in 1:4) / 4
    @test last.y ≈ p
    @test backward(last) ≈ (p - one_hot) / 4
    @test vec(backward(last)) ≈ slopes(x -> forward(SoftmaxWithLoss{Float64}(), x, t), x) rtol = 1e-8
    @test forward(SoftmaxWithLoss{Float64}(), x, one_hot) === forward(last, x, t)
    @test forward(SoftmaxWithLoss{Float64}(1e-7), x, t) ≈ -sum(log(p[i, t[i]] + 1e-7) for i in 1:4) / 4
    @test x == matrix(4, 3)
end

@testset "the loss is finite where the probability underflows" begin
    for T in (Float32, Float64)
        last = SoftmaxWithLoss{T}()
        @test forward(last, T[1000 -1000], [2]) === T(2000)
        @test last.y == [1 0]
        @test backward(last) == [1 -1]
        @test forward(SoftmaxWithLoss{T}(1e-7), T[1000 -1000], [2]) ≈ -log(T(1e-7))
    end
end

waves(dims...) = [sin(3i + i^2 / 7) for i in reshape(1:prod(dims), dims)]

"Each element of the result of a convolution, one by one."
function convolved(x, W, b, stride, pad)
    padded = zeros(size(x, 1) + 2pad, size(x, 2) + 2pad, size(x, 3), size(x, 4))
    padded[pad+1:end-pad, pad+1:end-pad, :, :] = x
    across, down = ((size(padded, d) - size(W, d)) ÷ stride + 1 for d in (1, 2))
    part(j, i, n) = padded[(j-1)*stride+1:(j-1)*stride+size(W, 1), (i-1)*stride+1:(i-1)*stride+size(W, 2), :, n]
    [sum(part(j, i, n) .* W[:, :, :, f]) + b[f] for j in 1:across, i in 1:down, f in 1:length(b), n in 1:size(x, 4)]
end

@testset "convolution: windows of $width x $height, stride $stride, pad $pad" for (width, height, stride, pad) in
        [(2, 3, 1, 0), (3, 2, 2, 1), (1, 1, 3, 2), (5, 4, 1, 3)]
    x, W, b = waves(5, 4, 2, 3), waves(width, height, 2, 4), [0.5, -1, 2, 0]
    layer = Convolution(W, b, stride, pad)
    out = copy(forward(layer, x))
    @test out ≈ convolved(x, W, b, stride, pad)
    dout = waves(size(out)...)
    f(x, W, b) = sum(convolved(x, W, b, stride, pad) .* dout)
    @test vec(backward(layer, dout)) ≈ slopes(x -> f(x, W, b), x) rtol = 1e-7
    @test vec(layer.dW) ≈ slopes(W -> f(x, W, b), W) rtol = 1e-7
    @test layer.db ≈ slopes(b -> f(x, W, b), b) rtol = 1e-7
    @test x == waves(5, 4, 2, 3)
    @test forward(layer, x[:, :, :, 2:2]) ≈ out[:, :, :, 2:2]  # another batch size, with the same layer
end

@testset "max pooling: the first of equal ones, windows that overlap, zeros of the padding" begin
    layer = MaxPooling{Float64}(2, 2, 1, 1)
    @test vec(forward(layer, reshape([1.0, 1, -1, 0], 2, 2, 1, 1))) == [1, 1, 1, 1, 1, 1, 0, 0, 0]
    @test vec(backward(layer, reshape(1.0:9, 3, 3, 1, 1) .+ 0)) == [12, 9, 0, 17]
    wide = MaxPooling{Float32}(1, 3, 3, 0)  # one row, three columns
    x = reshape(Float32[3, 1, 2, NaN, 5, 9, -7], 7, 1, 1, 1)
    @test isequal(vec(forward(wide, x)), Float32[3, NaN])
    @test vec(backward(wide, ones(Float32, 2, 1, 1, 1))) == [1, 0, 0, 1, 0, 0, 0]
    x = waves(6, 5, 2, 2)
    dout = waves(3, 2, 2, 2)
    f(x) = sum(forward(MaxPooling{Float64}(3, 2, 2, 0), x) .* dout)
    layer = MaxPooling{Float64}(3, 2, 2, 0)
    forward(layer, x)
    @test vec(backward(layer, dout)) ≈ slopes(f, x) rtol = 1e-7
end

@testset "affine takes images, each as a row" begin
    x, W, b, dout = waves(3, 2, 2, 4), matrix(12, 2), [0.5, -1], matrix(4, 2)
    of_rows, of_images, rows = Affine(W, b), Affine{Float64,4}(W, b), permutedims(reshape(x, 12, 4))
    @test forward(of_images, x) ≈ forward(of_rows, rows)
    @test backward(of_images, dout) ≈ reshape(permutedims(backward(of_rows, dout)), size(x))
    @test of_images.dW ≈ of_rows.dW && of_images.db == of_rows.db
end

@testset "products with long sums" for flags in (('N', 'N'), ('T', 'N'), ('N', 'T'), ('T', 'T'))
    a, b = matrix(3, 1000), matrix(1000, 2)
    turned(flag, m) = flag == 'N' ? m : permutedims(m)
    out = ones(3, 2)
    @test LayeredNet.product!(out, flags[1], turned(flags[1], a), flags[2], turned(flags[2], b)) ≈ a * b
    @test LayeredNet.product!(out, flags[1], turned(flags[1], a), flags[2], turned(flags[2], b), 1.0) ≈ 2a * b
end

@testset "batch_norm" begin
    x, gamma, beta, dout = 3matrix(5, 2) .+ 1, [1.5, -2], [0.5, 1], matrix(5, 2)
    function layer(training, gamma = gamma, beta = beta)
        fresh = BatchNorm(gamma, beta, [1.0, -1], [4.0, 0.5], 0.75, 0.25)
        training!(fresh, training)
        fresh
    end
    mean = sum(x, dims = 1) / 5
    var = sum((x .- mean) .^ 2, dims = 1) / 5
    @test forward(layer(true), x) ≈ (x .- mean) ./ sqrt.(var .+ 0.25) .* gamma' .+ beta'
    @test forward(layer(false), x) ≈ (x .- [1 -1]) ./ sqrt.([4 0.5] .+ 0.25) .* gamma' .+ beta'
    for training in (true, false)
        made = layer(training)
        forward(made, x)
        f(x, gamma, beta) = sum(forward(layer(training, gamma, beta), x) .* dout)
        @test vec(backward(made, dout)) ≈ slopes(x -> f(x, gamma, beta), x) rtol = 1e-7
        @test made.dgamma ≈ slopes(gamma -> f(x, gamma, beta), gamma) rtol = 1e-7
        @test made.dbeta ≈ slopes(beta -> f(x, gamma, beta), beta) rtol = 1e-7
        @test made.running_mean == [1, -1]
    end
    made = layer(true)
    forward(made, x)
    after = moved(made)
    @test after.running_mean ≈ 0.75 * [1, -1] + 0.25 * vec(mean)
    @test after.running_var ≈ 0.75 * [4, 0.5] + 0.25 * vec(var)
    LayeredNet.move_on!(made)
    @test LayeredNet.state(made) == after
    @test moved(layer(false)) == NamedTuple()
end

@testset "dropout" begin
    layer, x = Dropout{Float32}(UInt8[0 1; 1 0], 0.25), Float32[1 -2; 3 4]
    @test forward(layer, x) == [0 -2; 3 0]
    @test backward(layer, Float32[5 6; 7 8]) == [0 6; 7 0]
    training!(layer, false)
    @test forward(layer, x) == 0.75x && backward(layer, x) == 0.75x
end

@testset "squared error" begin
    layer, x = SquaredError{Float64}(), [1.0 2; 0 -1]
    @test forward(layer, x, [2, 1]) == ((1 + 1) / 2 + (1 + 1) / 2) / 2
    @test backward(layer) == [1 1; -1 -1] / 2
    @test forward(layer, x, [0.0 1; 1 0]) == forward(layer, x, [2, 1])
end
