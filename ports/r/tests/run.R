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
    network = network(weights, biases, activation, epsilon),
    x = normal(batch, sizes[1]),
    t = array(sample.int(sizes[length(sizes)], batch, replace = TRUE) - 1L, batch)
  )
}

results <- tinytest::run_test_dir("tests", verbose = 0)
print(results)
quit(status = if (length(results) > 0 && tinytest::all_pass(results)) 0 else 1)
