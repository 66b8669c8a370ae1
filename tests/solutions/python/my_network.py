"""Your network for gradparity, and the one file to open: what is left to you is marked YOURS.

What comes are NumPy arrays of the case's dtype, float64 or float32, in C or in Fortran order; leave them as they are.
Labels are integers from 0. What you return must have the case's dtype, and the shape that is written here. An exception
is reported as the error that it is.
"""

import numpy as np

# YOURS: what your code can compute in. Without float32 those cases are "not implemented".
DTYPES = ["float64", "float32"]

# YOURS: "any" if your loss adds the epsilon that it is given; 1e-7 if it always adds that, as the book's does.
EPSILON = "any"

# YOURS: the functions below that you have written, such as "affine", "relu". The others are not called.
WRITTEN = ["affine", "relu", "sigmoid", "softmax_with_loss", "predict", "gradient", "sgd"]


def affine_forward(x, W, b):
    return x @ W + b


def supports(net):
    """YOURS: the networks that your code can be, here any. One that always has two layers, and relu, says
    len(net.W) == 2 and net.activation == "relu". Cases with others are reported as not implemented. net: see below
    """
    return True


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


ACTIVATIONS = {"relu": relu, "sigmoid": sigmoid}


# The network: affine layers with an activation between them, and softmax with cross-entropy at the end.
#
#     net.W[l], net.b[l]   (inputs of layer l, outputs of layer l) and (outputs of layer l,), l from 0
#     net.activation       "relu" or "sigmoid"
#     net.epsilon          as above


def forward(net, x):
    """The inputs of all layers, and their pre-activations."""
    inputs, outs = [], []
    for W, b in zip(net.W, net.b, strict=True):
        inputs.append(x)
        outs.append(affine_forward(x, W, b))
        x, _ = ACTIVATIONS[net.activation](outs[-1], outs[-1])
    return inputs, outs


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


def sgd(p, dp, rate):
    """YOURS: p <- p - rate dp, in place. Both of one shape."""
    p -= rate * dp
