# The functions of reference.py, and the one file to open: what is left to you is marked YOURS.
#
# Arguments are numbers, vectors, matrices or arrays: double, integer or logical, in the shapes that the comments say.
# Integers stay as they are in Python: if they are indices, they count from 0. Return a list of the results; those that
# are integers in Python must be integer, such as 2L. An error is reported as one. R has no float32: those cases are
# "not implemented". Your code can be elsewhere: source it here, and call it.

# Ridge regression with its gradient.
#
# ridge(X[n, d], y[n], penalty) -> w[d], loss
ridge <- function(X, y, penalty) {
  upper <- chol(crossprod(X) + diag(penalty, ncol(X)))
  w <- backsolve(upper, backsolve(upper, crossprod(X, y), transpose = TRUE))
  list(w = w, loss = sum((X %*% w - y)^2) + penalty * sum(w^2))
}

# a[i] b[j] c[k], and the sum.
#
# outer3(a[n], b[m], c[k]) -> out[n, m, k], total
outer3 <- function(a, b, c) {
  out <- outer(outer(a, b), c)
  list(out = out, total = sum(out))
}

# The rows of x that keep names, and how many.
#
# pick(x[n, c, h, w], keep[n], order[n]) -> out[n, c, h, w], count, kept[n]
pick <- function(x, keep, order) {
  out <- x[order + 1, , , , drop = FALSE]
  out[!keep, , , ] <- 0
  list(out = out, count = sum(keep), kept = keep)
}

# The functions that gradparity may call, with the number of dimensions of each result: 0 is a number, 1 a vector.
functions <- list(
  ridge = c(w = 1, loss = 0),
  outer3 = c(out = 3, total = 0),
  pick = c(out = 4, count = 0, kept = 1)
)
