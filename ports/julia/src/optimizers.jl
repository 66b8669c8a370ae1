# Optimizers: each updates the parameters in place, given their gradient, and keeps what it needs from step to step.
#
# An optimizer is its numbers, and a rule for one element. Everything is computed in the type of the parameters; the
# numbers are rounded to it once, before the first element.
#
# Source: "Deep Learning from Scratch", section 6.1; there, as here, the 1e-7 that keeps a division from 0 stands
# outside the square root.

const TINY = 1e-7

abstract type Optimizer end

"The names of the arrays that the optimizer keeps for each parameter, of its shape and zero at first."
state_names(::Optimizer) = ()

"Stochastic gradient descent: p <- p - learning_rate dp."
Base.@kwdef struct SGD <: Optimizer
    learning_rate::Float64 = 0.01
end

"rule(optimizer, T, iteration): (p, dp, state...) of one element to its new (p, state...), in T. iteration is from 1."
function rule(optimizer::SGD, ::Type{T}, _) where {T}
    rate = T(optimizer.learning_rate)
    (p, dp) -> p - rate * dp
end

"v <- momentum v - learning_rate dp; p <- p + v. Source: B. Polyak (1964)."
Base.@kwdef struct Momentum <: Optimizer
    learning_rate::Float64 = 0.01
    momentum::Float64 = 0.9
end

state_names(::Momentum) = ("v",)

function rule(optimizer::Momentum, ::Type{T}, _) where {T}
    rate, momentum = T(optimizer.learning_rate), T(optimizer.momentum)
    function (p, dp, v)
        v = momentum * v - rate * dp
        p + v, v
    end
end

"""
v <- momentum v - learning_rate dp; p <- p + momentum v - learning_rate dp, where p is the point looked ahead to.

Source: Y. Bengio, N. Boulanger-Lewandowski, R. Pascanu, "Advances in optimizing recurrent networks" (2012), 3.5.
"""
Base.@kwdef struct Nesterov <: Optimizer
    learning_rate::Float64 = 0.01
    momentum::Float64 = 0.9
end

state_names(::Nesterov) = ("v",)

function rule(optimizer::Nesterov, ::Type{T}, _) where {T}
    rate, momentum = T(optimizer.learning_rate), T(optimizer.momentum)
    function (p, dp, v)
        v = momentum * v - rate * dp
        p + (momentum * v - rate * dp), v
    end
end

"h <- h + dp dp; p <- p - learning_rate dp / (sqrt(h) + 1e-7). Source: J. Duchi et al. (2011)."
Base.@kwdef struct AdaGrad <: Optimizer
    learning_rate::Float64 = 0.01
end

state_names(::AdaGrad) = ("h",)

function rule(optimizer::AdaGrad, ::Type{T}, _) where {T}
    rate, tiny = T(optimizer.learning_rate), T(TINY)
    function (p, dp, h)
        h = h + dp * dp
        p - rate * dp / (root(h) + tiny), h
    end
end

"""
h <- decay h + (1 - decay) dp dp; p <- p - learning_rate dp / (sqrt(h) + 1e-7).

Source: T. Tieleman, G. Hinton, Coursera lecture 6.5 (2012).
"""
Base.@kwdef struct RMSProp <: Optimizer
    learning_rate::Float64 = 0.01
    decay::Float64 = 0.99
end

state_names(::RMSProp) = ("h",)

function rule(optimizer::RMSProp, ::Type{T}, _) where {T}
    rate, decay, rest, tiny = T(optimizer.learning_rate), T(optimizer.decay), T(1 - optimizer.decay), T(TINY)
    function (p, dp, h)
        h = decay * h + rest * dp * dp
        p - rate * dp / (root(h) + tiny), h
    end
end

"""
m, v: means of dp and dp dp; p <- p - rate m / (sqrt(v) + 1e-7), where rate undoes that both began at 0.

Source: D. Kingma, J. Ba, "Adam" (2015), in the order of the end of section 2.
"""
Base.@kwdef struct Adam <: Optimizer
    learning_rate::Float64 = 0.001
    beta1::Float64 = 0.9
    beta2::Float64 = 0.999
end

state_names(::Adam) = ("m", "v")

function rule(optimizer::Adam, ::Type{T}, iteration) where {T}
    beta1, beta2 = optimizer.beta1, optimizer.beta2
    rate = T(optimizer.learning_rate * sqrt(1 - beta2^iteration) / (1 - beta1^iteration))
    rest1, rest2, tiny = T(1 - beta1), T(1 - beta2), T(TINY)
    function (p, dp, m, v)
        m = m + rest1 * (dp - m)
        v = v + rest2 * (dp * dp - v)
        p - rate * m / (root(v) + tiny), m, v
    end
end

"The square root, NaN below 0: `sqrt` throws there, and a loop with a throw in it is not vectorised."
root(x) = Core.Intrinsics.sqrt_llvm(x)

const OPTIMIZERS = [
    "sgd" => SGD,
    "momentum" => Momentum,
    "nesterov" => Nesterov,
    "adagrad" => AdaGrad,
    "rmsprop" => RMSProp,
    "adam" => Adam,
]

"What an optimizer keeps of a network: how many updates it has made, and its arrays for each parameter."
mutable struct State{T,N}
    iteration::Int
    arrays::Vector{NTuple{N,Vector{T}}}
end

function State(optimizer::Optimizer, network::Network{T}) where {T}
    names = state_names(optimizer)
    State{T,length(names)}(0, [map(_ -> zero(p), names) for (p, _) in network.learnt])
end

"One update of every parameter of the network, in place, by the gradient that its layers hold."
function update!(optimizer::Optimizer, network::Network, state::State)
    state.iteration += 1
    for ((p, dp), kept) in zip(network.learnt, state.arrays)
        update_one!(optimizer, state.iteration, p, dp, kept...)
    end
end

"Update one parameter, and its state, in place. dp and the state are of the shape of p; iteration counts from 1."
update_one!(optimizer::Optimizer, iteration, p::A, dp::A, state::Vararg{A,N}) where {T,A<:Array{T},N} =
    each!(rule(optimizer, T, iteration), p, dp, state...)

# The rule at each element, in one pass. No two of the arrays share memory, which `ivdep` promises to the compiler.

function each!(rule, p, dp)
    @inbounds @simd ivdep for i in eachindex(p, dp)
        p[i] = rule(p[i], dp[i])
    end
end

function each!(rule, p, dp, v)
    @inbounds @simd ivdep for i in eachindex(p, dp, v)
        p[i], v[i] = rule(p[i], dp[i], v[i])
    end
end

function each!(rule, p, dp, m, v)
    @inbounds @simd ivdep for i in eachindex(p, dp, m, v)
        p[i], m[i], v[i] = rule(p[i], dp[i], m[i], v[i])
    end
end
