# Convolution and max pooling, and the windows that they see.
set.seed(1)
normal <- function(...) array(rnorm(prod(...)), c(...))
# Numbers as they are read, row by row, as one image of one channel.
image <- function(...) array(rbind(...), c(1, 1, nrow(rbind(...)), ncol(rbind(...))))

# By hand: an asymmetric filter, which is not flipped.
x <- image(c(1, 2, 3), c(4, 5, 6), c(7, 8, 9))
filter <- image(c(1, 0), c(-2, 3))
layer <- new_convolution(filter, array(0.5))
pass <- forward(layer, x)
expect_identical(pass$out, image(c(8.5, 10.5), c(14.5, 16.5)))
dout <- image(c(1, 0), c(0, 10))
came <- backward(layer, pass, dout)
expect_identical(came$dx, image(c(1, 0, 0), c(-2, 13, 0), c(0, -20, 30)))
expect_identical(came$dW, image(c(51, 62), c(84, 95)))
expect_identical(came$db, array(11))
expect_identical(backward_parameters(layer, pass, dout), came[-1])

# Zeros on all four sides; and windows that do not reach the last row and column.
layer <- new_convolution(image(c(1, 2), c(3, 4)), array(0), 2, 1)
expect_identical(forward(layer, x)$out, image(c(4, 18), c(36, 77)))
layer <- new_convolution(image(c(1, 2), c(3, 4)), array(0), 2)
expect_identical(forward(layer, x)$out, image(37))

# Against a sum over the channels of each window, for strides, pads and windows of all kinds.
plain <- function(x, W, b, stride, pad) {
  padded <- array(0, dim(x) + c(0, 0, 2 * pad, 2 * pad))
  padded[, , pad + seq_len(dim(x)[3]), pad + seq_len(dim(x)[4])] <- x
  size <- out_sizes(dim(x), dim(W)[3:4], stride, pad)
  out <- array(0, c(nrow(x), nrow(W), size))
  for (n in seq_len(nrow(x))) for (f in seq_len(nrow(W))) for (i in seq_len(size[1])) {
    for (j in seq_len(size[2])) {
      rows <- stride * (i - 1) + seq_len(dim(W)[3])
      columns <- stride * (j - 1) + seq_len(dim(W)[4])
      out[n, f, i, j] <- sum(padded[n, , rows, columns] * W[f, , , ]) + b[f]
    }
  }
  out
}
for (case in list(c(1, 1, 1, 0), c(2, 3, 1, 0), c(3, 2, 2, 1), c(2, 2, 3, 2), c(1, 3, 2, 0))) {
  x <- normal(2, 3, 5, 4)
  layer <- new_convolution(normal(2, 3, case[1], case[2]), normal(2), case[3], case[4])
  expected <- plain(x, layer$params$W, layer$params$b, case[3], case[4])
  expect_equal(forward(layer, x)$out, expected, info = toString(case))
  for (layer in list(layer, new_max_pooling(case[1], case[2], case[3], case[4]))) {
    slopes <- slopes_of(layer, x)
    expect_equal(slopes$came, slopes$expected, tolerance = 1e-6, info = toString(case))
  }
}

# The largest number of each window; of equal ones the first, row by row.
x <- image(c(1, 3, 2, 2), c(3, 0, 2, 2), c(-1, -2, 5, 6), c(-4, -1, 7, 8))
layer <- new_max_pooling(2, 2)
pass <- forward(layer, x)
expect_identical(pass$out, image(c(3, 2), c(-1, 8)))
came <- backward(layer, pass, image(c(1, 2), c(3, 4)))
expect_identical(came, list(
  dx = image(c(0, 1, 2, 0), c(0, 0, 0, 0), c(3, 0, 0, 0), c(0, 0, 0, 4))
))

# Where windows overlap, gradients add up; what a zero of pad wins goes nowhere.
x <- image(c(1, 1), c(-1, 0))
layer <- new_max_pooling(2, 2, 1, 1)
pass <- forward(layer, x)
expect_identical(pass$out, image(c(1, 1, 1), c(1, 1, 1), c(0, 0, 0)))
came <- backward(layer, pass, image(c(1, 2, 3), c(4, 5, 6), c(7, 8, 9)))
expect_identical(came$dx, image(c(12, 9), c(0, 17)))

# NaN stays NaN, and so goes the gradient.
x <- image(c(9, NaN), c(NaN, 10))
pass <- forward(new_max_pooling(2, 2), x)
expect_true(is.na(pass$out))
came <- backward(new_max_pooling(2, 2), pass, image(5))
expect_identical(came$dx, image(c(0, 5), c(0, 0)))
