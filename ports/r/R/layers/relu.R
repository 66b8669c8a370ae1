# max(x, 0). Source: section 5.5.1.

#' max(x, 0), with gradient 0 at 0. NaN stays NaN.
new_relu <- function() new_layer("relu")

forward.relu <- function(layer, x, ...) {
  # Assigned, not multiplied: x * (x > 0) makes -0 of a negative number and NaN of -Inf.
  x[x <= 0] <- 0
  list(out = x)
}

backward.relu <- function(layer, pass, dout) {
  dout[pass$out <= 0] <- 0
  list(dx = dout)
}
