# Every parameter down its own gradient; the network that came, and the gradient, stay as they are.
case <- example_case(c(4, 6, 3))
slopes <- gradient(case$network, case$x, case$t)
before <- unserialize(serialize(list(case, slopes), NULL))
came <- sgd_update(case$network, slopes, 0.5)
expect_identical(list(case, slopes), before)
for (name in names(params(case$network))) {
  expected <- params(case$network)[[name]] - 0.5 * slopes[[paste0("d", name)]]
  expect_identical(params(came)[[name]], expected, info = name)
}
others <- c("activation", "epsilon")
expect_identical(came[others], case$network[others])
expect_identical(names(came), names(case$network))
expect_identical(sgd_update(case$network, slopes, 0), case$network)
expect_identical(sgd_update(case$network, slopes), sgd_update(case$network, slopes, 0.01))

# By hand: p = 1, dp = 2.
net <- network(list(matrix(1)), list(array(1)))
came <- sgd_update(net, list(loss = 0, dW1 = matrix(2), db1 = array(4)), 0.1)
expect_equal(params(came), list(W1 = matrix(0.8), b1 = array(0.6)))

# Step by step the loss falls.
net <- case$network
losses <- loss(net, case$x, case$t)
for (step in 1:5) {
  net <- sgd_update(net, gradient(net, case$x, case$t), 0.05)
  losses <- c(losses, loss(net, case$x, case$t))
}
expect_true(all(diff(losses) < 0), info = toString(losses))
