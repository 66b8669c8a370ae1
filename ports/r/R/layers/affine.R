# x %*% W + b. Source: section 5.6.1.

#' x %*% W + b: W is (inputs, outputs), b is (outputs). Images are taken as rows.
new_affine <- function(W, b) new_layer("affine", list(W = W, b = b))

#' x is (batch, inputs) or (batch, channels, height, width); out is (batch, outputs).
forward.affine <- function(layer, x, ...) {
  p <- layer$params
  rows <- as_rows(x)
  out <- rows %*% p$W + down_columns(p$b, nrow(rows))
  list(out = out, x = rows, shape = dim(x))
}

#' list(dx = , dW = , db = ), of the shapes of x, W and b. dout is (batch, outputs).
backward.affine <- function(layer, pass, dout) {
  dx <- tcrossprod(dout, layer$params$W) # dout %*% t(W)
  c(list(dx = as_images(dx, pass$shape)), backward_parameters(layer, pass, dout))
}

backward_parameters.affine <- function(layer, pass, dout) {
  list(
    dW = crossprod(pass$x, dout), # t(x) %*% dout
    db = column_sums(dout)
  )
}

#' Each image as a row, in the order channel, row, column. A matrix is what it was.
as_rows <- function(x) {
  if (is.matrix(x)) {
    return(x)
  }
  image <- dim(x)[-1]
  order <- aperm(array(seq_len(prod(image)), image)) # in R's own order the channel runs fastest
  dim(x) <- c(nrow(x), prod(image))
  x[, order, drop = FALSE]
}

#' The rows as images of this shape, (batch, channels, height, width): the way back.
as_images <- function(rows, shape) {
  if (length(shape) < 3) {
    return(rows)
  }
  order <- aperm(array(seq_len(ncol(rows)), rev(shape[-1])))
  images <- rows[, order]
  dim(images) <- shape
  images
}
