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
  came <- paste0("affines of 1, 2, came ", numbers)
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
expected <- train(case$network, set, batches$batches, momentum(0.1, 0.9), c(1, 2))
expect_identical(names(came$arrays), c("loss", "nanoseconds"))
expect_identical(came$arrays$loss, expected$loss)
expect_identical(lengths(came$arrays), c(loss = 2L, nanoseconds = 1L))
expect_null(dim(came$arrays$nanoseconds))
expect_identical(ask("params")$arrays, params(expected$network))
evaluated <- ask("evaluate", c(set = "train"))
expect_identical(evaluated, reply(arrays = evaluate(expected$network, set, c(1, 2))))
expect_true(all(lengths(lapply(evaluated$arrays, attributes)) == 0), info = "two bare numbers")

# The same optimizer goes on with its state, another begins anew; and so does every one after load.
again <- train(expected$network, set, batches$batches, expected$optimizer, c(1, 2))
expect_identical(ask("train", rate, batches)$arrays$loss, again$loss)
slower <- replace(rate, "learning_rate", "0.05")
other <- train(again$network, set, batches$batches, momentum(0.05, 0.9), c(1, 2))
expect_identical(ask("train", slower, batches)$arrays$loss, other$loss)
expect_identical(ask("params")$arrays, params(other$network))
expect_identical(ask("load", fields, arrays), reply())
expect_identical(ask("train", rate, batches)$arrays$loss, expected$loss, info = "sets outlive load")
expect_identical(ask("gradient")$arrays, gradient(expected$network, case$x, case$t))

# A set of the same name takes its place.
turned <- list(images = bytes[3:1, ], labels = array(labels[3:1]))
ask("data", c(set = "train", scale = "50"), turned)
came <- ask("evaluate", c(set = "train"))$arrays
expect_equal(came, evaluate(expected$network, set, c(1, 2)))

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
affine_wrong("x of affine: expected 2 or 4 dimensions, came shape (4)", "x", array(x))
affine_wrong("W: expected shape (2, any), came (3, 2)", "W", matrix(0, 3, 2))
affine_wrong("b: expected shape (2), came (3)", "b", array(c(0, 0, 0)))
affine_wrong("dout: expected shape (2, 2), came (1, 2)", "dout", matrix(0, 1, 2))
wrong("expected the field kind", "layer", c(sort = "relu"), both)
expect_identical(ask("layer", c(kind = "elu"), both)$word, "unsupported")
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

# A network of any layers: a filter of 2 x 2, batch normalization, dropout and weight decay.
any_fields <- c(
  layers = "convolution,relu,max_pooling,affine,batch_norm,dropout,affine,squared_error",
  dtype = "float64", epsilon = "0", weight_decay = "0.5",
  convolution1.stride = "1", convolution1.pad = "1",
  max_pooling1.height = "2", max_pooling1.width = "2", max_pooling1.stride = "1",
  max_pooling1.pad = "0",
  batch_norm3.momentum = "0.75", batch_norm3.epsilon = "0.25", dropout3.ratio = "0.5"
)
set.seed(1)
normal <- function(...) array(rnorm(prod(...)), c(...))
any_arrays <- list(
  x = normal(3, 1, 2, 2), t = array(c(1L, 0L, 1L)), W1 = normal(1, 1, 2, 2), b1 = normal(1),
  W2 = normal(4, 2), b2 = normal(2), gamma3 = normal(2), beta3 = normal(2),
  running_mean3 = normal(2), running_var3 = normal(2)^2,
  mask3 = array(as.raw(c(1, 0, 1, 1, 0, 1)), 3:2), W4 = normal(2, 2), b4 = normal(2)
)
expect_identical(ask("load", any_fields, any_arrays), reply())
expect_identical(hello$fields[["networks"]], "any")
slopes <- ask("gradient")
expect_identical(names(slopes$arrays), c(
  "loss", "dW1", "db1", "dW2", "db2", "dgamma3", "dbeta3", "dW4", "db4"
))
expect_equal(ask("numerical_gradient", c(step = "1e-5"))$arrays, slopes$arrays[-1],
             tolerance = 1e-7)
held_names <- setdiff(names(any_arrays), c("x", "t", "mask3"))
took("train_step", optimizer = "sgd", learning_rate = "0.1")
took("products", affines = "1,2,4")
time_wrong("affines of 1, 2, 4, came 3", operation = "products", affines = "3")
for (word in c("predict", "accuracy", "trace")) expect_identical(ask(word)$word, "ok")
expect_identical(ask("params")$arrays, any_arrays[held_names], info = "nothing moves the state on")
expect_identical(ask("gradient"), slopes)
expect_identical(ask("inputs")$arrays, any_arrays)

# Training moves it on, with a mask for each step, and on images of the shape of x.
pixels <- list(images = matrix(as.raw(1:16), 4), labels = array(as.raw(c(0, 1, 1, 0))))
ask("data", c(set = "train", scale = "16"), pixels)
steps <- list(batches = rbind(0:2, 3:1), mask3 = array(as.raw(0:1), c(2, 3, 2)))
sgd_fields <- c(optimizer = "sgd", learning_rate = "0.125")
came <- ask("train", sgd_fields, steps)
set <- images(pixels$images, pixels$labels, 16)
loaded <- read_case(any_fields, any_arrays)
expected <- train(loaded$network, set, steps$batches, sgd(0.125), c(3, 1, 2, 2),
                  list(dropout3 = steps$mask3))
expect_identical(came$arrays$loss, expected$loss)
expect_identical(ask("params")$arrays, held(expected$network))
expect_false(identical(ask("params")$arrays$running_mean3, any_arrays$running_mean3))
expect_identical(ask("evaluate", c(set = "train"))$word, "ok")
expect_identical(ask("gradient")$word, "ok", info = "the mask of the loaded batch is there again")
wrong("expected the array mask3 too, came batches", "train", sgd_fields, steps["batches"])
wrong("mask3: expected shape (2, 3, 2), came (1, 3, 2)", "train", sgd_fields,
      replace(steps, "mask3", list(steps$mask3[1, , , drop = FALSE])))

# What a network of any layers lacks.
any_wrong <- function(text, name, value) {
  wrong(text, "load", replace(any_fields, name, value), any_arrays)
}
any_wrong("at most 3 x 3 pixels, came 4 x 2", "max_pooling1.height", "4")
any_wrong("expected a whole number from 0 as convolution1.pad, came -1", "convolution1.pad", "-1")
any_wrong("whole number from 1 as max_pooling1.stride, came 0", "max_pooling1.stride", "0")
any_wrong("expected layers=...,loss, which is softmax_with_loss or squared_error, came affine",
          "layers", "affine")
flat <- replace(any_arrays, "x", list(normal(3, 4)))
wrong("x of convolution1: expected 4 dimensions, came shape (3, 4)", "load", any_fields, flat)
lacking <- any_fields[names(any_fields) != "dropout3.ratio"]
wrong("expected the field dropout3.ratio", "load", lacking, any_arrays)
array_wrong <- function(text, name, array) {
  wrong(text, "load", any_fields, replace(any_arrays, name, list(array)))
}
array_wrong("W1: expected shape (any, 1, any, any), came (1, 2, 2, 1)", "W1", normal(1, 2, 2, 1))
array_wrong("at most 4 x 4 pixels, came 5 x 1", "W1", normal(1, 1, 5, 1))
array_wrong("W2: expected shape (4, any), came (5, 2)", "W2", normal(5, 2))
array_wrong("gamma3: expected shape (2), came (3)", "gamma3", normal(3))
array_wrong("mask3: expected uint8, came float64", "mask3", normal(3, 2))
expect_identical(
  ask("load", replace(any_fields, "layers", "elu,affine,squared_error"), any_arrays)$word,
  "unsupported"
)
two <- array(c(1, 1))
norm <- list(x = x, gamma = two, beta = two, running_mean = two, running_var = two, dout = x)
norm_fields <- c(kind = "batch_norm", momentum = "0.9", epsilon = "0", phase = "test")
expect_identical(names(ask("layer", norm_fields, norm)$arrays), c("out", "dx", "dgamma", "dbeta"))
norm_fields[["phase"]] <- "train"
expect_identical(names(ask("layer", norm_fields, norm)$arrays)[1:3],
                 c("out", "running_mean", "running_var"))
norm_fields[["phase"]] <- "trial"
wrong("expected the phase train or test, came trial", "layer", norm_fields, norm)
