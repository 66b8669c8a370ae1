# A network: layers in the order in which they are applied, and a loss at the end.
#
# Source: "Deep Learning from Scratch", section 5.7 (TwoLayerNet), for any layers.

#' A network of these layers. It is a value: `network$layers$affine1$params$W <- W` makes another.
#'
#' A layer's name is its kind and a number, which counts those that have parameters. weight_decay
#' times half the squares of all W is added to the loss (section 6.4.2). Stops where two layers have
#' one name. loss, gradient and trace are of the training phase, predict and accuracy of the test.
network <- function(layers, loss = new_softmax_with_loss(), weight_decay = 0) {
  numbers <- cumsum(vapply(layers, function(layer) length(layer$params) > 0, NA))
  names(layers) <- paste0(vapply(layers, kind_of, ""), numbers)
  if (anyDuplicated(names(layers))) {
    stop("expected each name once, came ", toString(names(layers)), call. = FALSE)
  }
  owners <- rep(numbers, vapply(layers, function(layer) length(layer$params), 1L))
  list(
    layers = layers, numbers = numbers, last = loss, weight_decay = weight_decay,
    owners = owners # the number of each parameter's layer
  )
}

#' Affine layers with an activation between each two: weights[[i]] is (sizes[i], sizes[i + 1]),
#' biases[[i]] is (sizes[i + 1]). Stops at an activation other than "relu", "sigmoid" or "tanh".
dense <- function(weights, biases, activation = "relu", epsilon = 0) {
  between <- switch(activation,
    relu = new_relu(),
    sigmoid = new_sigmoid(),
    tanh = new_tanh(),
    stop("expected the activation relu, sigmoid or tanh, came ", activation, call. = FALSE)
  )
  pairs <- Map(function(W, b) list(new_affine(W, b), between), weights, biases)
  layers <- do.call(c, unname(pairs))
  network(layers[-length(layers)], new_softmax_with_loss(epsilon))
}

#' The parameters by name: W1, b1, W2, ...
params <- function(network) numbered(network, lapply(network$layers, function(layer) layer$params))

#' The parameters and the state, layer by layer: W1, b1, gamma2, beta2, running_mean2, ...
held <- function(network) {
  numbered(network, lapply(network$layers, function(layer) c(layer$params, layer$state)))
}

#' The logits, (batch, classes), of x, (batch, inputs) or (batch, channels, height, width).
predict <- function(network, x) {
  for (layer in network$layers) x <- forward(layer, x, training = FALSE)$out
  x
}

#' The mean loss, a number, against t, and what weight decay adds. t is one-hot (batch, classes), or
#' labels (batch) from 0.
loss <- function(network, x, t) {
  for (layer in network$layers) x <- forward(layer, x, training = TRUE)$out
  forward(network$last, x, t)$loss + penalty(network)
}

#' What weight decay adds to the loss: half of it, times the squares of all W.
penalty <- function(network) {
  if (network$weight_decay == 0) {
    return(0)
  }
  squares <- vapply(network$layers, function(layer) sum(layer$params$W^2), 0)
  network$weight_decay / 2 * sum(squares)
}

#' The share of rows whose largest logit (the first, in a tie) is at the label. NaN is larger than
#' any number, as in NumPy.
accuracy <- function(network, x, t) mean(right(predict(network, x), t))

#' The same for each row of logits: TRUE or FALSE, (batch).
right <- function(logits, t) {
  is_nan <- is.nan(logits) # of which max.col makes NA
  largest <- ifelse(rowSums(is_nan) > 0, max.col(is_nan, "first"), max.col(logits, "first"))
  largest == label_columns(t)
}

#' The loss, and the gradient of every parameter: list(loss = , dW1 = , db1 = , dW2 = , ...).
gradient <- function(network, x, t) backpropagate(network, x, t)$gradient

#' list(gradient = , network = ): the network as this pass leaves it, its state moved on.
backpropagate <- function(network, x, t) {
  layers <- network$layers
  passes <- layers
  for (i in seq_along(layers)) {
    passes[[i]] <- forward(layers[[i]], x, training = TRUE)
    x <- passes[[i]]$out
    if (length(layers[[i]]$state)) network$layers[[i]]$state <- passes[[i]]$state
  }
  last <- forward(network$last, x, t)
  dout <- backward(network$last, last)$dx
  slopes <- list()
  for (i in rev(seq_along(layers)[-1])) {
    back <- backward(layers[[i]], passes[[i]], dout)
    dout <- back$dx
    slopes <- c(back[-1], slopes)
  }
  slopes <- c(backward_parameters(layers[[1]], passes[[1]], dout), slopes)
  names(slopes) <- paste0(names(slopes), network$owners)
  gradient <- c(list(loss = last$loss + penalty(network)), decayed(slopes, network))
  list(gradient = gradient, network = network)
}

# The gradients, with what weight decay adds to that of every W.
decayed <- function(slopes, network) {
  if (network$weight_decay == 0) {
    return(slopes)
  }
  all <- params(network)
  for (name in grep("^W", names(all), value = TRUE)) {
    slope <- paste0("d", name)
    slopes[[slope]] <- slopes[[slope]] + network$weight_decay * all[[name]]
  }
  slopes
}

#' Every intermediate array of one forward and backward pass, in the order in which they arise.
#'
#' Forward: affine1.out, relu1.out, affine2.out, ..., softmax.y, loss. Backward: softmax.dx,
#' affine2.dx, affine2.dW, affine2.db, relu1.dx, ..., affine1.dx (the gradient of the data),
#' affine1.dW, affine1.db. A layer with a state has that after its out, as this pass moves it on.
#' Each array is the layer's own, and the loss that of the last layer: weight decay is in none.
trace <- function(network, x, t) {
  passes <- record <- list()
  for (name in names(network$layers)) {
    pass <- passes[[name]] <- forward(network$layers[[name]], x, training = TRUE)
    x <- pass$out
    record <- c(record, prefixed(name, c(pass["out"], pass$state)))
  }
  last <- forward(network$last, x, t)
  last_name <- sub("_with_loss", "", kind_of(network$last), fixed = TRUE)
  back <- backward(network$last, last)
  record <- c(record, prefixed(last_name, last["y"]), last["loss"], prefixed(last_name, back))
  for (name in rev(names(network$layers))) {
    back <- backward(network$layers[[name]], passes[[name]], back$dx)
    record <- c(record, prefixed(name, back))
  }
  record
}

# Arrays of a layer, by its name and theirs: affine1.dW, ...
prefixed <- function(name, arrays) {
  arrays <- arrays[lengths(arrays) > 0]
  names(arrays) <- sprintf("%s.%s", name, names(arrays))
  arrays
}

# Arrays of all layers, a list each, in one list: W of layer 2 is called W2.
numbered <- function(network, arrays) {
  all <- as.list(do.call(c, unname(arrays)))
  names(all) <- paste0(names(all), rep(network$numbers, lengths(arrays)))
  all
}
