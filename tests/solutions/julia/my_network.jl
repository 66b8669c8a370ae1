# Your network for gradparity, and the one file to open: what is left to you is marked YOURS.
#
# What comes are matrices and vectors of the case's type, Float64 or Float32; leave them as they are. A row is a sample.
# Labels count from 1. What you return must be of the case's type, and of the shape that is written here. An exception
# is reported as the error that it is. Begin with one function, and name it in WRITTEN: all others can wait, or stay as
# they are.

# YOURS: what your code can compute in. Without "float32" those cases are "not implemented".
const DTYPES = ["float64", "float32"]

# YOURS: "any" if your loss adds the epsilon that it is given; 1e-7 if it always adds that, as the book's does.
const EPSILON = "any"

# YOURS: "any" if your numerical_gradient takes the step that it is given; 1e-4 if it always takes that, as the book's
# does.
const STEP = "any"

# YOURS: the functions below that you have written, such as :affine, :relu. The others are not called.
const WRITTEN = [
    :affine, :relu, :sigmoid, :softmax_with_loss, :tanh, :squared_error, :batch_norm, :dropout, :convolution,
    :max_pooling, :predict, :gradient, :accuracy, :numerical_gradient, :sgd!, :momentum!, :nesterov!, :adagrad!,
    :rmsprop!, :adam!, :predict_layers, :gradient_layers, :accuracy_layers,
]

# Layers, each by itself.

"""
YOURS: out = x W + b, and for a given dout the gradients dx, dW and db. Returns out, dx, dW, db.

x, dx (batch, inputs); W, dW (inputs, outputs); b, db (outputs,); dout, out (batch, outputs)
"""
function affine(x, W, b, dout)
    x * W .+ b', dout * W', x' * dout, vec(sum(dout, dims = 1))
end

"YOURS: out = max(x, 0); dx = dout where x > 0, else 0. All of one shape. Returns out, dx."
function relu(x, dout)
    max.(x, 0), ifelse.(x .<= 0, zero(eltype(dout)), dout)
end

"YOURS: out = 1 / (1 + exp(-x)); dx = dout out (1 - out). All of one shape. Returns out, dx."
function sigmoid(x, dout)
    out = 1 ./ (1 .+ exp.(-x))
    out, dout .* out .* (1 .- out)
end

"""
YOURS: the mean loss, -mean(log(y[label] + epsilon)), y = softmax of each row, dx = (y - one-hot t) / batch.
Returns loss, y, dx.

x, y, dx (batch, classes); t (batch,). Where epsilon is 0, as in most cases, take the logarithm as
x[label] - max - log(sum(exp(x - max))) of the row, as y[label] can be 0; else as log(y[label] + epsilon).
"""
function softmax_with_loss(x, t, epsilon)
    z = x .- maximum(x, dims = 2)
    log_p = z .- log.(sum(exp.(z), dims = 2))
    y = exp.(log_p)
    picked = CartesianIndex.(axes(x, 1), t)
    at_label = epsilon == 0 ? log_p[picked] : log.(y[picked] .+ epsilon)
    dx = copy(y)
    dx[picked] .-= 1
    -sum(at_label) / size(x, 1), y, dx ./ size(x, 1)
end

"YOURS: out = tanh(x); dx = dout (1 - out^2). All of one shape. Returns out, dx. Julia's own is Base.tanh."
function tanh(x, dout)
    out = Base.tanh.(x)
    out, dout .* (1 .- out .^ 2)
end

"""
YOURS: the mean over the batch of sum((x - one-hot t)^2) / 2, dx = (x - one-hot t) / batch. Returns loss, dx.

x, dx (batch, classes); t (batch,)
"""
function squared_error(x, t)
    difference = copy(x)
    difference[CartesianIndex.(axes(x, 1), t)] .-= 1
    sum(abs2, difference) / (2 * size(x, 1)), difference ./ size(x, 1)
end

"""
YOURS: out = gamma (x - mean) / sqrt(var + epsilon) + beta in each column, and the gradients dx, dgamma, dbeta.
Returns out, running_mean, running_var (new arrays; any if not training), dx, dgamma, dbeta.

If training, mean and var are those of the batch (var is the mean of (x - mean)^2), dx goes through them too, and
running_mean <- momentum running_mean + (1 - momentum) mean, running_var likewise with var. If not, the running ones
stand for mean and var, as constants. x, dx, dout, out (batch, features); the other arrays (features,). momentum is a
Float64, so that you can take 1 - momentum before you convert it to the case's type.
"""
function batch_norm(x, gamma, beta, running_mean, running_var, momentum, epsilon, training, dout)
    T = eltype(x)
    n = size(x, 1)
    mean, var = running_mean', running_var'
    if training
        mean = sum(x, dims = 1) ./ n
        var = sum(abs2, x .- mean, dims = 1) ./ n
        running_mean = T(momentum) .* running_mean .+ T(1 - momentum) .* vec(mean)
        running_var = T(momentum) .* running_var .+ T(1 - momentum) .* vec(var)
    end
    std = sqrt.(var .+ epsilon)
    xn = (x .- mean) ./ std
    dgamma, dbeta = sum(dout .* xn, dims = 1), sum(dout, dims = 1)
    through = training ? (dbeta .+ xn .* dgamma) ./ n : zero(x)
    out, dx = gamma' .* xn .+ beta', gamma' ./ std .* (dout .- through)
    out, running_mean, running_var, dx, vec(dgamma), vec(dbeta)
end

"""
YOURS: out = x mask, dx = dout mask; if not training, out = x (1 - ratio), dx = dout (1 - ratio). Returns out, dx.

The mask is given, 1 where x is kept and 0 where not. All arrays of one shape. ratio is a Float64.
"""
function dropout(x, mask, ratio, training, dout)
    kept = training ? mask : eltype(x)(1 - ratio)
    x .* kept, dout .* kept
end

"The images with zeros around them."
function padded(x, pad)
    n, c, h, w = size(x)
    out = zeros(eltype(x), n, c, h + 2pad, w + 2pad)
    out[:, :, pad+1:pad+h, pad+1:pad+w] = x
    out
end

unpadded(x, pad) = x[:, :, pad+1:end-pad, pad+1:end-pad]

"Zeros for so many channels of results."
function zeros_after(x, channels, height, width, stride, pad)
    rows, columns = ((size(x, 2 + k) + 2pad - n) ÷ stride + 1 for (k, n) in enumerate((height, width)))
    zeros(eltype(x), size(x, 1), channels, rows, columns)
end

"""
YOURS: out = the sum of each filter W[f, :, :, :] times each window of x, unflipped, plus b[f]; and the gradients.
Returns out, dx, dW, db.

Windows begin stride apart, with pad rows and columns of zeros around each image. x, dx (batch, channels, height,
width); W, dW (filters, channels, window height, window width); b, db (filters,); dout, out (batch, filters, out
height, out width), out height = (height + 2 pad - window height) ÷ stride + 1.
"""
function convolution(x, W, b, stride, pad, dout)
    filters, _, height, width = size(W)
    px, out, dW = padded(x, pad), zeros_after(x, filters, height, width, stride, pad), zero(W)
    dx = zero(px)
    for n in axes(out, 1), f in axes(out, 2), i in axes(out, 3), j in axes(out, 4)
        rows, columns = (i - 1) * stride .+ (1:height), (j - 1) * stride .+ (1:width)
        window, filter, d = px[n, :, rows, columns], W[f, :, :, :], dout[n, f, i, j]
        out[n, f, i, j] = sum(window .* filter) + b[f]
        dW[f, :, :, :] .+= d .* window
        dx[n, :, rows, columns] .+= d .* filter
    end
    out, unpadded(dx, pad), dW, vec(sum(dout, dims = (1, 3, 4)))
end

"""
YOURS: out = the largest element of each window of so many rows and columns, channel by channel; dx. Returns out, dx.

dout goes to that element (of equal ones to the first, row by row) and adds up where windows overlap. Zeros of pad
take part. x, dx (batch, channels, height, width); dout, out (batch, channels, out height, out width), as in
convolution.
"""
function max_pooling(x, height, width, stride, pad, dout)
    px, out = padded(x, pad), zeros_after(x, size(x, 2), height, width, stride, pad)
    dx = zero(px)
    for n in axes(out, 1), c in axes(out, 2), i in axes(out, 3), j in axes(out, 4)
        top, left = (i - 1) * stride, (j - 1) * stride
        row, column = 1, 1
        for r in 1:height, s in 1:width  # not argmax, for which -0.0 is less than 0.0
            px[n, c, top+r, left+s] > px[n, c, top+row, left+column] && ((row, column) = (r, s))
        end
        out[n, c, i, j] = px[n, c, top+row, left+column]
        dx[n, c, top+row, left+column] += dout[n, c, i, j]
    end
    out, unpadded(dx, pad)
end

# The network: affine layers with an activation between them, and softmax with cross-entropy at the end.
#
#     net.W[l], net.b[l]   (inputs of layer l, outputs of layer l) and (outputs of layer l,)
#     net.activation       :relu or :sigmoid; :tanh if that is in WRITTEN
#     net.epsilon          as above

activate(net, x, dout) = (relu = relu, sigmoid = sigmoid, tanh = tanh)[net.activation](x, dout)

"The inputs of all layers, and their pre-activations."
function forward(net, x)
    inputs, outs = [x], typeof(x)[]
    for (W, b) in zip(net.W, net.b)
        push!(outs, inputs[end] * W .+ b')
        push!(inputs, activate(net, outs[end], outs[end])[1])
    end
    inputs, outs
end

"""
YOURS: the networks that your code can be, here any. One that always has two layers, and relu, says
length(net.W) == 2 && net.activation == :relu. Cases with others are reported as not implemented.
"""
function supports(net)
    true
end

"YOURS: the logits of x (batch, inputs), before the softmax: (batch, classes)."
function predict(net, x)
    forward(net, x)[2][end]
end

"""
YOURS: the mean loss, and two vectors, the gradient of each W[l] and each b[l]. Returns loss, dW, db.

x (batch, inputs); t (batch,)
"""
function gradient(net, x, t)
    inputs, outs = forward(net, x)
    dW, db = similar(net.W), similar(net.b)
    loss, _, dout = softmax_with_loss(outs[end], t, net.epsilon)
    for l in reverse(eachindex(net.W))
        dW[l], db[l] = inputs[l]' * dout, vec(sum(dout, dims = 1))
        l > 1 && (dout = activate(net, outs[l-1], dout * net.W[l]')[2])
    end
    loss, dW, db
end

share(out, t) = count(i -> argmax(out[i, :]) == t[i], eachindex(t)) / length(t)

"YOURS: the share of the rows of x whose largest logit (the first in a tie; NaN is largest) is at the label."
function accuracy(net, x, t)
    share(predict(net, x), t)
end

"""
YOURS: the gradient from the loss alone, as two vectors like those of gradient. Returns dW, db.

For each element p of each W[l] and b[l] it is (loss at p + step - loss at p - step) / (2 step). If you change p in
place, put it back exactly.
"""
function numerical_gradient(net, x, t, step)
    loss() = softmax_with_loss(predict(net, x), t, net.epsilon)[1]
    function slope(p, i)
        value = p[i]
        p[i] = value + step
        above = loss()
        p[i] = value - step
        below = loss()
        p[i] = value
        (above - below) / (2 * step)
    end
    slopes(p) = [slope(p, i) for i in CartesianIndices(p)]
    slopes.(net.W), slopes.(net.b)
end

# Training: the update of one parameter p, in place, and of what the optimizer keeps for it (v, h, m), zeros at first.
# dp is its gradient; all arrays are of one shape. momentum, decay and the betas are Float64, so that you can take
# 1 - beta1 before you convert it to the case's type. One optimizer is enough to train.

"YOURS: p <- p - rate dp."
function sgd!(p, dp, rate)
    p .-= rate .* dp
end

"YOURS: v <- momentum v - rate dp; p <- p + v."
function momentum!(p, dp, v, rate, momentum)
    v .= momentum .* v .- rate .* dp
    p .+= v
end

"YOURS: v <- momentum v - rate dp; p <- p + momentum v - rate dp, with the new v."
function nesterov!(p, dp, v, rate, momentum)
    v .= momentum .* v .- rate .* dp
    p .+= momentum .* v .- rate .* dp
end

"YOURS: h <- h + dp^2; p <- p - rate dp / (sqrt(h) + 1e-7)."
function adagrad!(p, dp, h, rate)
    h .+= dp .^ 2
    p .-= rate .* dp ./ (sqrt.(h) .+ 1e-7)
end

"YOURS: h <- decay h + (1 - decay) dp^2; p <- p - rate dp / (sqrt(h) + 1e-7)."
function rmsprop!(p, dp, h, rate, decay)
    h .= decay .* h .+ (1 - decay) .* dp .^ 2
    p .-= rate .* dp ./ (sqrt.(h) .+ 1e-7)
end

"""
YOURS: m <- m + (1 - beta1) (dp - m); v <- v + (1 - beta2) (dp^2 - v); p <- p - r m / (sqrt(v) + 1e-7), where
r = rate sqrt(1 - beta2^iteration) / (1 - beta1^iteration). iteration counts the updates, from 1.
"""
function adam!(p, dp, m, v, rate, beta1, beta2, iteration)
    rate *= sqrt(1 - beta2^iteration) / (1 - beta1^iteration)
    m .+= (1 - beta1) .* (dp .- m)
    v .+= (1 - beta2) .* (dp .^ 2 .- v)
    p .-= rate .* m ./ (sqrt.(v) .+ 1e-7)
end

# Networks of any layers that are in WRITTEN: write both predict_layers and gradient_layers.
#
#     layers         a vector in order; the last one is the loss, :softmax_with_loss or :squared_error
#     layer.kind     the name of its function above, such as :affine
#     layer. ...     what that function is given: W and b of affine; W, b, stride and pad of convolution; height, width,
#                    stride and pad of max_pooling; gamma, beta, running_mean, running_var, momentum and epsilon of
#                    batch_norm; mask and ratio of dropout
#
# x is (batch, inputs) or (batch, channels, height, width). affine takes each image as a row, channel by channel, row by
# row: reshape(permutedims(x, (1, 4, 3, 2)), size(x, 1), :).

as_rows(x) = ndims(x) == 4 ? reshape(permutedims(x, (1, 4, 3, 2)), size(x, 1), :) : x

function as_images(rows, x)
    ndims(x) == 4 || return rows
    n, c, h, w = size(x)
    permutedims(reshape(rows, n, w, h, c), (1, 4, 3, 2))
end

"What the layer's function returns, for x and dout as it was given them."
function layer_pass(layer, x, dout, training)
    kind = layer.kind
    if kind === :affine
        out, dx, dW, db = affine(as_rows(x), layer.W, layer.b, dout)
        return out, as_images(dx, x), dW, db
    elseif kind === :convolution
        return convolution(x, layer.W, layer.b, layer.stride, layer.pad, dout)
    elseif kind === :max_pooling
        return max_pooling(x, layer.height, layer.width, layer.stride, layer.pad, dout)
    elseif kind === :batch_norm
        held = layer.gamma, layer.beta, layer.running_mean, layer.running_var
        return batch_norm(x, held..., layer.momentum, layer.epsilon, training, dout)
    elseif kind === :dropout
        return dropout(x, layer.mask, layer.ratio, training, dout)
    end
    (relu = relu, sigmoid = sigmoid, tanh = tanh)[kind](x, dout)
end

"Zeros of the shape of the layer's result, as a dout."
function zeros_after(layer, x)
    kind = layer.kind
    kind === :affine && return zeros(eltype(x), size(x, 1), size(layer.W, 2))
    kind === :convolution &&
        return zeros_after(x, size(layer.W, 1), size(layer.W)[3:4]..., layer.stride, layer.pad)
    kind === :max_pooling &&
        return zeros_after(x, size(x, 2), layer.height, layer.width, layer.stride, layer.pad)
    zero(x)
end

"The inputs of all layers, and the result of the last one before the loss."
function forward_layers(layers, x, training)
    inputs = []
    for layer in layers[1:end-1]
        push!(inputs, x)
        x = layer_pass(layer, x, zeros_after(layer, x), training)[1]
    end
    inputs, x
end

"YOURS: the networks that your code can be, here any. Cases with others are reported as not implemented."
function supports_layers(layers)
    true
end

"YOURS: the logits of x, before the loss: (batch, classes). Not training, in dropout and batch_norm."
function predict_layers(layers, x)
    forward_layers(layers, x, false)[2]
end

"""
YOURS: the loss, and a vector of the gradients in the order of the layers: dW, db, and dgamma, dbeta of batch_norm.

Training. To the loss of the last layer (which takes epsilon) add weight_decay / 2 times the sum of the squares of
all W, and weight_decay W to each dW. If you move running_mean and running_var on in each training step, do it here:
change them, or put new arrays in their place.
"""
function gradient_layers(layers, x, t, weight_decay, epsilon)
    inputs, out = forward_layers(layers, x, true)
    last = layers[end].kind === :squared_error ? squared_error(out, t) : softmax_with_loss(out, t, epsilon)
    loss, dout = last[1], last[end]
    gradients = []
    for (layer, x) in zip(reverse(layers[1:end-1]), reverse(inputs))
        found = layer_pass(layer, x, dout, true)
        if layer.kind === :batch_norm
            _, layer.running_mean, layer.running_var, dout, dgamma, dbeta = found
            pushfirst!(gradients, dgamma, dbeta)
        else
            dout = found[2]
        end
        if layer.kind in (:affine, :convolution)
            loss += weight_decay / 2 * sum(abs2, layer.W)
            pushfirst!(gradients, found[3] + weight_decay * layer.W, found[4])
        end
    end
    loss, gradients
end

"YOURS: as accuracy."
function accuracy_layers(layers, x, t)
    share(predict_layers(layers, x), t)
end
