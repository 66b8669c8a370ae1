port <- operations()
ask <- function(word, fields = character(), arrays = list()) answer(port, word, fields, arrays)
wrong <- function(text, ...) {
  came <- suppressMessages(ask(...))
  expect_identical(came$word, "error", info = text)
  expect_true(grepl(text, came$fields[["message"]], fixed = TRUE), info = came$fields[["message"]])
}

# Before load there is no case, and a case belongs to one port.
for (word in c("predict", "accuracy", "gradient", "trace")) wrong("send load first", word)
wrong("send load first", "numerical_gradient", c(step = "1e-4"))
wrong("send load first", "time", c(operation = "gradient", calls = "1", samples = "1"))
expect_identical(ask("inputs")$arrays, list())

hello <- ask("hello", c(protocol = "1"))
expect_identical(hello$word, "ok")
expect_identical(hello$fields[["dtypes"]], "float64")
expect_identical(hello$fields[["operations"]], paste(names(port), collapse = ","))
expect_false(any(grepl("/", hello$fields[["blas"]])))
unknown <- ask("sing")
expect_identical(unknown$word, "unsupported")
expect_true(grepl("sing", unknown$fields[["message"]]))

# The case of the protocol's example session.
fields <- c(sizes = "2,3,2", activation = "relu", dtype = "float64", epsilon = "0")
arrays <- list(
  x = rbind(c(1, -2)), t = rbind(c(0, 1)),
  W1 = rbind(c(1, 2, -1), c(0.5, 1.5, -1)), b1 = array(c(0.25, -0.5, 0)),
  W2 = rbind(c(1, -1), c(0.5, 0.5), c(-1, 2)), b2 = array(c(0, 0.5))
)
expect_identical(ask("load", fields, arrays), reply())
expect_identical(ask("predict")$arrays, list(out = rbind(c(-0.75, 2.25))))
expect_identical(ask("accuracy")$arrays, list(accuracy = 1))
first <- ask("gradient")
expect_equal(first$arrays$loss, 0.04858735157374196)
expect_equal(first$arrays$dW1[1, 1], 0.09485174635513342)
expect_equal(first$arrays$db2, array(c(0.04742587317756679, -0.047425873177566635)))
slopes <- ask("numerical_gradient", c(step = "1e-05"))$arrays
expect_equal(slopes, first$arrays[-1], tolerance = 1e-8)
expect_identical(names(ask("trace")$arrays)[1:2], c("affine1.out", "relu1.out"))
expect_identical(ask("inputs")$arrays, arrays)

# A layer alone leaves the case as it is, and so does what fails.
x <- rbind(c(1, -0.5), c(-2, 3))
both <- list(x = x, dout = x)
expect_identical(ask("layer", c(kind = "relu"), both)$arrays$dx, rbind(c(1, 0), c(0, 3)))
expect_identical(ask("inputs")$arrays, both)
turned <- replace(arrays, "W2", list(t(arrays$W2)))
wrong("array W2: expected shape (3, 2), came (2, 3)", "load", fields, turned)
expect_identical(ask("gradient"), first)

layer <- function(kind, arrays, ...) ask("layer", c(kind = kind, ...), arrays)$arrays
three <- list(x = x, y = 2 * x, dout = x)
expect_identical(layer("multiply", three), list(out = 2 * x^2, dx = 2 * x^2, dy = x^2))
expect_identical(layer("add", three), list(out = 3 * x, dx = x, dy = x))
expect_equal(layer("sigmoid", list(x = 0, dout = 4)), list(out = 0.5, dx = 1))
rows <- list(x = x, W = diag(2), b = array(c(0, 0)), dout = x)
expect_identical(names(layer("affine", rows)), c("out", "dx", "dW", "db"))
loss <- layer("softmax_with_loss", list(x = x, t = array(0:1)), epsilon = "1e-7")
expect_identical(names(loss), c("loss", "y", "dx"))

# Nothing, and the time of each operation: so many measurements, and all is as it was.
expect_identical(ask("null"), reply())
expect_identical(hello$fields[["optimizers"]], "sgd")
time <- function(operation, ..., arrays = list()) {
  ask("time", c(operation = operation, calls = "2", samples = "3", ...), arrays)
}
took <- function(...) {
  came <- time(...)
  expect_identical(came$word, "ok", info = toString(came$fields))
  expect_identical(names(came$arrays), "nanoseconds")
  expect_identical(dim(came$arrays$nanoseconds), 3L)
  expect_true(all(came$arrays$nanoseconds >= 0))
}
sent <- ask("inputs")$arrays
took("null")
took("predict")
took("gradient")
took("numerical_gradient", step = "1e-4")
took("train_step", optimizer = "sgd", learning_rate = "0.01")
took("products", affines = "1,2")
took("products", affines = "2")
took("layer", kind = "multiply", arrays = three)
took("layer", kind = "add", arrays = three)
took("layer", kind = "relu", arrays = both)
took("layer", kind = "sigmoid", arrays = both)
took("layer", kind = "affine", arrays = rows)
took("layer", kind = "softmax_with_loss", epsilon = "0", arrays = list(x = x, t = array(0:1)))
expect_identical(ask("gradient"), first)
expect_identical(ask("inputs")$arrays, sent)

# A training step goes on from where the last one came.
case <- read_case(fields, arrays)
step <- case_call(
  case$network, case$x, case$t, "train_step", c(optimizer = "sgd", learning_rate = "0.5")
)
net <- case$network
for (i in 1:3) {
  net <- sgd_update(net, gradient(net, case$x, case$t), 0.5)
  expect_identical(step(), net)
}
expect_identical(case, read_case(fields, arrays))

# What cannot be timed.
expect_identical(time("sing")$word, "unsupported")
expect_true(grepl("sing", time("sing")$fields[["message"]]))
time_wrong <- function(text, ...) wrong(text, "time", c(calls = "2", samples = "3", ...))
time_wrong("expected the field operation")
time_wrong("expected the field step", operation = "numerical_gradient")
time_wrong("expected the field optimizer", operation = "train_step")
time_wrong("unknown optimizer: adam", operation = "train_step", optimizer = "adam")
for (numbers in c("0", "3", "1,many", "")) {
  came <- paste0("affines from 1 to 2, came ", numbers)
  time_wrong(came, operation = "products", affines = numbers)
}
time_wrong("expected the array x too", operation = "layer", kind = "relu")
wrong("expected the field calls", "time", c(operation = "null", samples = "3"))
for (calls in c("some", "0", "1.5")) {
  wrong("as calls, came", "time", c(operation = "null", calls = calls, samples = "3"))
}
expect_identical(ask("gradient"), first)

# A request that is wrong: what was expected, and what came.
relu_wrong <- function(text, arrays) wrong(text, "layer", c(kind = "relu"), arrays)
relu_wrong("expected the array dout too, came x", both["x"])
relu_wrong("expected the array x too, came none", list())
relu_wrong("dout: expected shape (2, 2), came (4)", list(x = x, dout = array(x)))
relu_wrong("dout: expected shape (), came (1)", list(x = 1, dout = array(1)))
relu_wrong("x: expected float64, came float32", list(x = as.raw(1:4), dout = x))
relu_wrong("x: expected float64, came int32", list(x = array(1L), dout = x))
affine_wrong <- function(text, name, array) {
  wrong(text, "layer", c(kind = "affine"), replace(rows, name, list(array)))
}
affine_wrong("x: expected shape (any, any), came (4)", "x", array(x))
affine_wrong("W: expected shape (2, any), came (3, 2)", "W", matrix(0, 3, 2))
affine_wrong("b: expected shape (2), came (3)", "b", array(c(0, 0, 0)))
affine_wrong("dout: expected shape (2, 2), came (1, 2)", "dout", matrix(0, 1, 2))
wrong("expected the field kind", "layer", c(sort = "relu"), both)
wrong("unknown kind of layer: tanh", "layer", c(kind = "tanh"), both)
field_wrong <- function(text, name, value) {
  wrong(text, "load", replace(fields, name, value), arrays)
}
field_wrong("dtype float64, the only one of R, came float32", "dtype", "float32")
field_wrong("expected sizes=inputs,...,classes, came 2", "sizes", "2")
field_wrong("expected sizes=inputs,...,classes, came 2,many", "sizes", "2,many")
field_wrong("the activation relu or sigmoid, came tanh", "activation", "tanh")
field_wrong("expected a number as epsilon, came some", "epsilon", "some")
for (label in c(-1L, 2L, NA)) {
  wrong("labels from 0 to 1", "load", fields, replace(arrays, "t", list(array(label))))
}
wrong("t: expected shape (1), came (2)", "load", fields, replace(arrays, "t", list(array(0:1))))
expect_identical(ask("gradient"), first)
