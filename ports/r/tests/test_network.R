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
changed$layers$affine1$params$W <- changed$layers$affine1$params$W * 2
expect_false(identical(gradient(changed, case$x, case$t), first), info = "weights are not stale")
expect_identical(gradient(case$network, case$x, case$t), first)

# One-hot and integer labels are the same.
onehot <- diag(3)[case$t + 1, ]
expect_identical(gradient(case$network, case$x, onehot), first)
expect_identical(accuracy(case$network, case$x, onehot), accuracy(case$network, case$x, case$t))

# Accuracy: element by element, the first of a tie, and NaN above any number.
net <- dense(list(diag(3)), list(numeric(3)))
x <- rbind(c(1, 1, 0), c(0, 2, 2), c(0, 0, 1), c(NaN, 0, 1))
expect_identical(accuracy(net, x, array(c(0L, 1L, 2L, 2L))), 0.75)
expect_identical(accuracy(net, x, array(c(1L, 2L, 2L, 0L))), 0.5)
of_two <- dense(list(diag(3)), list(c(0, NaN, NaN)))
expect_identical(accuracy(of_two, x[1:3, ], array(c(0L, 1L, 2L))), 1 / 3)
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
expect_equal(record$affine1.dx, tcrossprod(record$relu1.dx, params(case$network)$W1))

# A batch of one and one class; epsilon changes the loss alone.
one <- example_case(c(4, 3, 1), batch = 1)
came <- gradient(one$network, one$x, one$t)
expect_identical(came$loss, 0)
expect_identical(unname(lapply(came[-1], dim)), unname(lapply(params(one$network), dim)))
book <- gradient(example_case(c(4, 6, 3), epsilon = 1e-7)$network, case$x, case$t)
expect_true(book$loss < first$loss)
expect_identical(book[-1], first[-1])

expect_identical(names(params(case$network)), c("W1", "b1", "W2", "b2"))
expect_error(dense(list(diag(3)), list(numeric(3)), "elu"), "expected the activation .* elu")

# Networks of any layers: a layer's number counts those with parameters, and each has its own.
any_case <- function(loss, weight_decay = 0) {
  set.seed(1)
  normal <- function(...) array(rnorm(prod(...)), c(...))
  layers <- list(
    new_convolution(normal(2, 1, 2, 2), normal(2), 1, 1), new_relu(), new_max_pooling(2, 2, 2),
    new_affine(normal(8, 3), normal(3)),
    new_batch_norm(normal(3), normal(3), normal(3), normal(3)^2, 0.75, 0.01),
    new_dropout(array(c(1L, 0L, 1L), c(4, 3)), 0.25), new_affine(normal(3, 2), normal(2))
  )
  x <- normal(4, 1, 3, 4)
  list(network = network(layers, loss, weight_decay), x = x, t = array(c(0:1, 1:0)))
}
case <- any_case(new_squared_error())
expect_identical(names(case$network$layers), c(
  "convolution1", "relu1", "max_pooling1", "affine2", "batch_norm3", "dropout3", "affine4"
))
expect_identical(names(held(case$network)), c(
  "W1", "b1", "W2", "b2", "gamma3", "beta3", "running_mean3", "running_var3", "W4", "b4"
))
expect_identical(params(case$network), held(case$network)[-(7:8)])
for (last in list(new_squared_error(), new_softmax_with_loss())) {
  for (weight_decay in c(0, 0.5)) {
    case <- any_case(last, weight_decay)
    came <- gradient(case$network, case$x, case$t)
    expected <- central_difference(case$network, case$x, case$t, 1e-5)
    expect_equal(came[-1], expected, tolerance = 1e-7)
    expect_identical(came$loss, loss(case$network, case$x, case$t))
  }
}

# Weight decay: of every W, and of nothing else.
plain <- gradient(any_case(new_squared_error())$network, case$x, case$t)
decayed_too <- gradient(any_case(new_squared_error(), 0.5)$network, case$x, case$t)
weights <- params(case$network)[c("W1", "W2", "W4")]
expect_equal(decayed_too$loss - plain$loss, 0.25 * sum(unlist(weights)^2))
for (name in names(plain)[-1]) {
  W <- weights[[sub("d", "", name)]]
  expect_equal(decayed_too[[name]] - plain[[name]], if (is.null(W)) 0 * plain[[name]] else 0.5 * W)
}

# A trace shows the state after its pass, the pass itself leaves it; predict is of the test phase.
record <- trace(case$network, case$x, case$t)
normalized <- forward(case$network$layers$batch_norm3, record$affine2.out)
expect_identical(names(record)[5:8], c(
  "batch_norm3.out", "batch_norm3.running_mean", "batch_norm3.running_var", "dropout3.out"
))
expect_identical(record$batch_norm3.running_var, normalized$state$running_var)
expect_identical(case, any_case(last, weight_decay))
moved <- backpropagate(case$network, case$x, case$t)$network
expect_identical(moved$layers$batch_norm3$state, normalized$state)
tested <- forward(case$network$layers$batch_norm3, record$affine2.out, training = FALSE)
tested <- 0.75 * tested$out
expect_equal(
  predict(case$network, case$x), forward(case$network$layers$affine4, tested)$out
)
expect_identical(names(trace(any_case(new_squared_error())$network, case$x, case$t))[10:12], c(
  "loss", "squared_error.dx", "affine4.dx"
))

# The first layer may have no parameters, or all of them; names are there once.
net <- network(list(new_relu(), new_affine(diag(2), array(c(0, 0)))))
expect_identical(names(net$layers), c("relu0", "affine1"))
x <- rbind(c(1, -2))
expect_identical(gradient(net, x, array(0L))$db1, gradient(net, pmax(x, 0), array(0L))$db1)
expect_error(network(list(new_relu(), new_relu())), "each name once, came relu0, relu0")
