# The port's tests: Rscript --vanilla tests/run.R, in the port's folder. Status 1 where one fails.

library(stats)
library(utils)
for (source_file in list.files("R", full.names = TRUE, recursive = TRUE)) source(source_file)

# A dense network and batch of these sizes, the same on every call.
example_case <- function(sizes, activation = "relu", batch = 5, epsilon = 0) {
  set.seed(1)
  normal <- function(...) array(rnorm(prod(...)), c(...))
  layers <- seq_len(length(sizes) - 1)
  weights <- lapply(layers, function(i) normal(sizes[i], sizes[i + 1]))
  biases <- lapply(layers, function(i) normal(sizes[i + 1]))
  list(
    network = dense(weights, biases, activation, epsilon),
    x = normal(batch, sizes[1]),
    t = array(sample.int(sizes[length(sizes)], batch, replace = TRUE) - 1L, batch)
  )
}

# (f(p + step) - f(p - step)) / (2 step) for each element of p.
slope_of <- function(f, p, step = 1e-6) {
  slope <- p
  for (i in seq_along(p)) {
    moved <- function(by) f(replace(p, i, p[[i]] + by))
    slope[[i]] <- (moved(step) - moved(-step)) / (2 * step)
  }
  slope
}

# What backward of a layer gives, and central differences of sum(out * dout), for x and each
# parameter: list(came = , expected = ).
slopes_of <- function(layer, x, ...) {
  pass <- forward(layer, x, ...)
  dout <- array(rnorm(length(pass$out)), dim(pass$out))
  weighted <- function(layer, x) sum(forward(layer, x, ...)$out * dout)
  expected <- list(dx = slope_of(function(x) weighted(layer, x), x))
  for (name in names(layer$params)) {
    of_layer <- function(p) {
      layer$params[[name]] <- p
      weighted(layer, x)
    }
    expected[[paste0("d", name)]] <- slope_of(of_layer, layer$params[[name]])
  }
  list(came = backward(layer, pass, dout), expected = expected)
}

results <- tinytest::run_test_dir("tests", verbose = 0)
print(results)
quit(status = if (length(results) > 0 && tinytest::all_pass(results)) 0 else 1)
