# The shopping example of the posts: two apples at 100, three oranges at 150, 10 % tax.
apples <- multiply_forward(100, 2)
oranges <- multiply_forward(150, 3)
fruit <- add_forward(apples, oranges)
expect_equal(multiply_forward(fruit, 1.1), 715)
dprice <- multiply_backward(fruit, 1.1, 1)
dfruit <- add_backward(dprice$dx)
expect_equal(multiply_backward(100, 2, dfruit$dx), list(dx = 2.2, dy = 110))
expect_equal(multiply_backward(150, 3, dfruit$dy), list(dx = 3.3, dy = 165))
expect_equal(dprice$dy, 650)

# The apples alone.
expect_equal(multiply_forward(apples, 1.1), 220)
dprice <- multiply_backward(apples, 1.1, 1)
expect_equal(multiply_backward(100, 2, dprice$dx), list(dx = 2.2, dy = 110))
expect_equal(dprice$dy, 200)

# Relu: the posts' example, and what lies on the edge.
x <- rbind(c(1, -0.5), c(-2, 3))
dout <- rbind(c(5, 6), c(7, 8))
out <- relu_forward(x)
expect_identical(out, rbind(c(1, 0), c(0, 3)))
expect_identical(relu_backward(out, dout), rbind(c(5, 0), c(0, 8)))
expect_identical(x, rbind(c(1, -0.5), c(-2, 3)), info = "an argument stays as it is")
expect_identical(dout, rbind(c(5, 6), c(7, 8)), info = "an argument stays as it is")

edge <- relu_forward(c(0, -0, -1, -Inf, Inf, 5e-324))
dx <- relu_backward(edge, c(-1, -1, -Inf, NaN, 2, 3))
expect_identical(edge, c(0, 0, 0, 0, Inf, 5e-324))
expect_identical(dx, c(0, 0, 0, 0, 2, 3), info = "the gradient at 0 is 0")
expect_identical(1 / edge[1:4], rep(Inf, 4), info = "no negative zero")
expect_identical(1 / dx[1:4], rep(Inf, 4), info = "no negative zero")
expect_true(is.nan(relu_forward(NaN)))

# Sigmoid.
out <- sigmoid_forward(c(0, log(3), -1000, 1000))
expect_equal(out, c(1 / 2, 3 / 4, 0, 1))
expect_equal(sigmoid_backward(out, c(8, 16, 1, 1)), c(2, 3, 0, 0))

# Tanh.
out <- tanh_forward(c(0, log(2), -1000, 1000))
expect_equal(out, c(0, 3 / 5, -1, 1))
expect_equal(tanh_backward(out, c(8, 25, 1, 1)), c(8, 16, 0, 0))
expect_identical(tanh_forward(-1e-20), -1e-20, info = "no digits are lost near 0")

# Affine: the example of the protocol, with the bias along the rows.
x <- rbind(c(1, 2, 3), c(4, 5, 6))
W <- rbind(c(1, 0), c(0, 1), c(2, 3))
expect_equal(affine_forward(x, W, c(0.5, -1)), rbind(c(7.5, 10), c(16.5, 22)))
expect_equal(affine_backward(x, W, rbind(c(1, -1), c(2, 0))), list(
  dx = rbind(c(1, -1, -1), c(2, 0, 4)),
  dW = rbind(c(9, -1), c(12, -2), c(15, -3)),
  db = array(c(3, -1))
))

# The posts' bias gradient, where batch and outputs differ.
expect_equal(affine_backward_parameters(matrix(0, 2, 3), x)$db, array(c(5, 7, 9)))

# A batch of one and one output stay a matrix, and a vector a vector.
expect_identical(affine_forward(matrix(2), matrix(3), array(1)), matrix(7))
came <- affine_backward(matrix(2), matrix(3), matrix(1))
expect_identical(came, list(dx = matrix(3), dW = matrix(2), db = array(1)))

# NaN and infinity go through the products, whatever the shape, although R no longer looks for them.
expect_identical(getOption("matprod"), "blas")
for (n in c(1, 2, 7, 64)) {
  zeros <- matrix(0, n, n)
  for (odd in c(NaN, Inf)) {
    sick <- replace(zeros, n, odd) # the last row's first element
    expect_true(all(is.nan(affine_forward(sick, zeros, numeric(n))[n, ])))
    expect_true(all(is.nan(affine_forward(zeros, sick, numeric(n))[, 1])))
    came <- affine_backward(zeros, zeros, sick)
    expect_true(all(is.nan(came$dx[n, ])) && all(is.nan(came$dW[, 1])))
  }
}

# Softmax with loss: two rows by hand; one-hot and integer labels are the same.
x <- rbind(c(1, 2, 3), c(1, 1, 1))
labels <- array(c(2L, 0L))
onehot <- rbind(c(0, 0, 1), c(1, 0, 0))
y <- exp(x) / rowSums(exp(x))
came <- softmax_with_loss_forward(x, labels)
expect_equal(came[c("loss", "y")], list(loss = -mean(log(y[onehot == 1])), y = y))
expect_equal(softmax_with_loss_backward(came$y, came$target), (y - onehot) / 2)
expect_identical(softmax_with_loss_forward(x, onehot), came)

# Stable: exp neither overflows nor makes the logarithm of 0.
x <- rbind(c(1000, 0, -1000))
came <- softmax_with_loss_forward(x, array(2L))
expect_identical(came[c("loss", "y")], list(loss = 2000, y = rbind(c(1, 0, 0))))
expect_equal(softmax_with_loss_forward(x, array(2L), 1e-7)$loss, -log(1e-7))
expect_equal(softmax_with_loss_forward(rbind(c(0, 0)), array(0L), 0.5)$loss, 0)
expect_true(is.na(softmax_with_loss_forward(rbind(c(NaN, 0)), array(1L))$loss))

# Every backward against central differences of sum(out * dout).
slope_of <- function(f, p, step = 1e-6) {
  slope <- p
  for (i in seq_along(p)) {
    moved <- function(by) f(replace(p, i, p[[i]] + by))
    slope[[i]] <- (moved(step) - moved(-step)) / (2 * step)
  }
  slope
}
set.seed(1)
x <- matrix(rnorm(12), 4, 3)
y <- matrix(rnorm(12), 4, 3)
dout <- matrix(rnorm(12), 4, 3)
weighted <- function(f) function(p) sum(f(p) * dout)
expect_equal(multiply_backward(x, y, dout), list(
  dx = slope_of(weighted(function(x) multiply_forward(x, y)), x),
  dy = slope_of(weighted(function(y) multiply_forward(x, y)), y)
))
expect_equal(add_backward(dout), list(
  dx = slope_of(weighted(function(x) add_forward(x, y)), x),
  dy = slope_of(weighted(function(y) add_forward(x, y)), y)
))
expect_equal(relu_backward(relu_forward(x), dout), slope_of(weighted(relu_forward), x))
expect_equal(sigmoid_backward(sigmoid_forward(x), dout), slope_of(weighted(sigmoid_forward), x))
expect_equal(tanh_backward(tanh_forward(x), dout), slope_of(weighted(tanh_forward), x))
W <- matrix(rnorm(6), 3, 2)
b <- array(rnorm(2))
dout <- matrix(rnorm(8), 4, 2)
expect_equal(affine_backward(x, W, dout), list(
  dx = slope_of(weighted(function(x) affine_forward(x, W, b)), x),
  dW = slope_of(weighted(function(W) affine_forward(x, W, b)), W),
  db = slope_of(weighted(function(b) affine_forward(x, W, b)), b)
))
t <- array(c(0L, 2L, 1L, 1L))
last <- softmax_with_loss_forward(x, t)
dx <- softmax_with_loss_backward(last$y, last$target)
expect_equal(dx, slope_of(function(x) softmax_with_loss_forward(x, t)$loss, x))
