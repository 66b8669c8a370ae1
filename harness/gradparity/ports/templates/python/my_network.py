"""Your network for gradparity, and the one file to open: what is left to you is marked YOURS.

What comes are NumPy arrays of the case's dtype, float64 or float32, in C or in Fortran order; leave them as they are.
Labels are integers from 0. What you return must have the case's dtype, and the shape that is written here. An exception
is reported as the error that it is.
"""

# YOURS: what your code can compute in. Without float32 those cases are "not implemented".
DTYPES = ["float64", "float32"]

# YOURS: "any" if your loss adds the epsilon that it is given; 1e-7 if it always adds that, as the book's does.
EPSILON = "any"

# YOURS: the functions below that you have written, such as "affine", "relu". The others are not called.
WRITTEN = []


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


# The network: affine layers with an activation between them, and softmax with cross-entropy at the end.
#
#     net.W[l], net.b[l]   (inputs of layer l, outputs of layer l) and (outputs of layer l,), l from 0
#     net.activation       "relu" or "sigmoid"
#     net.epsilon          as above


def predict(net, x):
    """YOURS: the logits of x (batch, inputs), before the softmax: (batch, classes)."""
    raise NotImplementedError("listed in WRITTEN, and not written")


def gradient(net, x, t):
    """YOURS: the mean loss, and two lists, the gradient of each W[l] and each b[l]. x (batch, inputs); t (batch,)"""
    raise NotImplementedError("listed in WRITTEN, and not written")


def sgd(p, dp, rate):
    """YOURS: p <- p - rate dp, in place. Both of one shape."""
    raise NotImplementedError("listed in WRITTEN, and not written")
