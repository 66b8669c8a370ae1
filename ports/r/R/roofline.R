# What a benchmark sets beside a gradient: its matrix products alone.

#' The matrix products of one gradient in these affine layers, numbered from 1, and nothing else of
#' it: what no implementation on this BLAS can beat.
#'
#' inputs is what layer_inputs gives. Each layer's own output stands for its dout, which has the
#' same shape; layer 1 owes no gradient of the data.
products <- function(network, inputs, affines) {
  for (i in affines) {
    x <- inputs[[i]]
    W <- network$affines[[i]]$W
    dout <- x %*% W
    crossprod(x, dout) # t(x) %*% dout
    if (i > 1) tcrossprod(dout, W) # dout %*% t(W)
  }
}

#' The input of each affine layer, (batch, inputs), in the forward pass of x: a list.
layer_inputs <- function(network, x) forward(network, x)$inputs
