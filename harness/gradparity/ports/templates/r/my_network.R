# Your network for gradparity, and the one file to open: what is left to you is marked YOURS.
#
# What comes are matrices and vectors of doubles; a row is a sample, and labels count from 1. Where a matrix is written
# here, return a matrix, with one row or one column too. An exception is reported as the error that it is. R has no
# float32: those cases are "not implemented".

# YOURS: "any" if your loss adds the epsilon that it is given; 1e-7 if it always adds that, as the book's does.
loss_epsilon <- "any"

# YOURS: the functions below that you have written, such as "affine", "relu". The others are not called.
written <- c()

# YOURS: the networks that your code can be, here any. One that always has two layers, and relu, says
# length(net$W) == 2 && net$activation == "relu". Cases with others are reported as not implemented. net: see below
supports <- function(net) {
  TRUE
}

# YOURS: out = x W + b, and for a given dout the gradients dx, dW and db.
# x, dx (batch, inputs); W, dW (inputs, outputs); b, db (outputs); dout, out (batch, outputs)
affine <- function(x, W, b, dout) {
  list(out = NULL, dx = NULL, dW = NULL, db = NULL)
}

# YOURS: out = max(x, 0); dx = dout where x > 0, else 0. All of one shape.
relu <- function(x, dout) {
  list(out = NULL, dx = NULL)
}

# YOURS: out = 1 / (1 + exp(-x)); dx = dout out (1 - out). All of one shape.
sigmoid <- function(x, dout) {
  list(out = NULL, dx = NULL)
}

# YOURS: the mean loss, -mean(log(y[label] + epsilon)), y = softmax of each row, dx = (y - one-hot t) / batch.
# x, y, dx (batch, classes); t (batch). Where epsilon is 0, as in most cases, take the logarithm as
# x[label] - max - log(sum(exp(x - max))) of the row, as y[label] can be 0; else as log(y[label] + epsilon).
softmax_with_loss <- function(x, t, epsilon) {
  list(loss = NULL, y = NULL, dx = NULL)
}

# The network: affine layers with an activation between them, and softmax with cross-entropy at the end.
#
#     net$W[[l]], net$b[[l]]   (inputs of layer l, outputs of layer l) and (outputs of layer l)
#     net$activation           "relu" or "sigmoid"
#     net$epsilon              as above

# YOURS: the logits of x (batch, inputs), before the softmax: (batch, classes).
predict_logits <- function(net, x) {
  NULL
}

# YOURS: the mean loss, and lists of the gradient of each W[[l]] and each b[[l]]. x (batch, inputs); t (batch)
gradient <- function(net, x, t) {
  list(loss = NULL, dW = list(), db = list())
}

# YOURS: p - rate dp. Both of one shape.
sgd <- function(p, dp, rate) {
  NULL
}
