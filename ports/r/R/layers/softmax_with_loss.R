# Softmax, and the mean cross-entropy. Source: section 5.6.3.

#' softmax, then the mean cross-entropy -mean(log(p_target + epsilon)).
#'
#' The logarithm of p is taken as x - logsumexp(x), so that a probability that underflows to 0 still
#' has one. `epsilon` is 0 in mathematics and 1e-7 in the book (section 4.2.2). The gradient is that
#' of epsilon = 0.
new_softmax_with_loss <- function(epsilon = 0) new_layer("softmax_with_loss", epsilon = epsilon)

#' x is (batch, classes); t is one-hot of that shape, or labels, (batch), counted from 0. Gives
#' list(loss = , y = , target = ): a number, the probabilities, (batch, classes), and where in them
#' each row's label is.
forward.softmax_with_loss <- function(layer, x, t, ...) {
  target <- one_a_row(label_columns(t))
  # A vector as long as a column is recycled column by column: one number a row.
  z <- x - x[one_a_row(max.col(x, "first"))]
  e <- exp(z)
  total <- rowSums(e)
  log_p <- z[target] - log(total)
  if (layer$epsilon != 0) log_p <- log(exp(log_p) + layer$epsilon)
  list(loss = -sum(log_p) / length(log_p), y = e / total, target = target)
}

#' dx = (y - t) / batch, (batch, classes).
backward.softmax_with_loss <- function(layer, pass, dout) {
  y <- pass$y
  y[pass$target] <- y[pass$target] - 1
  list(dx = y / nrow(y))
}

#' The column of each row's label, from 1 as R counts. t is one-hot, or labels counted from 0.
label_columns <- function(t) {
  # A row's only 1 picks its column's number.
  if (is.matrix(t)) drop(t %*% seq_len(ncol(t))) else as.vector(t) + 1
}

#' The index of one element a row, in these columns: a matrix lies in memory column by column.
one_a_row <- function(columns) seq_along(columns) + length(columns) * (columns - 1)
