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

#' list(x = , t = ), (length(rows), inputs) and (length(rows)): these rows of the set, from 0.
batch <- function(images, rows) {
  bytes <- do.call(rbind, images$pixels[rows + 1])
  x <- as.integer(bytes) / images$scale
  dim(x) <- dim(bytes)
  list(x = x, t = images$labels[rows + 1])
}

#' The gradient, then the update of every parameter: list(network = , optimizer = , loss = ), with
#' the loss before it.
train_step <- function(network, x, t, optimizer) {
  slopes <- gradient(network, x, t)
  c(update(optimizer, network, slopes), slopes["loss"])
}

#' One step for each row of batches, (steps, batch), rows of images from 0: list(network = ,
#' optimizer = , loss = ), with the loss before each, (steps).
train <- function(network, images, batches, optimizer) {
  losses <- array(0, nrow(batches))
  for (i in seq_along(losses)) {
    drawn <- batch(images, batches[i, ])
    step <- train_step(network, drawn$x, drawn$t, optimizer)
    network <- step$network
    optimizer <- step$optimizer
    losses[i] <- step$loss
  }
  list(network = network, optimizer = optimizer, loss = losses)
}

#' list(loss = , accuracy = ): the mean loss over the set, and the share of labels that the network
#' gets right.
evaluate <- function(network, images) {
  rows <- seq_along(images$labels) - 1
  sums <- vapply(split(rows, rows %/% rows_at_a_time), function(rows) {
    drawn <- batch(images, rows)
    logits <- predict(network, drawn$x)
    mean_loss <- softmax_with_loss_forward(logits, drawn$t, network$epsilon)$loss
    c(loss = mean_loss * length(rows), accuracy = sum(right(logits, drawn$t)))
  }, c(loss = 0, accuracy = 0))
  as.list(rowSums(sums) / length(rows))
}
