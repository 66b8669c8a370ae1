# Convolution, as a matrix product. Source: sections 7.2 and 7.4.3.

#' Each filter laid on each window of the images, products summed; the filter is not flipped. Then
#' a bias each. W is (filters, channels, height, width), b is (filters).
new_convolution <- function(W, b, stride = 1, pad = 0) {
  new_layer("convolution", list(W = W, b = b), stride = stride, pad = pad)
}

#' x is (batch, channels, height, width); out is (batch, filters, out height, out width).
forward.convolution <- function(layer, x, ...) {
  W <- layer$params$W
  at <- window_columns(dim(x), dim(W)[3:4], layer$stride, layer$pad)
  size <- dim(at)[1:2]
  windows <- im2col(x, at, nrow(x) * prod(size))
  out <- tcrossprod(windows, filters(W)) + down_columns(layer$params$b, nrow(windows))
  out <- exchange(out, nrow(x), prod(size))
  dim(out) <- c(nrow(x), nrow(W), size)
  list(out = out, windows = windows, at = at, shape = dim(x))
}

#' list(dx = , dW = , db = ), of the shapes of x, W and b. dout is of the shape of out.
backward.convolution <- function(layer, pass, dout) {
  rows <- rows_of_filters(dout)
  dx <- col2im(rows %*% filters(layer$params$W), pass$at, pass$shape)
  c(list(dx = dx), slopes_of_filters(layer, pass, rows))
}

backward_parameters.convolution <- function(layer, pass, dout) {
  slopes_of_filters(layer, pass, rows_of_filters(dout))
}

slopes_of_filters <- function(layer, pass, rows) {
  dW <- crossprod(rows, pass$windows) # t(rows) %*% windows
  dim(dW) <- dim(layer$params$W)
  list(dW = dW, db = column_sums(rows))
}

#' W as a matrix, each filter a row.
filters <- function(W) {
  dim(W) <- c(nrow(W), length(W) / nrow(W))
  W
}

#' dout as a matrix, (batch out height out width, filters).
rows_of_filters <- function(dout) {
  shape <- dim(dout)
  rows <- exchange(dout, shape[1], shape[2])
  dim(rows) <- c(length(dout) / shape[2], shape[2])
  rows
}

# aperm(x, c(1, 3, 2)) of x as (batch, m, ...), in less than half of its time: what comes out is a
# matrix, (batch, ... m).
exchange <- function(x, batch, m) {
  columns <- length(x) / batch
  dim(x) <- c(batch, columns)
  x[, t(matrix(seq_len(columns), m)), drop = FALSE]
}
