# One update of each by hand: p = 1, dp = 2, with a state that an earlier update has left.
one <- function(optimizer, iteration, ...) optimizer$update_one(1, 2, iteration, ...)
expect_equal(one(sgd(0.1), 1), list(p = 0.8))
expect_equal(one(momentum(0.1, 0.5), 1, 4), list(p = 2.8, v = 1.8))
expect_equal(one(nesterov(0.1, 0.5), 1, 4), list(p = 1.7, v = 1.8))
expect_equal(one(adagrad(0.1), 1, 5), list(p = 1 - 0.2 / (3 + 1e-7), h = 9))
expect_equal(one(rmsprop(0.1, 0.75), 1, 4), list(p = 1 - 0.2 / (2 + 1e-7), h = 4))
came <- one(adam(0.1, 0.5, 0.75), 2, 4, 8)
rate <- 0.1 * sqrt(1 - 0.75^2) / (1 - 0.5^2)
expect_equal(came, list(p = 1 - rate * 3 / (sqrt(7) + 1e-7), m = 3, v = 7))

# Adam's first step is of the size of the rate, whatever that of the gradient.
expect_equal(adam(0.1)$update_one(1, 1e-3, 1, 0, 0)$p, 0.9, tolerance = 1e-3)

# The small number stands outside the root, where it keeps 0 / 0 away.
expect_identical(adagrad(0.1)$update_one(1, 0, 1, 0), list(p = 1, h = 0))
expect_equal(adagrad(1)$update_one(0, 1e-7, 1, 0)$p, -0.5)

# Every parameter down its own gradient; the network that came, and the gradient, stay as they are.
case <- example_case(c(4, 6, 3))
slopes <- gradient(case$network, case$x, case$t)
before <- unserialize(serialize(list(case, slopes), NULL))
came <- update(sgd(0.5), case$network, slopes)$network
expect_identical(list(case, slopes), before)
for (name in names(params(case$network))) {
  expected <- params(case$network)[[name]] - 0.5 * slopes[[paste0("d", name)]]
  expect_identical(params(came)[[name]], expected, info = name)
}
others <- c("numbers", "last", "weight_decay", "owners")
expect_identical(came[others], case$network[others])
expect_identical(names(came), names(case$network))
expect_identical(update(sgd(0), case$network, slopes)$network, case$network)
expect_identical(
  update(sgd(), case$network, slopes)$network, update(sgd(0.01), case$network, slopes)$network
)

# Each keeps the state of every parameter, from zeros and with its shape, and counts the updates.
for (name in names(optimizers)) {
  fresh <- optimizers[[name]](0.1)
  first <- update(fresh, case$network, slopes)
  second <- update(first$optimizer, first$network, slopes)
  expect_identical(second$optimizer$iteration, 2)
  expect_identical(fresh$iteration, 0)
  p <- case$network$layers$affine2$params$W
  zeros <- lapply(fresh$state_names, function(each) array(0, dim(p)))
  once <- do.call(fresh$update_one, c(list(p, slopes$dW2, 1), zeros))
  twice <- do.call(fresh$update_one, c(list(once$p, slopes$dW2, 2), once[-1]))
  expect_identical(second$network$layers$affine2$params$W, twice$p, info = name)
  expect_identical(second$optimizer$state$W2, twice[-1], info = name)
  expect_identical(names(twice), c("p", fresh$state_names))
  expect_identical(unname(lapply(twice, dim)), rep(list(dim(p)), length(twice)), info = name)
}

# Step by step the loss falls, with each.
for (make in optimizers) {
  trained <- list(network = case$network, optimizer = make(0.01))
  losses <- numeric()
  for (step in 1:6) {
    trained <- train_step(trained$network, case$x, case$t, trained$optimizer)
    losses[step] <- trained$loss
  }
  expect_true(all(diff(losses) < 0), info = toString(losses))
}
