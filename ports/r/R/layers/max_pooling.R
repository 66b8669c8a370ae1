# Max pooling. Source: sections 7.3 and 7.4.4.

#' The largest number of each window, channel by channel; the zeros that pad puts around an image
#' take part. The gradient goes to the number that was the largest: of equal ones to the first, row
#' by row. Where windows overlap, gradients add up.
new_max_pooling <- function(height, width, stride = 2, pad = 0) {
  new_layer("max_pooling", height = height, width = width, stride = stride, pad = pad)
}

#' x is (batch, channels, height, width); out is (batch, channels, out height, out width).
forward.max_pooling <- function(layer, x, ...) {
  at <- window_columns(dim(x), c(layer$height, layer$width), layer$stride, layer$pad)
  at <- aperm(at, c(3, 1, 2, 5, 4)) # channels outside a window, and its elements row by row
  shape <- c(nrow(x), dim(at)[1:3])
  windows <- im2col(x, at, prod(shape))
  largest <- one_a_row(first_largest(windows))
  out <- windows[largest]
  dim(out) <- shape
  list(out = out, largest = largest, at = at, shape = dim(x))
}

backward.max_pooling <- function(layer, pass, dout) {
  col <- numeric(nrow(dout) * length(pass$at))
  col[pass$largest] <- dout
  list(dx = col2im(col, pass$at, pass$shape))
}

# The column of the largest number of each row, the first of equal ones. As in NumPy, NaN is larger
# than all.
first_largest <- function(x) {
  columns <- max.col(x, "first")
  sick <- which(is.na(columns))
  replace(columns, sick, max.col(is.na(x[sick, , drop = FALSE]), "first"))
}
