# The functions of reference.py, and the one file to open: what is left to you is marked YOURS.
#
# Arguments are numbers, vectors, matrices or arrays: double, integer or logical, in the shapes that the comments say.
# Integers stay as they are in Python: if they are indices, they count from 0. Return a list of the results; those that
# are integers in Python must be integer, such as 2L. An error is reported as one. R has no float32: those cases are
# "not implemented". Your code can be elsewhere: source it here, and call it.

# One step of a Kalman filter: the prediction, the gain, and the state and covariance after z was measured.
#
# kalman_step(x[n], P[n, n], F[n, n], H[m, n], Q[n, n], R[m, m], z[m]) -> gain[n, m], state[n], covariance[n, n]
kalman_step <- function(x, P, F, H, Q, R, z) {
  x <- F %*% x
  P <- F %*% P %*% t(F) + Q
  HP <- H %*% P
  S <- HP %*% t(H) + R
  K <- t(solve(S, HP))
  x <- x + K %*% (z - H %*% x)
  P <- P - K %*% HP
  list(gain = K, state = x, covariance = P)
}

# The loss of ridge regression, |y - X w|^2 / n + penalty |w|^2, and its gradient.
#
# ridge(X[n, d], y[n], w[d], penalty) -> loss, dw[d]
ridge <- function(X, y, w, penalty) {
  n <- length(y)
  r <- X %*% w - y
  list(loss = sum(r^2) / n + penalty * sum(w^2), dw = 2 * crossprod(X, r) / n + 2 * penalty * w)
}

# An LSTM cell (input, forget and output gate, candidate), and its backward pass for the gradients dh and dc.
#
# lstm_cell(x[n, d], h[n, k], c[n, k], W[d, 4*k], U[k, 4*k], b[4*k], dh[n, k], dc[n, k]) -> c_next[n, k], h_next[n, k], loss, dx[n, d], dW[d, 24], dU[k, 24], db[24]
lstm_cell <- function(x, h, c, W, U, b, dh, dc) {
  k <- ncol(h)
  a <- sweep(x %*% W + h %*% U, 2, b, "+")
  gate <- function(g) a[, (g - 1) * k + seq_len(k)]
  i <- plogis(gate(1))
  f <- plogis(gate(2))
  o <- plogis(gate(3))
  g <- tanh(gate(4))
  c_next <- f * c + i * g
  t <- tanh(c_next)
  h_next <- o * t

  ds <- dc + dh * o * (1 - t^2)
  da <- cbind(ds * g * i * (1 - i), ds * c * f * (1 - f), dh * t * o * (1 - o), ds * i * (1 - g^2))
  list(
    c_next = c_next, h_next = h_next, loss = sum(h_next * dh) + sum(c_next * dc),
    dx = tcrossprod(da, W), dW = crossprod(x, da), dU = crossprod(h, da), db = colSums(da)
  )
}

# A convolution with 3 x 3 kernels, batch normalization of each channel, and the backward pass for dout.
#
# normalized_convolution(x[n, c, h+2, w+2], W[f, c, 3, 3], gamma[f], beta[f], dout[n, f, h, w]) -> out[n, f, h, w], loss, dgamma[f], dbeta[f], dW[f, c, w, w]
normalized_convolution <- function(x, W, gamma, beta, dout) {
  n <- dim(x)[1]
  channels <- dim(x)[2]
  filters <- dim(W)[1]
  h <- dim(x)[3] - 2
  w <- dim(x)[4] - 2

  # The windows as rows of a matrix, and the convolution as a product; a row is a place (n, h, w).
  patches <- NULL
  for (dj in 0:2) for (di in 0:2) for (k in seq_len(channels)) {
    patches <- cbind(patches, as.vector(x[, k, di + seq_len(h), dj + seq_len(w)]))
  }
  z <- patches %*% t(matrix(W, filters))
  y <- sweep(z, 2, colMeans(z))
  s <- sqrt(colMeans(y^2) + 1e-5)
  y <- sweep(y, 2, s, "/")
  out <- sweep(sweep(y, 2, gamma, "*"), 2, beta, "+")

  d <- matrix(aperm(dout, c(1, 3, 4, 2)), ncol = filters)
  dgamma <- colSums(d * y)
  dbeta <- colSums(d)
  dz <- sweep(d, 2, dbeta / nrow(d)) - sweep(y, 2, dgamma / nrow(d), "*")
  dz <- sweep(dz, 2, gamma / s, "*")
  list(
    out = aperm(array(out, c(n, h, w, filters)), c(1, 4, 2, 3)), loss = sum(out * d), dgamma = dgamma, dbeta = dbeta,
    dW = array(crossprod(dz, patches), dim(W))
  )
}

# A head of self-attention, softmax(q k^T / sqrt(size)) v, and its backward pass for dout.
#
# attention(x[t, d], Q[d, k], K[d, k], V[d, k], dout[t, k]) -> weights[t, t], out[t, k], loss, dQ[d, k], dK[d, k], dV[d, k]
attention <- function(x, Q, K, V, dout) {
  q <- x %*% Q
  k <- x %*% K
  v <- x %*% V
  scores <- tcrossprod(q, k) / sqrt(ncol(k))
  e <- exp(scores - apply(scores, 1, max))
  weights <- e / rowSums(e)
  out <- weights %*% v

  dweights <- tcrossprod(dout, v)
  dscores <- weights * (dweights - rowSums(dweights * weights)) / sqrt(ncol(k))
  list(
    weights = weights, out = out, loss = sum(out * dout),
    dQ = crossprod(x, dscores %*% k), dK = crossprod(x, crossprod(dscores, q)), dV = crossprod(x, crossprod(weights, dout))
  )
}

# The discrete Fourier transform by its definition, sum of x[j] exp(-2 pi i j k / n).
#
# fourier(x[n]) -> real[n], imaginary[n]
fourier <- function(x) {
  X <- fft(x)
  list(real = Re(X), imaginary = Im(X))
}

# A Gaussian kernel density estimate at each point.
#
# density(points[m], data[n], bandwidth) -> density[m]
density <- function(points, data, bandwidth) {
  list(density = rowMeans(dnorm(outer(points, data, "-") / bandwidth)) / bandwidth)
}

# The functions that gradparity may call, with the number of dimensions of each result: 0 is a number, 1 a vector.
functions <- list(
  kalman_step = c(gain = 2, state = 1, covariance = 2),
  ridge = c(loss = 0, dw = 1),
  lstm_cell = c(c_next = 2, h_next = 2, loss = 0, dx = 2, dW = 2, dU = 2, db = 1),
  normalized_convolution = c(out = 4, loss = 0, dgamma = 1, dbeta = 1, dW = 4),
  attention = c(weights = 2, out = 2, loss = 0, dQ = 2, dK = 2, dV = 2),
  fourier = c(real = 1, imaginary = 1),
  density = c(density = 1)
)
