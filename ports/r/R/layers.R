# The layers: each is a pair of functions, forward and backward. They keep nothing, so what the
# reference's objects keep for backward is an argument here: a layer's inputs or its output.
#
#   out <- relu_forward(x)
#   dx <- relu_backward(out, dout)
#
# Every layer computes in double, R's only floating point type. x, out and dout are matrices with a
# row for each element of the batch; multiply, add, relu and sigmoid take any shape.
#
# Source: Koki Saitoh, "Deep Learning from Scratch", chapter 5.


#' x * y, element by element: two numbers, or two arrays of one shape.
multiply_forward <- function(x, y) x * y

#' list(dx = , dy = ): each factor's gradient is the other factor times dout.
multiply_backward <- function(x, y, dout) list(dx = dout * y, dy = dout * x)


#' x + y, element by element: two numbers, or two arrays of one shape.
add_forward <- function(x, y) x + y

#' list(dx = , dy = ): both are dout.
add_backward <- function(dout) list(dx = dout, dy = dout)


#' max(x, 0), with gradient 0 at 0. NaN stays NaN.
relu_forward <- function(x) {
  # Assigned, not multiplied: x * (x > 0) makes -0 of a negative number and NaN of -Inf.
  x[x <= 0] <- 0
  x
}

#' dx, of the shape of x.
relu_backward <- function(out, dout) {
  dout[out <= 0] <- 0
  dout
}


#' 1 / (1 + exp(-x)). Overflow of exp(-x) to infinity gives the right limit, 0.
sigmoid_forward <- function(x) 1 / (1 + exp(-x))

#' dx, of the shape of x.
sigmoid_backward <- function(out, dout) dout * out * (1 - out)


#' x %*% W + b, (batch, outputs): x is (batch, inputs), W is (inputs, outputs), b is (outputs).
affine_forward <- function(x, W, b) {
  # Each b down its own column; a bare `+ b` would be recycled down all columns in turn.
  x %*% W + rep(b, rep(nrow(x), length(b)))
}

#' list(dx = , dW = , db = ), of the shapes of x, W and b. dout is (batch, outputs).
affine_backward <- function(x, W, dout) {
  c(list(dx = tcrossprod(dout, W)), affine_backward_parameters(x, dout)) # dout %*% t(W)
}

#' list(dW = , db = ) alone: all that a network's first layer owes, as nobody asks for the gradient
#' of the data.
affine_backward_parameters <- function(x, dout) {
  list(
    dW = crossprod(x, dout), # t(x) %*% dout
    db = array(colSums(dout)) # of one dimension: a vector even where it has one element
  )
}


#' softmax, then the mean cross-entropy -mean(log(p_target + epsilon)).
#'
#' x is (batch, classes); t is one-hot of that shape, or labels, (batch), counted from 0. Gives
#' list(loss = , y = , target = ): a number, the probabilities, (batch, classes), and where in them
#' each row's label is. The logarithm of p is taken as x - logsumexp(x), so that a probability that
#' underflows to 0 still has one. `epsilon` is 0 in mathematics and 1e-7 in the book (section
#' 4.2.2). The gradient is that of epsilon = 0.
softmax_with_loss_forward <- function(x, t, epsilon = 0) {
  target <- one_a_row(label_columns(t))
  # A vector as long as a column is recycled column by column: one number a row.
  z <- x - x[one_a_row(max.col(x, "first"))]
  e <- exp(z)
  total <- rowSums(e)
  log_p <- z[target] - log(total)
  if (epsilon != 0) log_p <- log(exp(log_p) + epsilon)
  list(loss = -sum(log_p) / length(log_p), y = e / total, target = target)
}

#' dx = (y - t) / batch, (batch, classes), of forward's y and target: the loss is where the gradient
#' starts, so there is no dout.
softmax_with_loss_backward <- function(y, target) {
  y[target] <- y[target] - 1
  y / nrow(y)
}

#' The column of each row's label, from 1 as R counts. t is one-hot, or labels counted from 0.
label_columns <- function(t) {
  # A row's only 1 picks its column's number.
  if (is.matrix(t)) drop(t %*% seq_len(ncol(t))) else as.vector(t) + 1
}

#' The index of one element a row, in these columns: a matrix lies in memory column by column.
one_a_row <- function(columns) seq_along(columns) + length(columns) * (columns - 1)
