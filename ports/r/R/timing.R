# What a benchmark needs of a port: its own clock around its own calls, and the matrix products
# alone.

#' Nanoseconds of `calls` calls in a row, measured `samples` times: doubles, (samples).
elapsed <- function(call, calls, samples) {
  nanoseconds <- array(0, samples)
  for (i in seq_len(samples)) {
    # The finest clock of base R, where none is monotonic: a double holds the seconds since 1970 to
    # a quarter of a microsecond. A bare number, as the difference of two times chooses its unit.
    start <- unclass(Sys.time())
    for (j in seq_len(calls)) call()
    nanoseconds[i] <- 1e9 * (unclass(Sys.time()) - start)
  }
  nanoseconds
}

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
