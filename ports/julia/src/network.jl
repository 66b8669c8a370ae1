# A network: an ordered collection of layers, and a loss at the end.
#
# Source: "Deep Learning from Scratch", section 5.7 (TwoLayerNet), for any layers.

"An array or a number with its name. A vector of them keeps their order."
const Named = Pair{String,Any}

"""
Layers in the order in which they are applied, with numbers that count those that have parameters, and the loss.

`weight_decay` times half the squares of all W is added to the loss (section 6.4.2). `loss`, `gradient` and `trace` are
of the training, `predict` and `accuracy` of the test.
"""
struct Network{T<:AbstractFloat}
    layers::Vector{Layer{T}}
    numbers::Vector{Int}
    last::Union{SoftmaxWithLoss{T},SquaredError{T}}
    weight_decay::Float64
    learnt::Vector{NTuple{2,Vector{T}}}
    decayed::Vector{NTuple{2,Vector{T}}}
end

function Network{T}(layers, last, weight_decay = 0.0) where {T}
    flat(is_meant) = [
        (vec(p), vec(dp)) for layer in layers for
        (name, p, dp) in zip(keys(params(layer)), params(layer), gradients(layer)) if is_meant(name)
    ]
    numbers = cumsum(Int[!isempty(params(layer)) for layer in layers])
    Network{T}(layers, numbers, last, weight_decay, flat(name -> true), flat(==(:W)))
end

"""
    Network(weights, biases, activation = "relu", epsilon = 0)

Affine layers with an activation between each two: weights[i] is (sizes[i], sizes[i + 1]), biases[i] is
(sizes[i + 1],), all of one type.
"""
function Network(weights::Vector{Matrix{T}}, biases::Vector{Vector{T}}, activation = "relu", epsilon = 0) where {T}
    layers = Layer{T}[]
    for (W, b) in zip(weights, biases)
        isempty(layers) || push!(layers, Dict(KINDS)[activation]{T,2}())
        push!(layers, Affine(W, b))
    end
    Network{T}(layers, SoftmaxWithLoss{T}(epsilon))
end

"The kinds of `depth` affine layers with an activation between each two."
dense(depth, activation) = ["affine"; repeat([activation, "affine"], depth - 1)]

"The name of the i-th layer, such as affine2: the kind, and a number."
name(network::Network, i) = kind(network.layers[i], KINDS) * string(network.numbers[i])
kind(layer, kinds) = kinds[findfirst(pair -> layer isa pair.second, kinds)].first

"The parameters by name, W1, b1, W2, ...: the arrays themselves, not copies."
params(network::Network) = by_layer(network, params)

"The parameters, and what training moves on beside them, layer by layer: W1, b1, gamma2, beta2, running_mean2, ..."
held(network::Network) = by_layer(network, layer -> merge(params(layer), state(layer)))

"These arrays of each layer, by name and number."
by_layer(network::Network, arrays) = Named[
    string(name, number) => array for (layer, number) in zip(network.layers, network.numbers) for
    (name, array) in pairs(arrays(layer))
]

"The logits, (batch, classes), of x, (batch, inputs), or of images."
predict(network::Network, x) = forward(network, x, false)

function forward(network::Network{T}, x, training) where {T}
    for layer in network.layers
        training!(layer, training)
        x = forward(layer, x)
    end
    x::Matrix{T}
end

"The mean loss, a scalar, and what weight decay adds. t is one-hot, (batch, classes), or labels, (batch,), from 1."
function loss(network::Network{T}, x, t) where {T}
    value = forward(network.last, forward(network, x, true), t)
    iszero(network.weight_decay) && return value
    value + T(network.weight_decay / 2) * sum(sum(abs2, W) for (W, _) in network.decayed)
end

"The share of rows whose largest logit (the first, in a tie) is at the label."
accuracy(network::Network, x, t) = sum(largest_columns(predict(network, x)) .== labels(t)) / length(labels(t))

"""The loss, and the gradient of every parameter: "loss", "dW1", "db1", "dW2", ..."""
function gradient(network::Network, x, t)
    value = propagate(network, x, t)
    [Named("loss", value); by_layer(network, gradients)]
end

"The loss; the gradient stays where it arises, in dW and db of each layer."
function propagate(network::Network{T}, x, t) where {T}
    value = loss(network, x, t)
    dout = backward(network.last)
    first_learning = something(findfirst(>(0), network.numbers), length(network.layers) + 1)
    for i in length(network.layers):-1:first_learning+1
        dout = backward(network.layers[i], dout)
    end
    isempty(network.learnt) || backward_parameters(network.layers[first_learning], dout)
    decay = T(network.weight_decay)
    if !iszero(decay)
        for (W, dW) in network.decayed
            map!((dW, W) -> dW + decay * W, dW, dW, W)
        end
    end
    value
end

"Move the state on by the last forward pass: training does, and nothing else."
move_on!(network::Network) = foreach(move_on!, network.layers)

"""
Every intermediate array of one forward and backward pass, in the order in which they arise.

Forward: affine1.out, relu1.out, affine2.out, ..., softmax.y, loss. Backward: softmax.dx, affine2.dx, affine2.dW,
affine2.db, relu1.dx, ..., affine1.dx (the gradient of the data), affine1.dW, affine1.db. A layer with a state has that
after its out, as this pass would move it on. Weight decay is in none of them.
"""
function trace(network::Network, x, t)
    record = Named[]
    keep(name, value) = (push!(record, name => value); value)
    for (i, layer) in enumerate(network.layers)
        training!(layer, true)
        x = keep("$(name(network, i)).out", forward(layer, x))
        foreach(pair -> keep("$(name(network, i)).$(pair[1])", pair[2]), pairs(moved(layer)))
    end
    value = forward(network.last, x, t)
    last = replace(kind(network.last, LOSSES), "_with_loss" => "")
    network.last isa SoftmaxWithLoss && keep("softmax.y", network.last.y)
    keep("loss", value)
    dout = keep("$last.dx", backward(network.last))
    for i in length(network.layers):-1:1
        layer = network.layers[i]
        dout = keep("$(name(network, i)).dx", backward(layer, dout))
        foreach(pair -> keep("$(name(network, i)).$(pair[1])", pair[2]), pairs(gradients(layer)))
    end
    record
end
