# Half the sum of squares, as a mean over the batch. Source: section 4.2.1; as a network's last
# layer, 5.6.3.

#' The loss of an output layer that changes nothing: sum((x - t)^2) / 2 of each row, and the mean of
#' the rows.
new_squared_error <- function() new_layer("squared_error")

#' x is (batch, classes); t is one-hot of that shape, or labels, (batch), counted from 0.
forward.squared_error <- function(layer, x, t, ...) {
  target <- one_a_row(label_columns(t))
  x[target] <- x[target] - 1
  list(loss = sum(x^2) / nrow(x) / 2, difference = x)
}

#' dx = (x - t) / batch, (batch, classes).
backward.squared_error <- function(layer, pass, dout) {
  list(dx = pass$difference / nrow(pass$difference))
}
