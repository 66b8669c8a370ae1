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
const WRITTEN = Symbol[]

# Layers, each by itself.

"""
YOURS: out = x W + b, and for a given dout the gradients dx, dW and db. Returns out, dx, dW, db.

x, dx (batch, inputs); W, dW (inputs, outputs); b, db (outputs,); dout, out (batch, outputs)
"""
function affine(x, W, b, dout)
end

"YOURS: out = max(x, 0); dx = dout where x > 0, else 0. All of one shape. Returns out, dx."
function relu(x, dout)
end

"YOURS: out = 1 / (1 + exp(-x)); dx = dout out (1 - out). All of one shape. Returns out, dx."
function sigmoid(x, dout)
end

"""
YOURS: the mean loss, -mean(log(y[label] + epsilon)), y = softmax of each row, dx = (y - one-hot t) / batch.
Returns loss, y, dx.

x, y, dx (batch, classes); t (batch,). Where epsilon is 0, as in most cases, take the logarithm as
x[label] - max - log(sum(exp(x - max))) of the row, as y[label] can be 0; else as log(y[label] + epsilon).
"""
function softmax_with_loss(x, t, epsilon)
end

"YOURS: out = tanh(x); dx = dout (1 - out^2). All of one shape. Returns out, dx. Julia's own is Base.tanh."
function tanh(x, dout)
end

"""
YOURS: the mean over the batch of sum((x - one-hot t)^2) / 2, dx = (x - one-hot t) / batch. Returns loss, dx.

x, dx (batch, classes); t (batch,)
"""
function squared_error(x, t)
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
end

"""
YOURS: out = x mask, dx = dout mask; if not training, out = x (1 - ratio), dx = dout (1 - ratio). Returns out, dx.

The mask is given, 1 where x is kept and 0 where not. All arrays of one shape. ratio is a Float64.
"""
function dropout(x, mask, ratio, training, dout)
end

"""
YOURS: out = the sum of each filter W[f, :, :, :] times each window of x, unflipped, plus b[f]; and the gradients.
Returns out, dx, dW, db.

Windows begin stride apart, with pad rows and columns of zeros around each image. x, dx (batch, channels, height,
width); W, dW (filters, channels, window height, window width); b, db (filters,); dout, out (batch, filters, out
height, out width), out height = (height + 2 pad - window height) ÷ stride + 1.
"""
function convolution(x, W, b, stride, pad, dout)
end

"""
YOURS: out = the largest element of each window of so many rows and columns, channel by channel; dx. Returns out, dx.

dout goes to that element (of equal ones to the first, row by row) and adds up where windows overlap. Zeros of pad
take part. x, dx (batch, channels, height, width); dout, out (batch, channels, out height, out width), as in
convolution.
"""
function max_pooling(x, height, width, stride, pad, dout)
end

# The network: affine layers with an activation between them, and softmax with cross-entropy at the end.
#
#     net.W[l], net.b[l]   (inputs of layer l, outputs of layer l) and (outputs of layer l,)
#     net.activation       :relu or :sigmoid; :tanh if that is in WRITTEN
#     net.epsilon          as above

"""
YOURS: the networks that your code can be, here any. One that always has two layers, and relu, says
length(net.W) == 2 && net.activation == :relu. Cases with others are reported as not implemented.
"""
function supports(net)
    true
end

"YOURS: the logits of x (batch, inputs), before the softmax: (batch, classes)."
function predict(net, x)
end

"""
YOURS: the mean loss, and two vectors, the gradient of each W[l] and each b[l]. Returns loss, dW, db.

x (batch, inputs); t (batch,)
"""
function gradient(net, x, t)
end

"YOURS: the share of the rows of x whose largest logit (the first in a tie; NaN is largest) is at the label."
function accuracy(net, x, t)
end

"""
YOURS: the gradient from the loss alone, as two vectors like those of gradient. Returns dW, db.

For each element p of each W[l] and b[l] it is (loss at p + step - loss at p - step) / (2 step). If you change p in
place, put it back exactly.
"""
function numerical_gradient(net, x, t, step)
end

# Training: the update of one parameter p, in place, and of what the optimizer keeps for it (v, h, m), zeros at first.
# dp is its gradient; all arrays are of one shape. momentum, decay and the betas are Float64, so that you can take
# 1 - beta1 before you convert it to the case's type. One optimizer is enough to train.

"YOURS: p <- p - rate dp."
function sgd!(p, dp, rate)
end

"YOURS: v <- momentum v - rate dp; p <- p + v."
function momentum!(p, dp, v, rate, momentum)
end

"YOURS: v <- momentum v - rate dp; p <- p + momentum v - rate dp, with the new v."
function nesterov!(p, dp, v, rate, momentum)
end

"YOURS: h <- h + dp^2; p <- p - rate dp / (sqrt(h) + 1e-7)."
function adagrad!(p, dp, h, rate)
end

"YOURS: h <- decay h + (1 - decay) dp^2; p <- p - rate dp / (sqrt(h) + 1e-7)."
function rmsprop!(p, dp, h, rate, decay)
end

"""
YOURS: m <- m + (1 - beta1) (dp - m); v <- v + (1 - beta2) (dp^2 - v); p <- p - r m / (sqrt(v) + 1e-7), where
r = rate sqrt(1 - beta2^iteration) / (1 - beta1^iteration). iteration counts the updates, from 1.
"""
function adam!(p, dp, m, v, rate, beta1, beta2, iteration)
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

"YOURS: the networks that your code can be, here any. Cases with others are reported as not implemented."
function supports_layers(layers)
    true
end

"YOURS: the logits of x, before the loss: (batch, classes). Not training, in dropout and batch_norm."
function predict_layers(layers, x)
end

"""
YOURS: the loss, and a vector of the gradients in the order of the layers: dW, db, and dgamma, dbeta of batch_norm.

Training. To the loss of the last layer (which takes epsilon) add weight_decay / 2 times the sum of the squares of
all W, and weight_decay W to each dW. If you move running_mean and running_var on in each training step, do it here:
change them, or put new arrays in their place.
"""
function gradient_layers(layers, x, t, weight_decay, epsilon)
end

"YOURS: as accuracy."
function accuracy_layers(layers, x, t)
end
