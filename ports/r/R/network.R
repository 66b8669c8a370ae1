# A network: affine layers with relu, sigmoid or tanh between them, and softmax with cross-entropy
# at the end.
#
# Source: "Deep Learning from Scratch", section 5.7 (TwoLayerNet), for any number of layers.

#' length(weights) affine layers with an activation between each two.
#'
#' weights[[i]] is (sizes[i], sizes[i + 1]), biases[[i]] is (sizes[i + 1]). A network is a value:
#' `network$affines[[1]]$W <- W` makes another one. Stops at an activation other than "relu",
#' "sigmoid" or "tanh".
network <- function(weights, biases, activation = "relu", epsilon = 0) {
  activations <- list(
    relu = list(forward = relu_forward, backward = relu_backward),
    sigmoid = list(forward = sigmoid_forward, backward = sigmoid_backward),
    tanh = list(forward = tanh_forward, backward = tanh_backward)
  )
  if (!activation %in% names(activations)) {
    stop("expected the activation relu, sigmoid or tanh, came ", activation, call. = FALSE)
  }
  affines <- unname(Map(function(W, b) list(W = W, b = b), weights, biases))
  between <- c(list(name = activation), activations[[activation]])
  list(affines = affines, activation = between, epsilon = epsilon)
}

#' The parameters by name: W1, b1, W2, ...
params <- function(network) by_name(unlist(network$affines, recursive = FALSE))

#' The layers forward: list(inputs = , out = ), with the input of each affine layer (the first is
#' x, the others are the outputs of the activations) and the logits.
forward <- function(network, x) {
  affines <- network$affines
  inputs <- list()
  for (i in seq_along(affines)) {
    if (i > 1) x <- network$activation$forward(x)
    inputs[[i]] <- x
    x <- affine_forward(x, affines[[i]]$W, affines[[i]]$b)
  }
  list(inputs = inputs, out = x)
}

#' The logits, (batch, classes), of x, (batch, inputs).
predict <- function(network, x) forward(network, x)$out

#' The mean cross-entropy, a number, against t: one-hot (batch, classes), or labels (batch) from 0.
loss <- function(network, x, t) {
  softmax_with_loss_forward(predict(network, x), t, network$epsilon)$loss
}

#' The share of rows whose largest logit (the first, in a tie) is at the label. A row with NaN has
#' no largest logit.
accuracy <- function(network, x, t) mean(right(predict(network, x), t))

#' The same for each row of logits: TRUE or FALSE, (batch).
right <- function(logits, t) (max.col(logits, "first") == label_columns(t)) %in% TRUE

#' The loss, and the gradient of every parameter: list(loss = , dW1 = , db1 = , dW2 = , ...).
gradient <- function(network, x, t) {
  affines <- network$affines
  pass <- forward(network, x)
  last <- softmax_with_loss_forward(pass$out, t, network$epsilon)
  dout <- softmax_with_loss_backward(last$y, last$target)
  gradients <- list()
  for (i in rev(seq_along(affines)[-1])) {
    affine <- affine_backward(pass$inputs[[i]], affines[[i]]$W, dout)
    gradients <- c(affine[c("dW", "db")], gradients)
    dout <- network$activation$backward(pass$inputs[[i]], affine$dx)
  }
  gradients <- c(affine_backward_parameters(x, dout), gradients)
  c(list(loss = last$loss), by_name(gradients))
}

#' Every intermediate array of one forward and backward pass, in the order in which they arise.
#'
#' Forward: affine1.out, relu1.out, affine2.out, ..., softmax.y, loss. Backward: softmax.dx,
#' affine2.dx, affine2.dW, affine2.db, relu1.dx, ..., affine1.dx (the gradient of the data),
#' affine1.dW, affine1.db.
trace <- function(network, x, t) {
  affines <- network$affines
  activation <- network$activation
  record <- inputs <- list()
  for (i in seq_along(affines)) {
    if (i > 1) {
      x <- activation$forward(x)
      record[[paste0(activation$name, i - 1, ".out")]] <- x
    }
    inputs[[i]] <- x
    x <- affine_forward(x, affines[[i]]$W, affines[[i]]$b)
    record[[paste0("affine", i, ".out")]] <- x
  }
  last <- softmax_with_loss_forward(x, t, network$epsilon)
  dout <- softmax_with_loss_backward(last$y, last$target)
  record <- c(record, list(softmax.y = last$y, loss = last$loss, softmax.dx = dout))
  for (i in rev(seq_along(affines))) {
    affine <- affine_backward(inputs[[i]], affines[[i]]$W, dout)
    record[paste0("affine", i, ".", names(affine))] <- affine # dx, dW and db
    dout <- affine$dx
    if (i > 1) {
      dout <- activation$backward(inputs[[i]], dout)
      record[[paste0(activation$name, i - 1, ".dx")]] <- dout
    }
  }
  record
}

# Arrays called W, b, W, b, ... (or dW, db, ...) are called W1, b1, W2, b2, ...
by_name <- function(arrays) {
  names(arrays) <- paste0(names(arrays), rep(seq_len(length(arrays) / 2), each = 2))
  arrays
}
