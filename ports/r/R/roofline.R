# What a benchmark sets beside a gradient: its matrix products alone.

#' The matrix products of one gradient in the affine and convolution layers of these numbers, and
#' nothing else of it: what no implementation on this BLAS can beat.
#'
#' passes is what product_passes gives. Each layer's own output stands for its dout, which has the
#' same shape; layer 1 owes no gradient of the data.
products <- function(passes, numbers) {
  for (i in numbers) {
    pass <- passes[[as.character(i)]]
    multiply_matrices(pass$layer, pass, i > 1)
  }
}

#' The layers with matrix products, by number: each with its forward pass of x.
product_passes <- function(network, x) {
  passes <- list()
  for (i in seq_along(network$layers)) {
    layer <- network$layers[[i]]
    pass <- forward(layer, x, training = FALSE)
    number <- as.character(network$numbers[[i]])
    if (!is.null(layer$params$W)) passes[[number]] <- c(pass, list(layer = layer))
    x <- pass$out
  }
  passes
}

multiply_matrices <- function(layer, pass, with_dx) UseMethod("multiply_matrices")

multiply_matrices.affine <- function(layer, pass, with_dx) {
  W <- layer$params$W
  dout <- pass$x %*% W
  crossprod(pass$x, dout)
  if (with_dx) tcrossprod(dout, W)
}

multiply_matrices.convolution <- function(layer, pass, with_dx) {
  W <- filters(layer$params$W)
  dout <- tcrossprod(pass$windows, W)
  crossprod(dout, pass$windows)
  if (with_dx) dout %*% W
}
