"""Your network for gradparity, and the one file to open: what is left to you is marked YOURS.

What comes are NumPy arrays of the case's dtype, float64 or float32, in C or in Fortran order; leave them as they are.
Labels are integers from 0. What you return must have the case's dtype, and the shape that is written here. An exception
is reported as the error that it is. Begin with one function, and name it in WRITTEN: all others can wait, or stay as
they are.
"""

# YOURS: what your code can compute in. Without float32 those cases are "not implemented".
DTYPES = ["float64", "float32"]

# YOURS: "any" if your loss adds the epsilon that it is given; 1e-7 if it always adds that, as the book's does.
EPSILON = "any"

# YOURS: "any" if your numerical_gradient takes the step that it is given; 1e-4 if it always takes that, as the book's
# does.
STEP = "any"
# What you do otherwise on purpose, if anything: DECLARES = "log_base=10"; docs/verdicts.md has the list.

# YOURS: the functions below that you have written, such as "affine", "relu". The others are not called.
WRITTEN = []


# Layers, each by itself.


def affine(x, W, b, dout):
    """YOURS: out = x W + b, and for a given dout the gradients dx, dW and db.

    x, dx (batch, inputs); W, dW (inputs, outputs); b, db (outputs,); dout, out (batch, outputs). Returns
    out, dx, dW, db.
    """
    raise NotImplementedError("listed in WRITTEN, and not written")


def relu(x, dout):
    """YOURS: out = max(x, 0); dx = dout where x > 0, else 0. All of one shape. Returns out, dx."""
    raise NotImplementedError("listed in WRITTEN, and not written")


def sigmoid(x, dout):
    """YOURS: out = 1 / (1 + exp(-x)); dx = dout out (1 - out). All of one shape. Returns out, dx."""
    raise NotImplementedError("listed in WRITTEN, and not written")


def softmax_with_loss(x, t, epsilon):
    """YOURS: the mean loss, -mean(log(y[label] + epsilon)), y = softmax of each row, dx = (y - one-hot t) / batch.

    x, y, dx (batch, classes); t (batch,). Where epsilon is 0, as in most cases, take the logarithm as
    x[label] - max - log(sum(exp(x - max))) of the row, as y[label] can be 0; else as log(y[label] + epsilon). Returns
    loss, y, dx.
    """
    raise NotImplementedError("listed in WRITTEN, and not written")


def tanh(x, dout):
    """YOURS: out = tanh(x); dx = dout (1 - out^2). All of one shape. Returns out, dx."""
    raise NotImplementedError("listed in WRITTEN, and not written")


def squared_error(x, t):
    """YOURS: the mean over the batch of sum((x - one-hot t)^2) / 2, dx = (x - one-hot t) / batch.

    x, dx (batch, classes); t (batch,). Returns loss, dx.
    """
    raise NotImplementedError("listed in WRITTEN, and not written")


def batch_norm(x, gamma, beta, running_mean, running_var, momentum, epsilon, training, dout):
    """YOURS: out = gamma (x - mean) / sqrt(var + epsilon) + beta in each column, and the gradients dx, dgamma, dbeta.

    If training, mean and var are those of the batch (var is the mean of (x - mean)^2), dx goes through them too, and
    running_mean <- momentum running_mean + (1 - momentum) mean, running_var likewise with var. If not, the running ones
    stand for mean and var, as constants. x, dx, dout, out (batch, features); the other arrays (features,). Returns
    out, running_mean, running_var (new arrays; any if not training), dx, dgamma, dbeta.
    """
    raise NotImplementedError("listed in WRITTEN, and not written")


def dropout(x, mask, ratio, training, dout):
    """YOURS: out = x mask, dx = dout mask; if not training, out = x (1 - ratio), dx = dout (1 - ratio).

    The mask is given, 1 where x is kept and 0 where not. All arrays of one shape. Returns out, dx.
    """
    raise NotImplementedError("listed in WRITTEN, and not written")


def convolution(x, W, b, stride, pad, dout):
    """YOURS: out = the sum of each filter W[f] times each window of x, unflipped, plus b[f]; the gradients dx, dW, db.

    Windows begin stride apart, with pad rows and columns of zeros around each image. x, dx (batch, channels, height,
    width); W, dW (filters, channels, window height, window width); b, db (filters,); dout, out (batch, filters, out
    height, out width), out height = (height + 2 pad - window height) // stride + 1. Returns out, dx, dW, db.
    """
    raise NotImplementedError("listed in WRITTEN, and not written")


def max_pooling(x, height, width, stride, pad, dout):
    """YOURS: out = the largest element of each window of so many rows and columns, channel by channel; dx.

    dout goes to that element (of equal ones to the first, row by row) and adds up where windows overlap. Zeros of pad
    take part. x, dx (batch, channels, height, width); dout, out (batch, channels, out height, out width), as in
    convolution. Returns out, dx.
    """
    raise NotImplementedError("listed in WRITTEN, and not written")


# The network: affine layers with an activation between them, and softmax with cross-entropy at the end.
#
#     net.W[l], net.b[l]   (inputs of layer l, outputs of layer l) and (outputs of layer l,), l from 0
#     net.activation       "relu" or "sigmoid"; "tanh" if that is in WRITTEN
#     net.epsilon          as above


def supports(net):
    """YOURS: the networks that your code can be, here any. One that always has two layers, and relu, says
    len(net.W) == 2 and net.activation == "relu". Cases with others are reported as not implemented.
    """
    return True


def predict(net, x):
    """YOURS: the logits of x (batch, inputs), before the softmax: (batch, classes)."""
    raise NotImplementedError("listed in WRITTEN, and not written")


def gradient(net, x, t):
    """YOURS: the mean loss, and two lists, the gradient of each W[l] and each b[l]. x (batch, inputs); t (batch,)"""
    raise NotImplementedError("listed in WRITTEN, and not written")


def accuracy(net, x, t):
    """YOURS: the share of the rows of x whose largest logit (the first in a tie; NaN is largest) is at the label."""
    raise NotImplementedError("listed in WRITTEN, and not written")


def numerical_gradient(net, x, t, step):
    """YOURS: the gradient from the loss alone, as two lists like those of gradient: dW, db.

    For each element p of each W[l] and b[l] it is (loss at p + step - loss at p - step) / (2 step). If you change p in
    place, put it back exactly.
    """
    raise NotImplementedError("listed in WRITTEN, and not written")


# Training: the update of one parameter p, in place, and of what the optimizer keeps for it (v, h, m), zeros at first.
# dp is its gradient; all arrays are of one shape. One optimizer is enough to train.


def sgd(p, dp, rate):
    """YOURS: p <- p - rate dp."""
    raise NotImplementedError("listed in WRITTEN, and not written")


def momentum(p, dp, v, rate, momentum):
    """YOURS: v <- momentum v - rate dp; p <- p + v."""
    raise NotImplementedError("listed in WRITTEN, and not written")


def nesterov(p, dp, v, rate, momentum):
    """YOURS: v <- momentum v - rate dp; p <- p + momentum v - rate dp, with the new v."""
    raise NotImplementedError("listed in WRITTEN, and not written")


def adagrad(p, dp, h, rate):
    """YOURS: h <- h + dp^2; p <- p - rate dp / (sqrt(h) + 1e-7)."""
    raise NotImplementedError("listed in WRITTEN, and not written")


def rmsprop(p, dp, h, rate, decay):
    """YOURS: h <- decay h + (1 - decay) dp^2; p <- p - rate dp / (sqrt(h) + 1e-7)."""
    raise NotImplementedError("listed in WRITTEN, and not written")


def adam(p, dp, m, v, rate, beta1, beta2, iteration):
    """YOURS: m <- m + (1 - beta1) (dp - m); v <- v + (1 - beta2) (dp^2 - v); p <- p - r m / (sqrt(v) + 1e-7), where
    r = rate sqrt(1 - beta2^iteration) / (1 - beta1^iteration). iteration counts the updates, from 1.
    """
    raise NotImplementedError("listed in WRITTEN, and not written")


# Networks of any layers that are in WRITTEN: write both predict_layers and gradient_layers.
#
#     layers         a list in order; the last one is the loss, softmax_with_loss or squared_error
#     layer.kind     the name of its function above, such as "affine"
#     layer. ...     what that function is given: W and b of affine; W, b, stride and pad of convolution; height, width,
#                    stride and pad of max_pooling; gamma, beta, running_mean, running_var, momentum and epsilon of
#                    batch_norm; mask and ratio of dropout
#
# x is (batch, inputs) or (batch, channels, height, width). affine takes each image as a row: x.reshape(len(x), -1).


def supports_layers(layers):
    """YOURS: the networks that your code can be, here any. Cases with others are reported as not implemented."""
    return True


def predict_layers(layers, x):
    """YOURS: the logits of x, before the loss: (batch, classes). Not training, in dropout and batch_norm."""
    raise NotImplementedError("listed in WRITTEN, and not written")


def gradient_layers(layers, x, t, weight_decay, epsilon):
    """YOURS: the loss, and a list of the gradients in the order of the layers: dW, db, and dgamma, dbeta of batch_norm.

    Training. To the loss of the last layer (which takes epsilon) add weight_decay / 2 times the sum of the squares of
    all W, and weight_decay W to each dW. If you move running_mean and running_var on in each training step, do it
    here: change them, or put new arrays in their place.
    """
    raise NotImplementedError("listed in WRITTEN, and not written")


def accuracy_layers(layers, x, t):
    """YOURS: as accuracy."""
    raise NotImplementedError("listed in WRITTEN, and not written")
