# Batch normalization. Source: section 6.3; S. Ioffe and C. Szegedy (2015).

#' gamma (x - mean) / sqrt(var + epsilon) + beta, column by column over the batch.
#'
#' In training mean and variance are those of the batch (the variance is the mean of the squares,
#' not n - 1), and the running ones follow. In the test the running ones are used, and stay. All
#' four arrays are (features).
new_batch_norm <- function(gamma, beta, running_mean, running_var, momentum = 0.9, epsilon = 1e-6) {
  new_layer(
    "batch_norm", list(gamma = gamma, beta = beta),
    list(running_mean = running_mean, running_var = running_var),
    momentum = momentum, epsilon = epsilon
  )
}

#' x is (batch, features), and so is out.
forward.batch_norm <- function(layer, x, training = TRUE, ...) {
  n <- nrow(x)
  mean <- if (training) colMeans(x) else layer$state$running_mean
  xc <- x - down_columns(mean, n)
  var <- if (training) colMeans(xc^2) else layer$state$running_var
  std <- sqrt(var + layer$epsilon)
  xn <- xc / down_columns(std, n)
  out <- down_columns(layer$params$gamma, n) * xn + down_columns(layer$params$beta, n)
  follow <- function(running, new) layer$momentum * running + (1 - layer$momentum) * new
  moved <- if (training) Map(follow, layer$state, list(mean, var))
  list(out = out, xn = xn, std = std, training = training, state = moved)
}

#' list(dx = , dgamma = , dbeta = ). In training mean and variance depend on x as well.
backward.batch_norm <- function(layer, pass, dout) {
  n <- nrow(dout)
  dbeta <- column_sums(dout)
  dgamma <- column_sums(dout * pass$xn)
  dx <- dout
  if (pass$training) {
    dx <- dx - down_columns(dbeta / n, n) - pass$xn * down_columns(dgamma / n, n)
  }
  list(dx = dx * down_columns(layer$params$gamma / pass$std, n), dgamma = dgamma, dbeta = dbeta)
}
