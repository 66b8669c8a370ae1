# The gradient of nets of one to four layers against central differences.
for (activation in c("relu", "sigmoid", "tanh")) {
  for (sizes in list(c(4, 3), c(4, 6, 3), c(5, 4, 6, 3), c(3, 7, 4, 6, 2))) {
    case <- example_case(sizes, activation)
    came <- gradient(case$network, case$x, case$t)
    expected <- central_difference(case$network, case$x, case$t, 1e-5)
    expect_identical(names(came), c("loss", names(expected)))
    expect_equal(came[-1], expected, tolerance = 1e-7, info = paste(activation, toString(sizes)))
    expect_identical(came$loss, loss(case$network, case$x, case$t))
  }
}

# Asked twice, the same bits; and neither the network nor the batch is changed.
case <- example_case(c(4, 6, 3))
before <- unserialize(serialize(case, NULL))
first <- gradient(case$network, case$x, case$t)
expect_identical(gradient(case$network, case$x, case$t), first)
expect_identical(case, before)

# The result is that of the arguments, whatever else is called network.
other <- example_case(c(4, 5, 3), "sigmoid", batch = 2)
gradient(other$network, other$x, other$t)
expect_identical(gradient(case$network, case$x, case$t), first)
changed <- case$network
changed$affines[[1]]$W <- changed$affines[[1]]$W * 2
expect_false(identical(gradient(changed, case$x, case$t), first), info = "weights are not stale")
expect_identical(gradient(case$network, case$x, case$t), first)

# One-hot and integer labels are the same.
onehot <- diag(3)[case$t + 1, ]
expect_identical(gradient(case$network, case$x, onehot), first)
expect_identical(accuracy(case$network, case$x, onehot), accuracy(case$network, case$x, case$t))

# Accuracy: element by element, the first of a tie, and no largest logit beside NaN.
net <- network(list(diag(3)), list(numeric(3)))
x <- rbind(c(1, 1, 0), c(0, 2, 2), c(0, 0, 1), c(NaN, 0, 1))
expect_identical(accuracy(net, x, array(c(0L, 1L, 2L, 2L))), 0.75)
expect_identical(accuracy(net, x, array(c(1L, 2L, 2L, 0L))), 0.25)
expect_identical(predict(net, x)[1:3, ], x[1:3, ])

# A trace is the same pass, in the order in which it runs.
record <- trace(case$network, case$x, case$t)
expect_identical(names(record), c(
  "affine1.out", "relu1.out", "affine2.out", "softmax.y", "loss", "softmax.dx",
  "affine2.dx", "affine2.dW", "affine2.db", "relu1.dx", "affine1.dx", "affine1.dW", "affine1.db"
))
traced <- record[c("loss", "affine1.dW", "affine1.db", "affine2.dW", "affine2.db")]
expect_identical(unname(traced), unname(first))
expect_identical(record$affine2.out, predict(case$network, case$x))
expect_equal(record$affine1.dx, tcrossprod(record$relu1.dx, case$network$affines[[1]]$W))

# A batch of one and one class; epsilon changes the loss alone.
one <- example_case(c(4, 3, 1), batch = 1)
came <- gradient(one$network, one$x, one$t)
expect_identical(came$loss, 0)
expect_identical(unname(lapply(came[-1], dim)), unname(lapply(params(one$network), dim)))
book <- gradient(example_case(c(4, 6, 3), epsilon = 1e-7)$network, case$x, case$t)
expect_true(book$loss < first$loss)
expect_identical(book[-1], first[-1])

expect_identical(names(params(case$network)), c("W1", "b1", "W2", "b2"))
expect_error(network(list(diag(3)), list(numeric(3)), "elu"), "expected the activation .* elu")
