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
