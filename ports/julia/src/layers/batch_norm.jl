# Source: section 6.3; S. Ioffe and C. Szegedy (2015).

"""
gamma (x - mean) / sqrt(var + epsilon) + beta, column by column over the batch.

In training mean and var are those of the batch (var is the mean of the squares, not n - 1). In the test they are the
running ones, which stay as they are in either: `moved` is what they would be after a step of training.
"""
mutable struct BatchNorm{T} <: Layer{T}
    gamma::Vector{T}
    beta::Vector{T}
    running_mean::Vector{T}
    running_var::Vector{T}
    momentum::Float64
    epsilon::T
    training::Bool
    mean::Vector{T}
    var::Vector{T}
    xn::Matrix{T}
    out::Matrix{T}
    dx::Matrix{T}
    dgamma::Vector{T}
    dbeta::Vector{T}
    BatchNorm(gamma::Vector{T}, beta, running_mean, running_var, momentum = 0.9, epsilon = 1e-6) where {T} =
        new{T}(gamma, beta, running_mean, running_var, momentum, epsilon, true, similar(gamma), similar(gamma),
               blank(T, 2), blank(T, 2), blank(T, 2), similar(gamma), similar(gamma))
end

params(layer::BatchNorm) = (gamma = layer.gamma, beta = layer.beta)
gradients(layer::BatchNorm) = (dgamma = layer.dgamma, dbeta = layer.dbeta)
state(layer::BatchNorm) = (running_mean = layer.running_mean, running_var = layer.running_var)

moved(layer::BatchNorm) = !layer.training ? NamedTuple() : (
    running_mean = follow!(copy(layer.running_mean), layer.mean, layer),
    running_var = follow!(copy(layer.running_var), layer.var, layer),
)

function move_on!(layer::BatchNorm)
    follow!(layer.running_mean, layer.mean, layer)
    follow!(layer.running_var, layer.var, layer)
end

"running <- momentum running + (1 - momentum) of the batch."
function follow!(running, of_batch, layer::BatchNorm{T}) where {T}
    old, new = T(layer.momentum), T(1 - layer.momentum)
    map!((running, of_batch) -> old * running + new * of_batch, running, running, of_batch)
end

training!(layer::BatchNorm, training) = layer.training = training

"x is (batch, features); the same shape comes back."
function forward(layer::BatchNorm{T}, x::Matrix{T}) where {T}
    layer.out, layer.xn = sized(layer.out, size(x)), sized(layer.xn, size(x))
    n = size(x, 1)
    for j in axes(x, 2)
        column, xn, out = view(x, :, j), view(layer.xn, :, j), view(layer.out, :, j)
        mean = layer.training ? sum(column) / n : layer.running_mean[j]
        map!(x -> x - mean, xn, column)
        var = layer.training ? sum(abs2, xn) / n : layer.running_var[j]
        std = sqrt(var + layer.epsilon)
        map!(xc -> xc / std, xn, xn)
        gamma, beta = layer.gamma[j], layer.beta[j]
        map!(xn -> gamma * xn + beta, out, xn)
        layer.mean[j], layer.var[j] = mean, var
    end
    layer.out
end

"dx, of the shape of x; keeps dgamma and dbeta too. In training mean and var depend on x as well."
function backward(layer::BatchNorm{T}, dout::Matrix{T}) where {T}
    backward_parameters(layer, dout)
    layer.dx = sized(layer.dx, size(dout))
    n = size(dout, 1)
    for j in axes(dout, 2)
        xn, dx = view(layer.xn, :, j), view(layer.dx, :, j)
        slope = layer.gamma[j] / sqrt(layer.var[j] + layer.epsilon)
        if layer.training
            of_mean, of_std = layer.dbeta[j] / n, layer.dgamma[j] / n
            map!((dout, xn) -> slope * (dout - of_mean - xn * of_std), dx, view(dout, :, j), xn)
        else
            map!(dout -> slope * dout, dx, view(dout, :, j))
        end
    end
    layer.dx
end

"dgamma and dbeta alone."
function backward_parameters(layer::BatchNorm{T}, dout::Matrix{T}) where {T}
    for j in axes(dout, 2)
        layer.dbeta[j] = sum(view(dout, :, j))
        layer.dgamma[j] = dot(view(layer.xn, :, j), view(dout, :, j))
    end
end
