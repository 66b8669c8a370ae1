"""Your network for gradparity, and the one file to open: what is left to you is marked YOURS.

What comes are NumPy arrays of the case's dtype, float64 or float32, in C or in Fortran order; leave them as they are.
Labels are integers from 0. What you return must have the case's dtype, and the shape that is written here. An exception
is reported as the error that it is. Begin with one function, and name it in WRITTEN: all others can wait, or stay as
they are.
"""

import numpy as np

# YOURS: what your code can compute in. Without float32 those cases are "not implemented".
DTYPES = ["float64", "float32"]

# YOURS: "any" if your loss adds the epsilon that it is given; 1e-7 if it always adds that, as the book's does.
EPSILON = "any"

# YOURS: "any" if your numerical_gradient takes the step that it is given; 1e-4 if it always takes that, as the book's
# does.
STEP = "any"

# YOURS: the functions below that you have written, such as "affine", "relu". The others are not called.
WRITTEN = [
    "affine", "relu", "sigmoid", "softmax_with_loss", "tanh", "squared_error", "batch_norm", "dropout", "convolution",
    "max_pooling", "predict", "gradient", "accuracy", "numerical_gradient", "sgd", "momentum", "nesterov", "adagrad",
    "rmsprop", "adam", "predict_layers", "gradient_layers", "accuracy_layers",
]  # fmt: skip


def affine_forward(x, W, b):
    return x @ W + b


# Layers, each by itself.


def affine(x, W, b, dout):
    """YOURS: out = x W + b, and for a given dout the gradients dx, dW and db.

    x, dx (batch, inputs); W, dW (inputs, outputs); b, db (outputs,); dout, out (batch, outputs). Returns
    out, dx, dW, db.
    """
    return affine_forward(x, W, b), dout @ W.T, x.T @ dout, dout.sum(axis=0)


def relu(x, dout):
    """YOURS: out = max(x, 0); dx = dout where x > 0, else 0. All of one shape. Returns out, dx."""
    return np.maximum(x, 0), np.where(x <= 0, dout.dtype.type(0), dout)


def sigmoid(x, dout):
    """YOURS: out = 1 / (1 + exp(-x)); dx = dout out (1 - out). All of one shape. Returns out, dx."""
    out = 1 / (1 + np.exp(-x))
    return out, dout * out * (1 - out)


def softmax_with_loss(x, t, epsilon):
    """YOURS: the mean loss, -mean(log(y[label] + epsilon)), y = softmax of each row, dx = (y - one-hot t) / batch.

    x, y, dx (batch, classes); t (batch,). Where epsilon is 0, as in most cases, take the logarithm as
    x[label] - max - log(sum(exp(x - max))) of the row, as y[label] can be 0; else as log(y[label] + epsilon). Returns
    loss, y, dx.
    """
    rows = np.arange(len(x))
    z = x - x.max(axis=1, keepdims=True)
    log_p = z - np.log(np.exp(z).sum(axis=1, keepdims=True))
    y = np.exp(log_p)
    picked = np.log(y[rows, t] + epsilon) if epsilon else log_p[rows, t]
    dx = y.copy()
    dx[rows, t] -= 1
    return -picked.mean(), y, dx / x.dtype.type(len(x))


def tanh(x, dout):
    """YOURS: out = tanh(x); dx = dout (1 - out^2). All of one shape. Returns out, dx."""
    out = np.tanh(x)
    return out, dout * (1 - out**2)


def squared_error(x, t):
    """YOURS: the mean over the batch of sum((x - one-hot t)^2) / 2, dx = (x - one-hot t) / batch.

    x, dx (batch, classes); t (batch,). Returns loss, dx.
    """
    difference = x.copy()
    difference[np.arange(len(x)), t] -= 1
    return (difference**2).sum() / x.dtype.type(2 * len(x)), difference / x.dtype.type(len(x))


def batch_norm(x, gamma, beta, running_mean, running_var, momentum, epsilon, training, dout):
    """YOURS: out = gamma (x - mean) / sqrt(var + epsilon) + beta in each column, and the gradients dx, dgamma, dbeta.

    If training, mean and var are those of the batch (var is the mean of (x - mean)^2), dx goes through them too, and
    running_mean <- momentum running_mean + (1 - momentum) mean, running_var likewise with var. If not, the running ones
    stand for mean and var, as constants. x, dx, dout, out (batch, features); the other arrays (features,). Returns
    out, running_mean, running_var (new arrays; any if not training), dx, dgamma, dbeta.
    """
    if training:
        mean, var = x.mean(axis=0), x.var(axis=0)
        running_mean = momentum * running_mean + (1 - momentum) * mean
        running_var = momentum * running_var + (1 - momentum) * var
    else:
        mean, var = running_mean, running_var
    std = np.sqrt(var + epsilon)
    xn = (x - mean) / std
    dgamma, dbeta = (dout * xn).sum(axis=0), dout.sum(axis=0)
    through = (dbeta + xn * dgamma) / x.dtype.type(len(x)) if training else 0
    return gamma * xn + beta, running_mean, running_var, gamma / std * (dout - through), dgamma, dbeta


def dropout(x, mask, ratio, training, dout):
    """YOURS: out = x mask, dx = dout mask; if not training, out = x (1 - ratio), dx = dout (1 - ratio).

    The mask is given, 1 where x is kept and 0 where not. All arrays of one shape. Returns out, dx.
    """
    kept = mask if training else 1 - ratio
    return x * kept, dout * kept


def windows_of(x, channels, height, width, stride, pad):
    """The padded images, zeros for their gradient, and zeros for so many channels of results."""
    padded = np.pad(x, ((0, 0), (0, 0), (pad, pad), (pad, pad)))
    rows, columns = ((padded.shape[2 + k] - size) // stride + 1 for k, size in enumerate((height, width)))
    return padded, np.zeros_like(padded), np.zeros((len(x), channels, rows, columns), x.dtype)


def window_at(i, j, height, width, stride):
    return slice(i * stride, i * stride + height), slice(j * stride, j * stride + width)


def unpadded(x, pad):
    return x[:, :, pad : x.shape[2] - pad, pad : x.shape[3] - pad]


def convolution(x, W, b, stride, pad, dout):
    """YOURS: out = the sum of each filter W[f] times each window of x, unflipped, plus b[f]; the gradients dx, dW, db.

    Windows begin stride apart, with pad rows and columns of zeros around each image. x, dx (batch, channels, height,
    width); W, dW (filters, channels, window height, window width); b, db (filters,); dout, out (batch, filters, out
    height, out width), out height = (height + 2 pad - window height) // stride + 1. Returns out, dx, dW, db.
    """
    padded, dpadded, out = windows_of(x, len(W), *W.shape[2:], stride, pad)
    dW = np.zeros_like(W)
    for i in range(out.shape[2]):
        for j in range(out.shape[3]):
            window = (..., *window_at(i, j, *W.shape[2:], stride))
            at, d = padded[window], dout[:, :, i, j]
            out[:, :, i, j] = np.tensordot(at, W, ([1, 2, 3], [1, 2, 3])) + b
            dW += np.tensordot(d, at, (0, 0))
            dpadded[window] += np.tensordot(d, W, (1, 0))
    return out, unpadded(dpadded, pad), dW, dout.sum(axis=(0, 2, 3))


def max_pooling(x, height, width, stride, pad, dout):
    """YOURS: out = the largest element of each window of so many rows and columns, channel by channel; dx.

    dout goes to that element (of equal ones to the first, row by row) and adds up where windows overlap. Zeros of pad
    take part. x, dx (batch, channels, height, width); dout, out (batch, channels, out height, out width), as in
    convolution. Returns out, dx.
    """
    padded, dpadded, out = windows_of(x, x.shape[1], height, width, stride, pad)
    image, channel = np.indices(x.shape[:2])
    for i in range(out.shape[2]):
        for j in range(out.shape[3]):
            at = padded[(..., *window_at(i, j, height, width, stride))].reshape(*x.shape[:2], -1)
            largest = at.argmax(axis=2)
            out[:, :, i, j] = at.max(axis=2)
            row, column = np.divmod(largest, width)
            dpadded[image, channel, i * stride + row, j * stride + column] += dout[:, :, i, j]
    return out, unpadded(dpadded, pad)


# The network: affine layers with an activation between them, and softmax with cross-entropy at the end.
#
#     net.W[l], net.b[l]   (inputs of layer l, outputs of layer l) and (outputs of layer l,), l from 0
#     net.activation       "relu" or "sigmoid"; "tanh" if that is in WRITTEN
#     net.epsilon          as above

ACTIVATIONS = {"relu": relu, "sigmoid": sigmoid, "tanh": tanh}


def forward(net, x):
    inputs, outs = [], []
    for W, b in zip(net.W, net.b, strict=True):
        inputs.append(x)
        outs.append(affine_forward(x, W, b))
        x, _ = ACTIVATIONS[net.activation](outs[-1], outs[-1])
    return inputs, outs


def supports(net):
    """YOURS: the networks that your code can be, here any. One that always has two layers, and relu, says
    len(net.W) == 2 and net.activation == "relu". Cases with others are reported as not implemented.
    """
    return True


def predict(net, x):
    """YOURS: the logits of x (batch, inputs), before the softmax: (batch, classes)."""
    return forward(net, x)[1][-1]


def gradient(net, x, t):
    """YOURS: the mean loss, and two lists, the gradient of each W[l] and each b[l]. x (batch, inputs); t (batch,)"""
    inputs, outs = forward(net, x)
    loss, _, dout = softmax_with_loss(outs[-1], t, net.epsilon)
    dW, db = [], []
    for i in reversed(range(len(outs))):
        dW.insert(0, inputs[i].T @ dout)
        db.insert(0, dout.sum(axis=0))
        if i > 0:
            _, dout = ACTIVATIONS[net.activation](outs[i - 1], dout @ net.W[i].T)
    return loss, dW, db


def accuracy(net, x, t):
    """YOURS: the share of the rows of x whose largest logit (the first in a tie; NaN is largest) is at the label."""
    return np.mean(predict(net, x).argmax(axis=1) == t)


def loss(net, x, t):
    return softmax_with_loss(predict(net, x), t, net.epsilon)[0]


def numerical_gradient(net, x, t, step):
    """YOURS: the gradient from the loss alone, as two lists like those of gradient: dW, db.

    For each element p of each W[l] and b[l] it is (loss at p + step - loss at p - step) / (2 step). If you change p in
    place, put it back exactly.
    """

    def slope(p, i):
        value = p[i]
        p[i] = value + step
        above = loss(net, x, t)
        p[i] = value - step
        below = loss(net, x, t)
        p[i] = value
        return (above - below) / (2 * step)

    def slopes(p):
        return np.array([slope(p, i) for i in np.ndindex(p.shape)], p.dtype).reshape(p.shape)

    return [slopes(W) for W in net.W], [slopes(b) for b in net.b]


# Training: the update of one parameter p, in place, and of what the optimizer keeps for it (v, h, m), zeros at first.
# dp is its gradient; all arrays are of one shape. One optimizer is enough to train.


def sgd(p, dp, rate):
    """YOURS: p <- p - rate dp."""
    p -= rate * dp


TINY = 1e-7


def momentum(p, dp, v, rate, momentum):
    """YOURS: v <- momentum v - rate dp; p <- p + v."""
    v *= momentum
    v -= rate * dp
    p += v


def nesterov(p, dp, v, rate, momentum):
    """YOURS: v <- momentum v - rate dp; p <- p + momentum v - rate dp, with the new v."""
    v *= momentum
    v -= rate * dp
    p += momentum * v - rate * dp


def adagrad(p, dp, h, rate):
    """YOURS: h <- h + dp^2; p <- p - rate dp / (sqrt(h) + 1e-7)."""
    h += dp**2
    p -= rate * dp / (np.sqrt(h) + TINY)


def rmsprop(p, dp, h, rate, decay):
    """YOURS: h <- decay h + (1 - decay) dp^2; p <- p - rate dp / (sqrt(h) + 1e-7)."""
    h *= decay
    h += (1 - decay) * dp**2
    p -= rate * dp / (np.sqrt(h) + TINY)


def adam(p, dp, m, v, rate, beta1, beta2, iteration):
    """YOURS: m <- m + (1 - beta1) (dp - m); v <- v + (1 - beta2) (dp^2 - v); p <- p - r m / (sqrt(v) + 1e-7), where
    r = rate sqrt(1 - beta2^iteration) / (1 - beta1^iteration). iteration counts the updates, from 1.
    """
    rate *= (1 - beta2**iteration) ** 0.5 / (1 - beta1**iteration)
    m += (1 - beta1) * (dp - m)
    v += (1 - beta2) * (dp**2 - v)
    p -= rate * m / (np.sqrt(v) + TINY)


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


def layer_pass(layer, x, dout, training):
    """What the layer's function returns, the running ones left out; x and dout as it was given them."""
    match layer.kind:
        case "affine":
            out, dx, dW, db = affine(x.reshape(len(x), -1), layer.W, layer.b, dout)
            return out, dx.reshape(x.shape), dW, db
        case "convolution":
            return convolution(x, layer.W, layer.b, layer.stride, layer.pad, dout)
        case "max_pooling":
            return max_pooling(x, layer.height, layer.width, layer.stride, layer.pad, dout)
        case "batch_norm":
            held = layer.gamma, layer.beta, layer.running_mean, layer.running_var
            out, mean, var, *gradients = batch_norm(x, *held, layer.momentum, layer.epsilon, training, dout)
            return out, *gradients, mean, var
        case "dropout":
            return dropout(x, layer.mask, layer.ratio, training, dout)
        case kind:
            return ACTIVATIONS[kind](x, dout)


def shape_after(layer, x):
    """Of the layer's result, so that it can be given a dout."""
    if layer.kind in ("convolution", "max_pooling"):
        height, width = layer.W.shape[2:] if layer.kind == "convolution" else (layer.height, layer.width)
        channels = len(layer.W) if layer.kind == "convolution" else x.shape[1]
        return windows_of(x, channels, height, width, layer.stride, layer.pad)[2].shape
    return (len(x), layer.W.shape[1]) if layer.kind == "affine" else x.shape


def forward_layers(layers, x, training):
    """The inputs of all layers, and the result of the last one before the loss."""
    inputs = []
    for layer in layers[:-1]:
        inputs.append(x)
        x = layer_pass(layer, x, np.zeros(shape_after(layer, x), x.dtype), training)[0]
    return inputs, x


def predict_layers(layers, x):
    """YOURS: the logits of x, before the loss: (batch, classes). Not training, in dropout and batch_norm."""
    return forward_layers(layers, x, training=False)[1]


def gradient_layers(layers, x, t, weight_decay, epsilon):
    """YOURS: the loss, and a list of the gradients in the order of the layers: dW, db, and dgamma, dbeta of batch_norm.

    Training. To the loss of the last layer (which takes epsilon) add weight_decay / 2 times the sum of the squares of
    all W, and weight_decay W to each dW. If you move running_mean and running_var on in each training step, do it
    here: change them, or put new arrays in their place.
    """
    inputs, x = forward_layers(layers, x, training=True)
    if layers[-1].kind == "squared_error":
        loss, dout = squared_error(x, t)
    else:
        loss, _, dout = softmax_with_loss(x, t, epsilon)
    gradients = []
    for layer, x in zip(reversed(layers[:-1]), reversed(inputs), strict=True):
        _, dout, *found = layer_pass(layer, x, dout, training=True)
        if layer.kind == "batch_norm":
            *found, layer.running_mean, layer.running_var = found
        elif found:
            found[0] += weight_decay * layer.W
            loss += weight_decay / 2 * (layer.W**2).sum()
        gradients = found + gradients
    return loss, gradients


def accuracy_layers(layers, x, t):
    """YOURS: as accuracy."""
    return np.mean(predict_layers(layers, x).argmax(axis=1) == t)
