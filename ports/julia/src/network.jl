# A network: affine layers with relu, sigmoid or tanh between them, and softmax with cross-entropy at the end.
#
# Source: "Deep Learning from Scratch", section 5.7 (TwoLayerNet), for any number of layers.

const ACTIVATIONS = Dict("relu" => Relu, "sigmoid" => Sigmoid, "tanh" => Tanh)

"An array or a number with its name. A vector of them keeps their order."
const Named = Pair{String,Any}

"`length(affines)` affine layers with an activation between each two."
struct Network{T<:AbstractFloat}
    affines::Vector{Affine{T}}
    activations::Vector{Union{Relu{T,2},Sigmoid{T,2},Tanh{T,2}}}
    last::SoftmaxWithLoss{T}
    activation::String
end

"""
    Network(weights, biases, activation = "relu", epsilon = 0)

weights[i] is (sizes[i], sizes[i + 1]), biases[i] is (sizes[i + 1],), all of one type.
Throws ErrorException for an activation other than "relu", "sigmoid" or "tanh".
"""
function Network(weights::Vector{Matrix{T}}, biases::Vector{Vector{T}}, activation = "relu", epsilon = 0) where {T}
    haskey(ACTIVATIONS, activation) || error("expected the activation relu, sigmoid or tanh, came $activation")
    affines = map(Affine, weights, biases)
    activations = [ACTIVATIONS[activation]{T,2}() for _ in affines[2:end]]
    Network{T}(affines, activations, SoftmaxWithLoss{T}(epsilon), activation)
end

"The parameters by name, W1, b1, W2, ...: the arrays themselves, not copies."
params(network::Network) = by_layer(network, "W" => :W, "b" => :b)

"These fields of each affine layer, by name and number."
by_layer(network::Network, fields...) =
    Named[name * string(i) => getfield(a, field) for (i, a) in enumerate(network.affines) for (name, field) in fields]

"The logits, (batch, classes), of x, (batch, inputs)."
function predict(network::Network{T}, x::Matrix{T}) where {T}
    for (affine, activation) in zip(network.affines, network.activations)
        x = forward(activation, forward(affine, x))
    end
    forward(network.affines[end], x)
end

"The mean cross-entropy, a scalar, against t: one-hot (batch, classes), or labels (batch,) from 1."
loss(network::Network, x, t) = forward(network.last, predict(network, x), t)

"The share of rows whose largest logit (the first, in a tie) is at the label."
accuracy(network::Network, x, t) = count(largest_columns(predict(network, x)) .== labels(t)) / size(x, 1)

"""The loss, and the gradient of every parameter: "loss", "dW1", "db1", "dW2", ..."""
function gradient(network::Network, x, t)
    value = propagate(network, x, t)
    [Named("loss", value); by_layer(network, "dW" => :dW, "db" => :db)]
end

"The loss; the gradient stays where it arises, in dW and db of each affine layer."
function propagate(network::Network, x, t)
    value = loss(network, x, t)
    dout = backward(network.last)
    for i in length(network.affines):-1:2
        dout = backward(network.activations[i - 1], backward(network.affines[i], dout))
    end
    backward_parameters(network.affines[1], dout)
    value
end

"""
Every intermediate array of one forward and backward pass, in the order in which they arise.

Forward: affine1.out, relu1.out, affine2.out, ..., softmax.y, loss. Backward: softmax.dx, affine2.dx, affine2.dW,
affine2.db, relu1.dx, ..., affine1.dx (the gradient of the data), affine1.dW, affine1.db.
"""
function trace(network::Network, x, t)
    record = Named[]
    keep(name, value) = (push!(record, name => value); value)
    for (i, affine) in enumerate(network.affines)
        x = keep("affine$i.out", forward(affine, x))
        if i <= length(network.activations)
            x = keep("$(network.activation)$i.out", forward(network.activations[i], x))
        end
    end
    value = forward(network.last, x, t)
    keep("softmax.y", network.last.y)
    keep("loss", value)
    dout = keep("softmax.dx", backward(network.last))
    for i in length(network.affines):-1:1
        affine = network.affines[i]
        dout = keep("affine$i.dx", backward(affine, dout))
        keep("affine$i.dW", affine.dW)
        keep("affine$i.db", affine.db)
        if i > 1
            dout = keep("$(network.activation)$(i - 1).dx", backward(network.activations[i - 1], dout))
        end
    end
    record
end
