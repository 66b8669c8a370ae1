# The shopping example of the posts: two apples at 100, three oranges at 150, 10 % tax.
apples <- forward(new_multiply(), 100, 2)
oranges <- forward(new_multiply(), 150, 3)
fruit <- forward(new_add(), apples$out, oranges$out)
price <- forward(new_multiply(), fruit$out, 1.1)
expect_equal(price$out, 715)
dprice <- backward(new_multiply(), price, 1)
dfruit <- backward(new_add(), fruit, dprice$dx)
expect_equal(backward(new_multiply(), apples, dfruit$dx), list(dx = 2.2, dy = 110))
expect_equal(backward(new_multiply(), oranges, dfruit$dy), list(dx = 3.3, dy = 165))
expect_equal(dprice$dy, 650)

# The apples alone.
price <- forward(new_multiply(), apples$out, 1.1)
expect_equal(price$out, 220)
dprice <- backward(new_multiply(), price, 1)
expect_equal(backward(new_multiply(), apples, dprice$dx), list(dx = 2.2, dy = 110))
expect_equal(dprice$dy, 200)

# Relu: the posts' example, and what lies on the edge.
x <- rbind(c(1, -0.5), c(-2, 3))
dout <- rbind(c(5, 6), c(7, 8))
pass <- forward(new_relu(), x)
expect_identical(pass$out, rbind(c(1, 0), c(0, 3)))
expect_identical(backward(new_relu(), pass, dout)$dx, rbind(c(5, 0), c(0, 8)))
expect_identical(x, rbind(c(1, -0.5), c(-2, 3)), info = "an argument stays as it is")
expect_identical(dout, rbind(c(5, 6), c(7, 8)), info = "an argument stays as it is")

edge <- forward(new_relu(), c(0, -0, -1, -Inf, Inf, 5e-324))
dx <- backward(new_relu(), edge, c(-1, -1, -Inf, NaN, 2, 3))$dx
expect_identical(edge$out, c(0, 0, 0, 0, Inf, 5e-324))
expect_identical(dx, c(0, 0, 0, 0, 2, 3), info = "the gradient at 0 is 0")
expect_identical(1 / edge$out[1:4], rep(Inf, 4), info = "no negative zero")
expect_identical(1 / dx[1:4], rep(Inf, 4), info = "no negative zero")
expect_true(is.nan(forward(new_relu(), NaN)$out))

# Sigmoid.
pass <- forward(new_sigmoid(), c(0, log(3), -1000, 1000))
expect_equal(pass$out, c(1 / 2, 3 / 4, 0, 1))
expect_equal(backward(new_sigmoid(), pass, c(8, 16, 1, 1))$dx, c(2, 3, 0, 0))

# Tanh.
pass <- forward(new_tanh(), c(0, log(2), -1000, 1000))
expect_equal(pass$out, c(0, 3 / 5, -1, 1))
expect_equal(backward(new_tanh(), pass, c(8, 25, 1, 1))$dx, c(8, 16, 0, 0))
expect_identical(forward(new_tanh(), -1e-20)$out, -1e-20, info = "no digits are lost near 0")

# Affine: the example of the protocol, with the bias along the rows.
x <- rbind(c(1, 2, 3), c(4, 5, 6))
W <- rbind(c(1, 0), c(0, 1), c(2, 3))
affine <- new_affine(W, array(c(0.5, -1)))
pass <- forward(affine, x)
expect_equal(pass$out, rbind(c(7.5, 10), c(16.5, 22)))
expect_equal(backward(affine, pass, rbind(c(1, -1), c(2, 0))), list(
  dx = rbind(c(1, -1, -1), c(2, 0, 4)),
  dW = rbind(c(9, -1), c(12, -2), c(15, -3)),
  db = array(c(3, -1))
))

# The posts' bias gradient, where batch and outputs differ.
pass <- forward(affine, matrix(0, 2, 3))
expect_equal(backward_parameters(affine, pass, x)$db, array(c(5, 7, 9)))

# A batch of one and one output stay a matrix, and a vector a vector.
one <- new_affine(matrix(3), array(1))
pass <- forward(one, matrix(2))
expect_identical(pass$out, matrix(7))
came <- backward(one, pass, matrix(1))
expect_identical(came, list(dx = matrix(3), dW = matrix(2), db = array(1)))

# Images are rows in the order channel, row, column; the gradient has the shape of the images.
images <- array(c(1, 7, 2, 8, 3, 9, 4, 10, 5, 11, 6, 12), c(1, 2, 2, 3)) # the channel runs fastest
pass <- forward(new_affine(diag(12), array(numeric(12))), images)
expect_identical(drop(pass$out), c(1, 3, 5, 2, 4, 6, 7, 9, 11, 8, 10, 12) + 0)
came <- backward(new_affine(diag(12), array(numeric(12))), pass, pass$out)
expect_identical(came$dx, images)
expect_identical(as_images(as_rows(images), dim(images)), images)

# NaN and infinity go through the products, whatever the shape, although R no longer looks for them.
expect_identical(getOption("matprod"), "blas")
for (n in c(1, 2, 7, 64)) {
  zeros <- matrix(0, n, n)
  for (odd in c(NaN, Inf)) {
    sick <- replace(zeros, n, odd) # the last row's first element
    layer <- new_affine(zeros, array(numeric(n)))
    expect_true(all(is.nan(forward(layer, sick)$out[n, ])))
    expect_true(all(is.nan(forward(new_affine(sick, array(numeric(n))), zeros)$out[, 1])))
    came <- backward(layer, forward(layer, zeros), sick)
    expect_true(all(is.nan(came$dx[n, ])) && all(is.nan(came$dW[, 1])))
  }
}

# Softmax with loss: two rows by hand; one-hot and integer labels are the same.
x <- rbind(c(1, 2, 3), c(1, 1, 1))
labels <- array(c(2L, 0L))
onehot <- rbind(c(0, 0, 1), c(1, 0, 0))
y <- exp(x) / rowSums(exp(x))
softmax <- new_softmax_with_loss()
came <- forward(softmax, x, labels)
expect_equal(came[c("loss", "y")], list(loss = -mean(log(y[onehot == 1])), y = y))
expect_equal(backward(softmax, came)$dx, (y - onehot) / 2)
expect_identical(forward(softmax, x, onehot), came)

# Stable: exp neither overflows nor makes the logarithm of 0.
x <- rbind(c(1000, 0, -1000))
came <- forward(softmax, x, array(2L))
expect_identical(came[c("loss", "y")], list(loss = 2000, y = rbind(c(1, 0, 0))))
expect_equal(forward(new_softmax_with_loss(1e-7), x, array(2L))$loss, -log(1e-7))
expect_equal(forward(new_softmax_with_loss(0.5), rbind(c(0, 0)), array(0L))$loss, 0)
expect_true(is.na(forward(softmax, rbind(c(NaN, 0)), array(1L))$loss))

# Squared error: by hand, and of labels as of one-hot rows.
x <- rbind(c(1, 2, 3), c(1, -1, 0))
error <- new_squared_error()
came <- forward(error, x, labels)
expect_equal(came$loss, ((1 + 4 + 4) + (0 + 1 + 0)) / 2 / 2)
expect_equal(backward(error, came), list(dx = (x - onehot) / 2))
expect_identical(forward(error, x, onehot), came)

# Dropout: the mask's in training, the share that it keeps in the test; in both directions.
x <- rbind(c(1, -2), c(3, 4))
dropout <- new_dropout(rbind(c(0L, 1L), c(1L, 0L)), 0.25)
pass <- forward(dropout, x)
expect_identical(pass$out, rbind(c(0, -2), c(3, 0)))
expect_identical(backward(dropout, pass, 2 * x)$dx, rbind(c(0, -4), c(6, 0)))
pass <- forward(dropout, x, training = FALSE)
expect_identical(pass$out, 0.75 * x)
expect_identical(backward(dropout, pass, 2 * x)$dx, 1.5 * x)

# Batch normalization: two columns by hand, of means 2 and 10 and variances 1 and 4.
batch_norm <- new_batch_norm(
  array(c(2, 3)), array(c(0.5, -1)), array(c(0, 2)), array(c(5, 8)), 0.75, 0
)
pass <- forward(batch_norm, cbind(c(1, 3), c(12, 8)))
expect_equal(pass$out, cbind(c(-1.5, 2.5), c(2, -4)))
expect_equal(pass$state, list(running_mean = array(c(0.5, 4)), running_var = array(c(4, 7))))
expect_identical(batch_norm$state$running_mean, array(c(0, 2)), info = "a layer stays as it is")
# In the test the running ones, which stay; the features do not depend on each other.
pass <- forward(replace(batch_norm, "epsilon", 4), cbind(c(3, 0), c(2, 2)), training = FALSE)
expect_equal(pass$out, cbind(c(2.5, 0.5), c(-1, -1)))
expect_null(pass$state)
came <- backward(batch_norm, pass, cbind(c(3, 6), c(1, 1)))
expect_equal(came$dx, cbind(c(2, 4), c(3, 3) / sqrt(12)))

# Every backward against central differences.
set.seed(1)
normal <- function(...) array(rnorm(prod(...)), c(...))
x <- normal(4, 3)
y <- normal(4, 3)
dout <- normal(4, 3)
for (layer in list(new_multiply(), new_add())) {
  expect_equal(backward(layer, forward(layer, x, y), dout), list(
    dx = slope_of(function(x) sum(forward(layer, x, y)$out * dout), x),
    dy = slope_of(function(y) sum(forward(layer, x, y)$out * dout), y)
  ))
}
images <- normal(3, 2, 3, 2)
batch_norm <- new_batch_norm(normal(3), normal(3), normal(3), normal(3)^2, 0.9, 0.01)
dropout <- new_dropout(array(c(0L, 1L), c(4, 3)), 0.3)
for (slopes in list(
  slopes_of(new_relu(), x), slopes_of(new_sigmoid(), x), slopes_of(new_tanh(), x),
  slopes_of(new_affine(normal(3, 2), normal(2)), x),
  slopes_of(new_affine(normal(12, 2), normal(2)), images),
  slopes_of(batch_norm, x), slopes_of(batch_norm, x, training = FALSE),
  slopes_of(dropout, x), slopes_of(dropout, x, training = FALSE)
)) {
  expect_equal(slopes$came, slopes$expected, tolerance = 1e-6)
}
t <- array(c(0L, 2L, 1L, 1L))
for (layer in list(softmax, error)) {
  dx <- slope_of(function(x) forward(layer, x, t)$loss, x)
  expect_equal(backward(layer, forward(layer, x, t))$dx, dx)
}
