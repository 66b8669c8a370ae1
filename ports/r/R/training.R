# Training: batches drawn from a set of images, a loop of steps, and what the network has learnt.

rows_at_a_time <- 1000 # when a whole set is evaluated

#' A set of images: pixels and labels are raw bytes, (n, inputs) and (n), labels from 0. A pixel is
#' byte / scale.
#'
#' The set is held once, as bytes, and as a list of n images: to gather a batch from the rows of a
#' matrix takes far longer, as these lie scattered in memory.
images <- function(pixels, labels, scale) {
  columns <- t(pixels)
  image <- function(i) columns[, i]
  list(
    pixels = lapply(seq_len(ncol(columns)), image),
    labels = as.integer(labels),
    scale = scale
  )
}

#' list(x = , t = ): these rows of the set, from 0, and their labels. Each image is as in arrays of
#' this shape, (any, inputs) or (any, channels, height, width).
batch <- function(images, rows, shape) {
  bytes <- do.call(rbind, images$pixels[rows + 1])
  x <- as.integer(bytes) / images$scale
  dim(x) <- dim(bytes)
  list(x = as_images(x, c(length(rows), shape[-1])), t = images$labels[rows + 1])
}

#' The gradient, then the update of every parameter: list(network = , optimizer = , loss = ), with
#' the loss before it.
train_step <- function(network, x, t, optimizer) {
  done <- backpropagate(network, x, t)
  c(update(optimizer, done$network, done$gradient), done$gradient["loss"])
}

#' One step for each row of batches, (steps, batch), rows of images from 0: list(network = ,
#' optimizer = , loss = ), with the loss before each, (steps).
#'
#' shape is that of x, as `batch` takes it. masks, by the names of the dropout layers, are bytes,
#' (steps, batch, ...); afterwards each of these layers has the mask that it had.
train <- function(network, images, batches, optimizer, shape, masks = list()) {
  losses <- array(0, nrow(batches))
  own <- lapply(network$layers[names(masks)], function(layer) layer$mask)
  for (i in seq_along(losses)) {
    drawn <- batch(images, batches[i, ], shape)
    network <- with_masks(network, lapply(masks, mask_of_step, i))
    step <- train_step(network, drawn$x, drawn$t, optimizer)
    network <- step$network
    optimizer <- step$optimizer
    losses[i] <- step$loss
  }
  list(network = with_masks(network, own), optimizer = optimizer, loss = losses)
}

#' The network with these masks, by the names of their layers.
with_masks <- function(network, masks) {
  for (name in names(masks)) network$layers[[name]]$mask <- masks[[name]]
  network
}

# A step's mask, integers, of the bytes of all steps.
mask_of_step <- function(masks, step) {
  shape <- dim(masks)
  dim(masks) <- c(shape[1], prod(shape[-1]))
  array(as.integer(masks[step, ]), shape[-1])
}

#' list(loss = , accuracy = ): the mean loss over the set, without weight decay, and the share of
#' labels that the network gets right. shape is that of x, as `batch` takes it.
evaluate <- function(network, images, shape) {
  rows <- seq_along(images$labels) - 1
  sums <- vapply(split(rows, rows %/% rows_at_a_time), function(rows) {
    drawn <- batch(images, rows, shape)
    logits <- predict(network, drawn$x)
    mean_loss <- forward(network$last, logits, drawn$t)$loss
    c(loss = mean_loss * length(rows), accuracy = sum(right(logits, drawn$t)))
  }, c(loss = 0, accuracy = 0))
  as.list(rowSums(sums) / length(rows))
}
