# Images of bytes, and labels: four of three pixels.
bytes <- matrix(as.raw(c(0, 255, 16, 3, 128, 1, 2, 254, 7, 100, 200, 50)), 4, 3)
labels <- array(as.raw(c(2, 0, 1, 2)))
set <- images(bytes, labels, 255)

# A batch is rows of them, from 0, in the order asked for; a row may come twice.
rows <- c(3L, 0L, 3L)
drawn <- batch(set, rows, c(5, 3))
expect_identical(drawn$x, matrix(as.integer(bytes), 4, 3)[rows + 1, ] / 255)
expect_identical(drawn$t, c(2L, 2L, 2L))
expect_identical(batch(set, 1L, c(5, 3)), list(x = rbind(as.integer(bytes[2, ]) / 255), t = 0L))
narrow <- images(bytes[, 1, drop = FALSE], labels, 16)
expect_identical(batch(narrow, 0:1, c(5, 1))$x, matrix(c(0, 255 / 16)))

# Images have the shape of the loaded x; the bytes of one are in the order channel, row, column.
bytes6 <- images(matrix(as.raw(1:12), 2, byrow = TRUE), array(as.raw(0:1)), 1)
x <- batch(bytes6, c(1L, 0L, 1L), c(9, 1, 2, 3))$x
expect_identical(dim(x), c(3L, 1L, 2L, 3L))
expect_identical(x[2, 1, , ], rbind(c(1, 2, 3), c(4, 5, 6)))
expect_identical(batch(bytes6, 1L, c(9, 3, 1, 2))$x[1, , 1, ], rbind(c(7, 8), c(9, 10), c(11, 12)))

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
shape <- dim(case$x)
batches <- rbind(c(0L, 1L), c(3L, 2L), c(1L, 1L))
for (make in optimizers) {
  trained <- train(case$network, set, batches, make(0.05), shape)
  net <- case$network
  optimizer <- make(0.05)
  for (i in 1:3) {
    drawn <- batch(set, batches[i, ], shape)
    step <- train_step(net, drawn$x, drawn$t, optimizer)
    expect_identical(trained$loss[i], step$loss)
    net <- step$network
    optimizer <- step$optimizer
  }
  expect_identical(trained$network, net)
  expect_identical(trained$optimizer$state, optimizer$state)
  expect_identical(dim(trained$loss), 3L)

  # Cut in two it is the same.
  half <- train(case$network, set, batches[1:2, ], make(0.05), shape)
  rest <- train(half$network, set, batches[3, , drop = FALSE], half$optimizer, shape)
  expect_identical(rest$network, trained$network)
  expect_identical(rest$optimizer$state, trained$optimizer$state)
}
untouched <- train(case$network, set, batches[0, ], sgd(), shape)
expect_identical(untouched$network, case$network)
expect_identical(untouched$loss, array(0, 0))

# The whole set at once, and in parts, the last one smaller.
all_rows <- batch(set, 0:3, shape)
came <- evaluate(case$network, set, shape)
expect_equal(came$loss, loss(case$network, all_rows$x, all_rows$t))
expect_identical(came$accuracy, accuracy(case$network, all_rows$x, all_rows$t))
many <- as.raw(rep(seq_len(4), length.out = 2 * rows_at_a_time + 3))
large <- images(bytes[as.integer(many), ], array(labels[as.integer(many)]), 255)
all_rows <- batch(large, seq_along(many) - 1L, shape)
came <- evaluate(case$network, large, shape)
expect_identical(names(came), c("loss", "accuracy"))
expect_equal(came$loss, loss(case$network, all_rows$x, all_rows$t))
expect_identical(came$accuracy, accuracy(case$network, all_rows$x, all_rows$t))

# Masks, one for each step; the running statistics move on, and the layer's own mask is there again.
layers <- list(
  new_affine(diag(3), array(numeric(3))), new_dropout(array(1L, c(5, 3)), 0.5),
  new_batch_norm(array(1, 3), array(0, 3), array(0, 3), array(1, 3), 0.75, 0.1)
)
net <- network(layers, new_squared_error(), 0.5)
masks <- array(as.raw(c(1, 0, 1, 1, 0)), c(2, 4, 3))
batches <- rbind(0:3, c(1L, 1L, 2L, 0L))
trained <- train(net, set, batches, momentum(0.1), shape, list(dropout1 = masks))
step <- list(network = net, optimizer = momentum(0.1))
for (i in 1:2) {
  drawn <- batch(set, batches[i, ], shape)
  step$network$layers$dropout1$mask <- array(as.integer(masks[i, , ]), c(4, 3))
  step <- train_step(step$network, drawn$x, drawn$t, step$optimizer)
  expect_identical(trained$loss[i], step$loss)
}
expect_identical(held(trained$network), held(step$network))
expect_identical(trained$network$layers$dropout1, net$layers$dropout1)
expect_false(identical(trained$network$layers$batch_norm2$state, net$layers$batch_norm2$state))
