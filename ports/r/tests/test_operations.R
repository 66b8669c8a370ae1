port <- operations()
ask <- function(word, fields = character(), arrays = list()) answer(port, word, fields, arrays)
wrong <- function(text, ...) {
  came <- suppressMessages(ask(...))
  expect_identical(came$word, "error", info = text)
  expect_true(grepl(text, came$fields[["message"]], fixed = TRUE), info = came$fields[["message"]])
}

# Before load there is no case, and a case belongs to one port.
words <- c("predict", "accuracy", "gradient", "trace", "params")
for (word in words) wrong("send load first", word)
rate <- c(optimizer = "momentum", learning_rate = "0.1", momentum = "0.9")
batches <- list(batches = rbind(0:1, c(2L, 2L)))
wrong("send load first", "train", rate, batches)
wrong("send load first", "evaluate", c(set = "train"))
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
expect_equal(layer("tanh", list(x = 0, dout = 4)), list(out = 0, dx = 4))
rows <- list(x = x, W = diag(2), b = array(c(0, 0)), dout = x)
expect_identical(names(layer("affine", rows)), c("out", "dx", "dW", "db"))
loss <- layer("softmax_with_loss", list(x = x, t = array(0:1)), epsilon = "1e-7")
expect_identical(names(loss), c("loss", "y", "dx"))

# Nothing, and the time of each operation: so many measurements, and all is as it was.
expect_identical(ask("null"), reply())
expect_identical(hello$fields[["optimizers"]], "sgd,momentum,nesterov,adagrad,rmsprop,adam")
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
took("train_step", optimizer = "adam", learning_rate = "0.01", beta1 = "0.9", beta2 = "0.999")
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
  case$network, case$x, case$t, "train_step", c(optimizer = "adagrad", learning_rate = "0.5")
)
expected <- list(network = case$network, optimizer = adagrad(0.5))
for (i in 1:3) {
  expected <- train_step(expected$network, case$x, case$t, expected$optimizer)
  expect_equal(step(), expected)
}
expect_identical(case, read_case(fields, arrays))

# What cannot be timed.
expect_identical(time("sing")$word, "unsupported")
expect_true(grepl("sing", time("sing")$fields[["message"]]))
time_wrong <- function(text, ...) wrong(text, "time", c(calls = "2", samples = "3", ...))
time_wrong("expected the field operation")
time_wrong("expected the field step", operation = "numerical_gradient")
time_wrong("expected the field optimizer", operation = "train_step")
expect_identical(time("train_step", optimizer = "lbfgs")$word, "unsupported")
time_wrong("expected the field beta1", operation = "train_step", optimizer = "adam",
           learning_rate = "0.1")
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

# Training: a set of images, steps on them, the parameters then, and what they are worth.
wrong("expected the set train to have been sent with data, came none", "train", rate, batches)
bytes <- matrix(as.raw(c(0, 10, 20, 30, 40, 50)), 3)
labels <- array(as.raw(c(0, 1, 1)))
set <- images(bytes, labels, 50)
sent_set <- list(images = bytes, labels = labels)
expect_identical(ask("data", c(set = "train", scale = "50"), sent_set), reply())
start <- ask("params")
expect_identical(start$arrays, params(case$network))
expect_identical(start$arrays, arrays[c("W1", "b1", "W2", "b2")])
came <- ask("train", rate, batches)
expected <- train(case$network, set, batches$batches, momentum(0.1, 0.9))
expect_identical(names(came$arrays), c("loss", "nanoseconds"))
expect_identical(came$arrays$loss, expected$loss)
expect_identical(lengths(came$arrays), c(loss = 2L, nanoseconds = 1L))
expect_null(dim(came$arrays$nanoseconds))
expect_identical(ask("params")$arrays, params(expected$network))
evaluated <- ask("evaluate", c(set = "train"))
expect_identical(evaluated, reply(arrays = evaluate(expected$network, set)))
expect_true(all(lengths(lapply(evaluated$arrays, attributes)) == 0), info = "two bare numbers")

# The same optimizer goes on with its state, another begins anew; and so does every one after load.
again <- train(expected$network, set, batches$batches, expected$optimizer)
expect_identical(ask("train", rate, batches)$arrays$loss, again$loss)
slower <- replace(rate, "learning_rate", "0.05")
other <- train(again$network, set, batches$batches, momentum(0.05, 0.9))
expect_identical(ask("train", slower, batches)$arrays$loss, other$loss)
expect_identical(ask("params")$arrays, params(other$network))
expect_identical(ask("load", fields, arrays), reply())
expect_identical(ask("train", rate, batches)$arrays$loss, expected$loss, info = "sets outlive load")
expect_identical(ask("gradient")$arrays, gradient(expected$network, case$x, case$t))

# A set of the same name takes its place.
turned <- list(images = bytes[3:1, ], labels = array(labels[3:1]))
ask("data", c(set = "train", scale = "50"), turned)
came <- ask("evaluate", c(set = "train"))$arrays
expect_equal(came, evaluate(expected$network, set))

# What does not fit, or is not there, leaves the parameters as they are.
before <- ask("params")
train_wrong <- function(text, rows) wrong(text, "train", rate, list(batches = rows))
train_wrong("expected rows from 0 to 2, came 0, 3", matrix(c(0L, 3L), 1))
train_wrong("expected rows from 0 to 2, came -1, 0", matrix(c(0L, -1L), 1))
train_wrong("batches: expected int32, came float64", matrix(0, 1))
train_wrong("batches: expected shape (any, any), came (2)", array(0:1))
wrong("expected the array batches", "train", rate)
wrong("expected a number as momentum", "train", replace(rate, "momentum", "some"), batches)
wrong("expected the field momentum", "train", rate[1:2], batches)
expect_identical(ask("train", replace(rate, "optimizer", "lbfgs"), batches)$word, "unsupported")
wrong("expected the set test to have been sent with data, came train", "evaluate", c(set = "test"))
data_wrong <- function(text, ...) wrong(text, "data", c(set = "test", scale = "1"), list(...))
data_wrong("images: expected shape (any, any), came (3)", images = labels, labels = labels)
data_wrong("labels: expected shape (3), came (2)", images = bytes, labels = array(labels[1:2]))
data_wrong("images: expected uint8, came int32", images = matrix(1L), labels = labels)
data_wrong("images: expected uint8, came float32", images = as.raw(1:4), labels = labels)
wrong("expected the field scale", "data", c(set = "test"), sent_set)
ask("data", c(set = "test", scale = "1"), list(images = cbind(bytes, bytes), labels = labels))
unfit <- "expected images of 2 pixels and labels below 2, came "
wrong(paste0(unfit, "4 pixels"), "evaluate", c(set = "test"))
odd <- list(images = bytes, labels = array(as.raw(0:2)))
ask("data", c(set = "train", scale = "1"), odd)
wrong(paste0(unfit, "2 pixels and labels up to 2"), "train", rate, batches)
expect_identical(ask("params"), before)
expect_identical(ask("load", fields, arrays), reply())

# One update of arrays that came.
p <- rbind(c(1, 2), c(3, 4))
adam_numbers <- c(optimizer = "adam", learning_rate = "0.1", beta1 = "0.9", beta2 = "0.999")
came <- ask("update", c(adam_numbers, iteration = "3"), list(p = p, dp = 2 * p, m = p, v = 3 * p))
expect_identical(came, reply(arrays = adam(0.1)$update_one(p, 2 * p, 3, p, 3 * p)))
expect_identical(names(came$arrays), c("p", "m", "v"))
came <- ask("update", c(optimizer = "sgd", learning_rate = "0.5", iteration = "1"),
            list(p = array(1), dp = array(4)))
expect_identical(came$arrays, list(p = array(-1)))
update_wrong <- function(text, iteration, ...) {
  wrong(text, "update", c(adam_numbers, iteration = iteration), list(p = p, dp = p, ...))
}
update_wrong("expected the array m too, came p, dp", "1")
update_wrong("array v: expected shape (2, 2), came (4)", "1", m = p, v = array(p))
update_wrong("expected a whole number from 1 as iteration, came 0", "0", m = p, v = p)
expect_identical(ask("update", c(optimizer = "lbfgs"))$word, "unsupported")

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
wrong("unknown kind of layer: elu", "layer", c(kind = "elu"), both)
field_wrong <- function(text, name, value) {
  wrong(text, "load", replace(fields, name, value), arrays)
}
field_wrong("dtype float64, the only one of R, came float32", "dtype", "float32")
field_wrong("expected sizes=inputs,...,classes, came 2", "sizes", "2")
field_wrong("expected sizes=inputs,...,classes, came 2,many", "sizes", "2,many")
field_wrong("the activation relu, sigmoid or tanh, came elu", "activation", "elu")
field_wrong("expected a number as epsilon, came some", "epsilon", "some")
for (label in c(-1L, 2L, NA)) {
  wrong("labels from 0 to 1", "load", fields, replace(arrays, "t", list(array(label))))
}
wrong("t: expected shape (1), came (2)", "load", fields, replace(arrays, "t", list(array(0:1))))
expect_identical(ask("gradient"), first)
