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
written <- c(
  "affine", "relu", "sigmoid", "softmax_with_loss", "tanh", "squared_error", "batch_norm", "dropout", "convolution",
  "max_pooling", "predict_logits", "gradient", "accuracy", "numerical_gradient", "sgd", "momentum", "nesterov",
  "adagrad", "rmsprop", "adam", "predict_layers", "gradient_layers", "accuracy_layers"
)

affine_forward <- function(x, W, b) sweep(x %*% W, 2, b, "+")

# Layers, each by itself.

# YOURS: out = x W + b, and for a given dout the gradients dx, dW and db.
# x, dx (batch, inputs); W, dW (inputs, outputs); b, db (outputs); dout, out (batch, outputs)
affine <- function(x, W, b, dout) {
  list(out = affine_forward(x, W, b), dx = dout %*% t(W), dW = t(x) %*% dout, db = colSums(dout))
}

# YOURS: out = max(x, 0); dx = dout where x > 0, else 0. All of one shape.
relu <- function(x, dout) {
  list(out = ifelse(x <= 0, 0, x), dx = ifelse(x <= 0, 0, dout))
}

# YOURS: out = 1 / (1 + exp(-x)); dx = dout out (1 - out). All of one shape.
sigmoid <- function(x, dout) {
  out <- 1 / (1 + exp(-x))
  list(out = out, dx = dout * out * (1 - out))
}

# YOURS: the mean loss, -mean(log(y[label] + epsilon)), y = softmax of each row, dx = (y - one-hot t) / batch.
# x, y, dx (batch, classes); t (batch). Where epsilon is 0, as in most cases, take the logarithm as
# x[label] - max - log(sum(exp(x - max))) of the row, as y[label] can be 0; else as log(y[label] + epsilon).
softmax_with_loss <- function(x, t, epsilon) {
  z <- x - apply(x, 1, max)
  log_p <- z - log(rowSums(exp(z)))
  y <- exp(log_p)
  picked <- cbind(seq_along(t), t)
  dx <- y
  dx[picked] <- dx[picked] - 1
  at_label <- if (epsilon > 0) log(y[picked] + epsilon) else log_p[picked]
  list(loss = -mean(at_label), y = y, dx = dx / nrow(x))
}

# YOURS: out = tanh(x); dx = dout (1 - out^2). All of one shape. R's own is base::tanh.
tanh <- function(x, dout) {
  out <- base::tanh(x)
  list(out = out, dx = dout * (1 - out^2))
}

# YOURS: the mean over the batch of sum((x - one-hot t)^2) / 2, dx = (x - one-hot t) / batch.
# x, dx (batch, classes); t (batch)
squared_error <- function(x, t) {
  picked <- cbind(seq_along(t), t)
  x[picked] <- x[picked] - 1
  list(loss = sum(x^2) / (2 * nrow(x)), dx = x / nrow(x))
}

# YOURS: out = gamma (x - mean) / sqrt(var + epsilon) + beta in each column, and the gradients dx, dgamma, dbeta.
# If training, mean and var are those of the batch (var is the mean of (x - mean)^2), dx goes through them too, and
# running_mean <- momentum running_mean + (1 - momentum) mean, running_var likewise with var. If not, the running ones
# stand for mean and var, as constants, and what is returned for them is not looked at.
# x, dx, dout, out (batch, features); the others (features)
batch_norm <- function(x, gamma, beta, running_mean, running_var, momentum, epsilon, training, dout) {
  mean <- running_mean
  var <- running_var
  if (training) {
    mean <- colMeans(x)
    var <- colMeans(sweep(x, 2, mean)^2)
    running_mean <- momentum * running_mean + (1 - momentum) * mean
    running_var <- momentum * running_var + (1 - momentum) * var
  }
  std <- sqrt(var + epsilon)
  xn <- sweep(sweep(x, 2, mean), 2, std, "/")
  dgamma <- colSums(dout * xn)
  dbeta <- colSums(dout)
  through <- if (training) (sweep(sweep(xn, 2, dgamma, "*"), 2, dbeta, "+")) / nrow(x) else 0
  list(
    out = sweep(sweep(xn, 2, gamma, "*"), 2, beta, "+"), running_mean = running_mean, running_var = running_var,
    dx = sweep(dout - through, 2, gamma / std, "*"), dgamma = dgamma, dbeta = dbeta
  )
}

# YOURS: out = x mask, dx = dout mask; if not training, out = x (1 - ratio), dx = dout (1 - ratio).
# The mask is given, 1 where x is kept and 0 where not. All of one shape.
dropout <- function(x, mask, ratio, training, dout) {
  kept <- if (training) mask else 1 - ratio
  list(out = x * kept, dx = dout * kept)
}

# The images with zeros around them, and how many windows there are down and across.
padded <- function(x, height, width, stride, pad) {
  shape <- dim(x)
  out <- array(0, shape + c(0, 0, 2 * pad, 2 * pad))
  out[, , pad + seq_len(shape[3]), pad + seq_len(shape[4])] <- x
  list(x = out, rows = (dim(out)[3] - height) %/% stride + 1, columns = (dim(out)[4] - width) %/% stride + 1)
}

unpadded <- function(x, shape, pad) x[, , pad + seq_len(shape[3]), pad + seq_len(shape[4]), drop = FALSE]

# YOURS: out = the sum of each filter W[f, , , ] times each window of x, unflipped, plus b[f]; the gradients dx, dW, db.
# Windows begin stride apart, with pad rows and columns of zeros around each image. x, dx (batch, channels, height,
# width); W, dW (filters, channels, window height, window width); b, db (filters); dout, out (batch, filters, out
# height, out width), out height = (height + 2 pad - window height) %/% stride + 1
convolution <- function(x, W, b, stride, pad, dout) {
  height <- dim(W)[3]
  width <- dim(W)[4]
  filters <- matrix(W, nrow(W))
  p <- padded(x, height, width, stride, pad)
  dx <- 0 * p$x
  dW <- 0 * filters
  out <- array(0, c(nrow(x), nrow(W), p$rows, p$columns))
  for (i in seq_len(p$rows)) {
    for (j in seq_len(p$columns)) {
      rows <- (i - 1) * stride + seq_len(height)
      columns <- (j - 1) * stride + seq_len(width)
      window <- matrix(p$x[, , rows, columns], nrow(x))
      d <- matrix(dout[, , i, j], nrow(x))
      out[, , i, j] <- affine_forward(window, t(filters), b)
      dW <- dW + t(d) %*% window
      dx[, , rows, columns] <- dx[, , rows, columns] + as.vector(d %*% filters)
    }
  }
  list(out = out, dx = unpadded(dx, dim(x), pad), dW = array(dW, dim(W)), db = apply(dout, 2, sum))
}

# YOURS: out = the largest element of each window of so many rows and columns, channel by channel; dx.
# dout goes to that element (of equal ones to the first, row by row) and adds up where windows overlap. Zeros of pad
# take part. x, dx (batch, channels, height, width); dout, out (batch, channels, out height, out width), as in
# convolution
max_pooling <- function(x, height, width, stride, pad, dout) {
  p <- padded(x, height, width, stride, pad)
  dx <- 0 * p$x
  out <- array(0, c(dim(x)[1:2], p$rows, p$columns))
  for (i in seq_len(p$rows)) {
    for (j in seq_len(p$columns)) {
      for (n in seq_len(dim(x)[1])) {
        for (channel in seq_len(dim(x)[2])) {
          top <- (i - 1) * stride
          left <- (j - 1) * stride
          window <- matrix(p$x[n, channel, top + seq_len(height), left + seq_len(width)], height)
          largest <- which.max(t(window)) - 1 # row by row
          row <- top + largest %/% width + 1
          column <- left + largest %% width + 1
          out[n, channel, i, j] <- p$x[n, channel, row, column]
          dx[n, channel, row, column] <- dx[n, channel, row, column] + dout[n, channel, i, j]
        }
      }
    }
  }
  list(out = out, dx = unpadded(dx, dim(x), pad))
}

# The network: affine layers with an activation between them, and softmax with cross-entropy at the end.
#
#     net$W[[l]], net$b[[l]]   (inputs of layer l, outputs of layer l) and (outputs of layer l)
#     net$activation           "relu" or "sigmoid"; "tanh" if that is in `written`
#     net$epsilon              as above

activate <- function(net, x, dout) {
  switch(net$activation, relu = relu(x, dout), sigmoid = sigmoid(x, dout), tanh = tanh(x, dout))
}

# The inputs of all layers, and their pre-activations.
forward <- function(net, x) {
  inputs <- list()
  outs <- list()
  for (l in seq_along(net$W)) {
    inputs[[l]] <- x
    outs[[l]] <- affine_forward(x, net$W[[l]], net$b[[l]])
    x <- activate(net, outs[[l]], outs[[l]])$out
  }
  list(inputs = inputs, outs = outs)
}

# YOURS: the networks that your code can be, here any. One that always has two layers, and relu, says
# length(net$W) == 2 && net$activation == "relu". Cases with others are reported as not implemented.
supports <- function(net) {
  TRUE
}

# YOURS: the logits of x (batch, inputs), before the softmax: (batch, classes).
predict_logits <- function(net, x) {
  forward(net, x)$outs[[length(net$W)]]
}

# YOURS: the mean loss, and lists of the gradient of each W[[l]] and each b[[l]]. x (batch, inputs); t (batch)
gradient <- function(net, x, t) {
  pass <- forward(net, x)
  depth <- length(net$W)
  last <- softmax_with_loss(pass$outs[[depth]], t, net$epsilon)
  dout <- last$dx
  dW <- db <- vector("list", depth)
  for (l in depth:1) {
    back <- affine(pass$inputs[[l]], net$W[[l]], net$b[[l]], dout)
    dW[[l]] <- back$dW
    db[[l]] <- back$db
    if (l > 1) dout <- activate(net, pass$outs[[l - 1]], back$dx)$dx
  }
  list(loss = last$loss, dW = dW, db = db)
}

share <- function(out, t) {
  is_nan <- is.nan(out)
  largest <- ifelse(rowSums(is_nan) > 0, max.col(is_nan, "first"), max.col(out, "first"))
  mean(largest == t)
}

# YOURS: the share of the rows of x whose largest logit (the first in a tie; NaN is largest) is at the label, a number.
accuracy <- function(net, x, t) {
  share(predict_logits(net, x), t)
}

# YOURS: the gradient from the loss alone, as lists like those of gradient.
# For each element p of each W[[l]] and b[[l]] it is (loss at p + step - loss at p - step) / (2 step).
numerical_gradient <- function(net, x, t, step) {
  loss <- function(net) softmax_with_loss(predict_logits(net, x), t, net$epsilon)$loss
  slopes <- function(name, l) {
    slope <- function(i) {
      above <- below <- net
      above[[name]][[l]][i] <- net[[name]][[l]][i] + step
      below[[name]][[l]][i] <- net[[name]][[l]][i] - step
      (loss(above) - loss(below)) / (2 * step)
    }
    found <- net[[name]][[l]]
    found[] <- vapply(seq_along(found), slope, 0)
    found
  }
  layers <- seq_along(net$W)
  list(dW = lapply(layers, function(l) slopes("W", l)), db = lapply(layers, function(l) slopes("b", l)))
}

# Training: the update of one parameter p, and of what the optimizer keeps for it (v, h, m), zeros at first. dp is its
# gradient; all are of one shape. One optimizer is enough to train.

# YOURS: p - rate dp.
sgd <- function(p, dp, rate) {
  p - rate * dp
}

# YOURS: v <- momentum v - rate dp; p <- p + v.
momentum <- function(p, dp, v, rate, momentum) {
  v <- momentum * v - rate * dp
  list(p = p + v, v = v)
}

# YOURS: v <- momentum v - rate dp; p <- p + momentum v - rate dp, with the new v.
nesterov <- function(p, dp, v, rate, momentum) {
  v <- momentum * v - rate * dp
  list(p = p + momentum * v - rate * dp, v = v)
}

# YOURS: h <- h + dp^2; p <- p - rate dp / (sqrt(h) + 1e-7).
adagrad <- function(p, dp, h, rate) {
  h <- h + dp^2
  list(p = p - rate * dp / (sqrt(h) + 1e-7), h = h)
}

# YOURS: h <- decay h + (1 - decay) dp^2; p <- p - rate dp / (sqrt(h) + 1e-7).
rmsprop <- function(p, dp, h, rate, decay) {
  h <- decay * h + (1 - decay) * dp^2
  list(p = p - rate * dp / (sqrt(h) + 1e-7), h = h)
}

# YOURS: m <- m + (1 - beta1) (dp - m); v <- v + (1 - beta2) (dp^2 - v); p <- p - r m / (sqrt(v) + 1e-7), where
# r = rate sqrt(1 - beta2^iteration) / (1 - beta1^iteration). iteration counts the updates, from 1.
adam <- function(p, dp, m, v, rate, beta1, beta2, iteration) {
  rate <- rate * sqrt(1 - beta2^iteration) / (1 - beta1^iteration)
  m <- m + (1 - beta1) * (dp - m)
  v <- v + (1 - beta2) * (dp^2 - v)
  list(p = p - rate * m / (sqrt(v) + 1e-7), m = m, v = v)
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

as_rows <- function(x) if (length(dim(x)) == 4) matrix(aperm(x, c(1, 4, 3, 2)), nrow(x)) else x

as_images <- function(rows, x) {
  shape <- dim(x)
  if (length(shape) == 4) aperm(array(rows, shape[c(1, 4, 3, 2)]), c(1, 4, 3, 2)) else rows
}

# What the layer's function returns, for x and dout as it was given them.
layer_pass <- function(layer, x, dout, training) {
  switch(layer$kind,
    affine = {
      found <- affine(as_rows(x), layer$W, layer$b, dout)
      found$dx <- as_images(found$dx, x)
      found
    },
    convolution = convolution(x, layer$W, layer$b, layer$stride, layer$pad, dout),
    max_pooling = max_pooling(x, layer$height, layer$width, layer$stride, layer$pad, dout),
    batch_norm = batch_norm(
      x, layer$gamma, layer$beta, layer$running_mean, layer$running_var, layer$momentum, layer$epsilon, training, dout
    ),
    dropout = dropout(x, layer$mask, layer$ratio, training, dout),
    relu = relu(x, dout),
    sigmoid = sigmoid(x, dout),
    tanh = tanh(x, dout)
  )
}

# Zeros of the shape of the layer's result, as a dout.
zeros_after <- function(layer, x) {
  size <- if (layer$kind == "convolution") dim(layer$W)[3:4] else c(layer$height, layer$width)
  windows <- function(channels) {
    p <- padded(x, size[1], size[2], layer$stride, layer$pad)
    array(0, c(nrow(x), channels, p$rows, p$columns))
  }
  switch(layer$kind,
    affine = matrix(0, nrow(x), ncol(layer$W)),
    convolution = windows(nrow(layer$W)),
    max_pooling = windows(dim(x)[2]),
    0 * x
  )
}

# The inputs of all layers, and the result of the last one before the loss.
forward_layers <- function(layers, x, training) {
  inputs <- list()
  for (l in seq_len(length(layers) - 1)) {
    inputs[[l]] <- x
    x <- layer_pass(layers[[l]], x, zeros_after(layers[[l]], x), training)$out
  }
  list(inputs = inputs, out = x)
}

# YOURS: the networks that your code can be, here any. Cases with others are reported as not implemented.
supports_layers <- function(layers) {
  TRUE
}

# YOURS: the logits of x, before the loss: (batch, classes). Not training, in dropout and batch_norm.
predict_layers <- function(layers, x) {
  forward_layers(layers, x, training = FALSE)$out
}

# YOURS: the loss, and a list of the gradients in the order of the layers: dW, db, and dgamma, dbeta of batch_norm.
# Training. To the loss of the last layer (which takes epsilon) add weight_decay / 2 times the sum of the squares of
# all W, and weight_decay W to each dW. If you move running_mean and running_var on in each training step, do it here:
# assign them to the layer.
gradient_layers <- function(layers, x, t, weight_decay, epsilon) {
  pass <- forward_layers(layers, x, training = TRUE)
  squared <- layers[[length(layers)]]$kind == "squared_error"
  last <- if (squared) squared_error(pass$out, t) else softmax_with_loss(pass$out, t, epsilon)
  loss <- last$loss
  dout <- last$dx
  gradients <- list()
  for (l in rev(seq_along(pass$inputs))) {
    layer <- layers[[l]]
    found <- layer_pass(layer, pass$inputs[[l]], dout, training = TRUE)
    dout <- found$dx
    if (layer$kind == "batch_norm") {
      layer$running_mean <- found$running_mean
      layer$running_var <- found$running_var
      gradients <- c(list(found$dgamma, found$dbeta), gradients)
    } else if (!is.null(layer$W)) {
      loss <- loss + weight_decay / 2 * sum(layer$W^2)
      gradients <- c(list(found$dW + weight_decay * layer$W, found$db), gradients)
    }
  }
  list(loss = loss, gradients = gradients)
}

# YOURS: as accuracy.
accuracy_layers <- function(layers, x, t) {
  share(predict_layers(layers, x), t)
}
