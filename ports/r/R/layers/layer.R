# The layers, one file each. A layer is a value of a class: its arrays and numbers. It keeps nothing
# of a pass, so what backward needs, forward gives, beside its result.
#
#   pass <- forward(layer, x)        # pass$out is the result
#   back <- backward(layer, pass, dout)  # back$dx, back$dW, back$db
#
# Every layer computes in double, R's only floating point type. In x, out and dout the first
# dimension is the batch; the layers of single elements take any shape.
#
# Source: Koki Saitoh, "Deep Learning from Scratch", chapters 4 to 7.

#' A layer of this kind. params are learnt, by name; state is what training moves on beside them.
new_layer <- function(kind, params = list(), state = list(), ...) {
  structure(list(params = params, state = state, ...), class = kind)
}

kind_of <- function(layer) class(layer)

#' list(out = , ...): the layer's result, and what backward needs. In training a layer with a state
#' gives that as it is afterwards: `state`. A loss takes x and t and has no out, but a loss.
forward <- function(layer, ...) UseMethod("forward")

#' list(dx = , ...): the gradient of each input, then that of each of params. A loss is where the
#' gradient starts, so it has no dout.
backward <- function(layer, pass, dout) UseMethod("backward")

#' The gradients of params alone: all that a network's first layer owes, as nobody asks for the
#' gradient of the data.
backward_parameters <- function(layer, pass, dout) UseMethod("backward_parameters")

backward_parameters.default <- function(layer, pass, dout) {
  if (length(layer$params)) backward(layer, pass, dout)[-1] else list()
}

#' Each number of v down a column of its own, of so many rows; a bare v would be recycled down all
#' columns in turn.
down_columns <- function(v, rows) rep(v, rep(rows, length(v)))

#' The sums of the columns, of one dimension: a vector even where it has one element.
column_sums <- function(x) array(colSums(x))
