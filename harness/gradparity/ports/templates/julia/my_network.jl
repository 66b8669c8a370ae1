# Your network for gradparity, and the one file to open: what is left to you is marked YOURS.
#
# What comes are matrices and vectors of the case's type, Float64 or Float32; leave them as they are. A row is a sample.
# Labels count from 1. What you return must be of the case's type, and of the shape that is written here. An exception
# is reported as the error that it is.

# YOURS: what your code can compute in. Without "float32" those cases are "not implemented".
const DTYPES = ["float64", "float32"]

# YOURS: "any" if your loss adds the epsilon that it is given; 1e-7 if it always adds that, as the book's does.
const EPSILON = "any"

# YOURS: the functions below that you have written, such as :affine, :relu. The others are not called.
const WRITTEN = Symbol[]

"""
YOURS: the networks that your code can be, here any. One that always has two layers, and relu, says
length(net.W) == 2 && net.activation == :relu. Cases with others are reported as not implemented. net: see below
"""
function supports(net)
    true
end

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

# The network: affine layers with an activation between them, and softmax with cross-entropy at the end.
#
#     net.W[l], net.b[l]   (inputs of layer l, outputs of layer l) and (outputs of layer l,)
#     net.activation       :relu or :sigmoid
#     net.epsilon          as above

"YOURS: the logits of x (batch, inputs), before the softmax: (batch, classes)."
function predict(net, x)
end

"""
YOURS: the mean loss, and two vectors, the gradient of each W[l] and each b[l]. Returns loss, dW, db.

x (batch, inputs); t (batch,)
"""
function gradient(net, x, t)
end

"YOURS: p <- p - rate dp, in place. Both of one shape."
function sgd!(p, dp, rate)
end
