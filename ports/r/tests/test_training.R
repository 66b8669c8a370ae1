# Images of bytes, and labels: four of three pixels.
bytes <- matrix(as.raw(c(0, 255, 16, 3, 128, 1, 2, 254, 7, 100, 200, 50)), 4, 3)
labels <- array(as.raw(c(2, 0, 1, 2)))
set <- images(bytes, labels, 255)

# A batch is rows of them, from 0, in the order asked for; a row may come twice.
rows <- c(3L, 0L, 3L)
drawn <- batch(set, rows)
expect_identical(drawn$x, matrix(as.integer(bytes), 4, 3)[rows + 1, ] / 255)
expect_identical(drawn$t, c(2L, 2L, 2L))
expect_identical(batch(set, 1L), list(x = rbind(as.integer(bytes[2, ]) / 255), t = 0L))
narrow <- images(bytes[, 1, drop = FALSE], labels, 16)
expect_identical(batch(narrow, 0:1)$x, matrix(c(0, 255 / 16)))

# A step: the loss before it, and the update of its gradient.
case <- example_case(c(3, 5, 3))
slopes <- gradient(case$network, case$x, case$t)
step <- train_step(case$network, case$x, case$t, momentum(0.1))
after <- update(momentum(0.1), case$network, slopes)
expect_identical(names(step), c("network", "optimizer", "loss"))
expect_identical(step$network, after$network)
expect_identical(step$optimizer$state, after$optimizer$state)
expect_identical(step$loss, slopes$loss)

# The loop is these steps, one after the other, for each row of batches.
batches <- rbind(c(0L, 1L), c(3L, 2L), c(1L, 1L))
for (make in optimizers) {
  trained <- train(case$network, set, batches, make(0.05))
  net <- case$network
  optimizer <- make(0.05)
  for (i in 1:3) {
    drawn <- batch(set, batches[i, ])
    step <- train_step(net, drawn$x, drawn$t, optimizer)
    expect_identical(trained$loss[i], step$loss)
    net <- step$network
    optimizer <- step$optimizer
  }
  expect_identical(trained$network, net)
  expect_identical(trained$optimizer$state, optimizer$state)
  expect_identical(dim(trained$loss), 3L)

  # Cut in two it is the same.
  half <- train(case$network, set, batches[1:2, ], make(0.05))
  rest <- train(half$network, set, batches[3, , drop = FALSE], half$optimizer)
  expect_identical(rest$network, trained$network)
  expect_identical(rest$optimizer$state, trained$optimizer$state)
}
untouched <- train(case$network, set, batches[0, ], sgd())
expect_identical(untouched$network, case$network)
expect_identical(untouched$loss, array(0, 0))

# The whole set at once, and in parts, the last one smaller.
all_rows <- batch(set, 0:3)
came <- evaluate(case$network, set)
expect_equal(came$loss, loss(case$network, all_rows$x, all_rows$t))
expect_identical(came$accuracy, accuracy(case$network, all_rows$x, all_rows$t))
many <- as.raw(rep(seq_len(4), length.out = 2 * rows_at_a_time + 3))
large <- images(bytes[as.integer(many), ], array(labels[as.integer(many)]), 255)
all_rows <- batch(large, seq_along(many) - 1L)
came <- evaluate(case$network, large)
expect_identical(names(came), c("loss", "accuracy"))
expect_equal(came$loss, loss(case$network, all_rows$x, all_rows$t))
expect_identical(came$accuracy, accuracy(case$network, all_rows$x, all_rows$t))
