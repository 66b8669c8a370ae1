# Your network for gradparity, and the one file to open: what is left to you is marked YOURS.
#
# What comes are matrices and vectors of doubles; a row is a sample, and labels count from 1. Where a matrix is written
# here, return a matrix, with one row or one column too. An exception is reported as the error that it is. R has no
# float32: those cases are "not implemented". Begin with one function, and name it in `written`: all others can wait, or
# stay as they are.

# YOURS: "any" if your loss adds the epsilon that it is given; 1e-7 if it always adds that, as the book's does.
loss_epsilon <- "any"

# YOURS: "any" if your numerical_gradient takes the step that it is given; 1e-4 if it always takes that, as the book's
# does.
numerical_step <- "any"

# YOURS: the functions below that you have written, such as "affine", "relu". The others are not called.
written <- c()

# Layers, each by itself.

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

# YOURS: out = tanh(x); dx = dout (1 - out^2). All of one shape. R's own is base::tanh.
tanh <- function(x, dout) {
  list(out = NULL, dx = NULL)
}

# YOURS: the mean over the batch of sum((x - one-hot t)^2) / 2, dx = (x - one-hot t) / batch.
# x, dx (batch, classes); t (batch)
squared_error <- function(x, t) {
  list(loss = NULL, dx = NULL)
}

# YOURS: out = gamma (x - mean) / sqrt(var + epsilon) + beta in each column, and the gradients dx, dgamma, dbeta.
# If training, mean and var are those of the batch (var is the mean of (x - mean)^2), dx goes through them too, and
# running_mean <- momentum running_mean + (1 - momentum) mean, running_var likewise with var. If not, the running ones
# stand for mean and var, as constants, and what is returned for them is not looked at.
# x, dx, dout, out (batch, features); the others (features)
batch_norm <- function(x, gamma, beta, running_mean, running_var, momentum, epsilon, training, dout) {
  list(out = NULL, running_mean = NULL, running_var = NULL, dx = NULL, dgamma = NULL, dbeta = NULL)
}

# YOURS: out = x mask, dx = dout mask; if not training, out = x (1 - ratio), dx = dout (1 - ratio).
# The mask is given, 1 where x is kept and 0 where not. All of one shape.
dropout <- function(x, mask, ratio, training, dout) {
  list(out = NULL, dx = NULL)
}

# YOURS: out = the sum of each filter W[f, , , ] times each window of x, unflipped, plus b[f]; the gradients dx, dW, db.
# Windows begin stride apart, with pad rows and columns of zeros around each image. x, dx (batch, channels, height,
# width); W, dW (filters, channels, window height, window width); b, db (filters); dout, out (batch, filters, out
# height, out width), out height = (height + 2 pad - window height) %/% stride + 1
convolution <- function(x, W, b, stride, pad, dout) {
  list(out = NULL, dx = NULL, dW = NULL, db = NULL)
}

# YOURS: out = the largest element of each window of so many rows and columns, channel by channel; dx.
# dout goes to that element (of equal ones to the first, row by row) and adds up where windows overlap. Zeros of pad
# take part. x, dx (batch, channels, height, width); dout, out (batch, channels, out height, out width), as in
# convolution
max_pooling <- function(x, height, width, stride, pad, dout) {
  list(out = NULL, dx = NULL)
}

# The network: affine layers with an activation between them, and softmax with cross-entropy at the end.
#
#     net$W[[l]], net$b[[l]]   (inputs of layer l, outputs of layer l) and (outputs of layer l)
#     net$activation           "relu" or "sigmoid"; "tanh" if that is in `written`
#     net$epsilon              as above

# YOURS: the networks that your code can be, here any. One that always has two layers, and relu, says
# length(net$W) == 2 && net$activation == "relu". Cases with others are reported as not implemented.
supports <- function(net) {
  TRUE
}

# YOURS: the logits of x (batch, inputs), before the softmax: (batch, classes).
predict_logits <- function(net, x) {
  NULL
}

# YOURS: the mean loss, and lists of the gradient of each W[[l]] and each b[[l]]. x (batch, inputs); t (batch)
gradient <- function(net, x, t) {
  list(loss = NULL, dW = list(), db = list())
}

# YOURS: the share of the rows of x whose largest logit (the first in a tie; NaN is largest) is at the label, a number.
accuracy <- function(net, x, t) {
  NULL
}

# YOURS: the gradient from the loss alone, as lists like those of gradient.
# For each element p of each W[[l]] and b[[l]] it is (loss at p + step - loss at p - step) / (2 step).
numerical_gradient <- function(net, x, t, step) {
  list(dW = list(), db = list())
}

# Training: the update of one parameter p, and of what the optimizer keeps for it (v, h, m), zeros at first. dp is its
# gradient; all are of one shape. One optimizer is enough to train.

# YOURS: p - rate dp.
sgd <- function(p, dp, rate) {
  NULL
}

# YOURS: v <- momentum v - rate dp; p <- p + v.
momentum <- function(p, dp, v, rate, momentum) {
  list(p = NULL, v = NULL)
}

# YOURS: v <- momentum v - rate dp; p <- p + momentum v - rate dp, with the new v.
nesterov <- function(p, dp, v, rate, momentum) {
  list(p = NULL, v = NULL)
}

# YOURS: h <- h + dp^2; p <- p - rate dp / (sqrt(h) + 1e-7).
adagrad <- function(p, dp, h, rate) {
  list(p = NULL, h = NULL)
}

# YOURS: h <- decay h + (1 - decay) dp^2; p <- p - rate dp / (sqrt(h) + 1e-7).
rmsprop <- function(p, dp, h, rate, decay) {
  list(p = NULL, h = NULL)
}

# YOURS: m <- m + (1 - beta1) (dp - m); v <- v + (1 - beta2) (dp^2 - v); p <- p - r m / (sqrt(v) + 1e-7), where
# r = rate sqrt(1 - beta2^iteration) / (1 - beta1^iteration). iteration counts the updates, from 1.
adam <- function(p, dp, m, v, rate, beta1, beta2, iteration) {
  list(p = NULL, m = NULL, v = NULL)
}

# Networks of any layers that are in `written`: write both predict_layers and gradient_layers.
#
#     layers         a list in order; the last one is the loss, softmax_with_loss or squared_error
#     layer$kind     the name of its function above, such as "affine"
#     layer$...      what that function is given: W and b of affine; W, b, stride and pad of convolution; height, width,
#                    stride and pad of max_pooling; gamma, beta, running_mean, running_var, momentum and epsilon of
#                    batch_norm; mask and ratio of dropout
#
# A layer is an environment: what you assign to layer$... stays. x is (batch, inputs) or (batch, channels, height,
# width). affine takes each image as a row, channel by channel, row by row: matrix(aperm(x, c(1, 4, 3, 2)), nrow(x)).

# YOURS: the networks that your code can be, here any. Cases with others are reported as not implemented.
supports_layers <- function(layers) {
  TRUE
}

# YOURS: the logits of x, before the loss: (batch, classes). Not training, in dropout and batch_norm.
predict_layers <- function(layers, x) {
  NULL
}

# YOURS: the loss, and a list of the gradients in the order of the layers: dW, db, and dgamma, dbeta of batch_norm.
# Training. To the loss of the last layer (which takes epsilon) add weight_decay / 2 times the sum of the squares of
# all W, and weight_decay W to each dW. If you move running_mean and running_var on in each training step, do it here:
# assign them to the layer.
gradient_layers <- function(layers, x, t, weight_decay, epsilon) {
  list(loss = NULL, gradients = list())
}

# YOURS: as accuracy.
accuracy_layers <- function(layers, x, t) {
  NULL
}
