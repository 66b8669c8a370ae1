# The protocol's operations: each takes a request's fields and arrays, and answers by calls of my_network.R.

kinds <- c("affine", "relu", "sigmoid", "softmax_with_loss")

# The arrays that came last, to be given back by inputs; the loaded network, its batch and its labels; sets of images.
port <- new.env()
port$last <- list()
port$sets <- list()

has <- function(...) all(c(...) %in% mine$written)

need <- function(...) {
  for (name in setdiff(c(...), mine$written)) {
    unsupported(name, " is not written yet: fill it in in my_network.R, and add it to `written` there")
  }
}

loaded <- function() if (is.null(port$net)) refuse("nothing is loaded yet: send load first") else port$net

# A vector without dimensions, as my_network.R has them.
vector_in <- function(arrays, name, size) as.vector(float64(arrays, name, size))

# Labels from 1.
labels_in <- function(arrays, batch, classes) {
  t <- one_hot_or_labels(arrays, batch, classes)
  if (is.matrix(t)) max.col(t, "first") else as.integer(t) + 1L
}

accuracy_of <- function(out, t) mean(max.col(out, "first") == t)

# The call of a layer, ready to be made any number of times.
layer_call <- function(fields, arrays) {
  kind <- field(fields, "kind")
  if (!kind %in% kinds) unsupported("no layer ", kind)
  need(kind)
  x <- float64(arrays, "x", c(NA, NA))
  arguments <- switch(kind,
    affine = {
      W <- float64(arrays, "W", c(ncol(x), NA))
      list(x, W, vector_in(arrays, "b", ncol(W)), float64(arrays, "dout", c(nrow(x), ncol(W))))
    },
    softmax_with_loss = list(x, labels_in(arrays, nrow(x), ncol(x)), number(fields, "epsilon")),
    list(x, float64(arrays, "dout", dim(x)))
  )
  call <- mine[[kind]]
  function() do.call(call, arguments)
}

# A gradient, and the update of every parameter: the network after it, and the loss before it.
step <- function(net, x, t, rate) {
  found <- listed("gradient", mine$gradient(net, x, t))
  update <- function(p, dp) mine$sgd(p, dp, rate)
  net$W <- Map(update, net$W, found$dW)
  net$b <- Map(update, net$b, found$db)
  list(net = net, loss = as.numeric(found$loss))
}

rate_of <- function(fields) {
  optimizer <- field(fields, "optimizer")
  if (optimizer != "sgd") unsupported("no optimizer ", optimizer)
  need("sgd")
  number(fields, "learning_rate")
}

timed <- function(fields, arrays) {
  operation <- field(fields, "operation")
  if (operation == "null") return(function() NULL)
  if (operation == "layer") return(layer_call(fields, arrays))
  net <- loaded()
  switch(operation,
    predict = {
      need("predict_logits")
      function() mine$predict_logits(net, port$x)
    },
    gradient = {
      need("gradient")
      function() mine$gradient(net, port$x, port$t)
    },
    train_step = {
      need("gradient")
      rate <- rate_of(fields)
      function() step(net, port$x, port$t, rate)
    },
    unsupported("no operation ", operation, " to time")
  )
}

# The set of this name, which must fit the loaded network.
images <- function(name) {
  set <- port$sets[[name]]
  net <- loaded()
  fits <- !is.null(set) && ncol(set$pixels) == nrow(net$W[[1]]) && max(set$labels) <= ncol(net$W[[length(net$W)]])
  if (!fits) refuse("expected the set ", name, ", with images and labels that fit the loaded network")
  set
}

rows_of <- function(set, rows) {
  if (any(rows < 1 | rows > length(set$labels))) refuse("expected rows of the set")
  list(x = set$pixels[rows, , drop = FALSE] / set$scale, t = set$labels[rows])
}

operations <- list(
  hello = function(fields, arrays) {
    unknown <- setdiff(mine$written, ls(mine))
    if (length(unknown)) refuse("`written` in my_network.R: expected functions of that file, came ", toString(unknown))
    layers <- intersect(kinds, mine$written)
    operations <- c(
      "hello", "load",
      if (length(mine$written)) c("inputs", "null", "time"),
      if (length(layers)) "layer",
      if (has("predict_logits")) c("predict", "accuracy"),
      if (has("gradient")) "gradient",
      if (has("sgd")) "update",
      if (has("predict_logits", "gradient", "sgd")) c("data", "train", "params", "evaluate")
    )
    reply(fields = c(
      name = "PORT_NAME", language = "R", version = paste(R.version$major, R.version$minor, sep = "."),
      blas = "R's", threads = "1", dtypes = "float64", layers = paste(layers, collapse = ","),
      operations = paste(operations, collapse = ","), optimizers = if (has("sgd")) "sgd" else "",
      epsilon = as.character(mine$loss_epsilon)
    ))
  },
  load = function(fields, arrays) {
    if (field(fields, "dtype") != "float64") unsupported("no ", field(fields, "dtype"))
    sizes <- integers(fields, "sizes")
    layers <- seq_len(length(sizes) - 1)
    net <- list(
      W = lapply(layers, function(l) float64(arrays, paste0("W", l), sizes[c(l, l + 1)])),
      b = lapply(layers, function(l) vector_in(arrays, paste0("b", l), sizes[l + 1])),
      activation = field(fields, "activation"), epsilon = number(fields, "epsilon")
    )
    supported <- mine$supports(net)
    if (!isTRUE(supported) && !isFALSE(supported)) wrong("supports", "TRUE or FALSE", supported)
    if (!supported) unsupported("no such network: supports in my_network.R says so")
    port$x <- float64(arrays, "x", c(NA, sizes[1]))
    port$t <- labels_in(arrays, nrow(port$x), sizes[length(sizes)])
    port$net <- net
    port$last <- arrays
    reply()
  },
  layer = function(fields, arrays) {
    kind <- field(fields, "kind")
    call <- layer_call(fields, arrays)
    port$last <- arrays
    checked_reply(sent(kind, listed(kind, call())))
  },
  inputs = function(fields, arrays) {
    reply(arrays = port$last)
  },
  null = function(fields, arrays) {
    reply()
  },
  predict = function(fields, arrays) {
    need("predict_logits")
    net <- loaded() # first, as R evaluates an argument only where it is used
    checked_reply(sent("predict_logits", list(out = mine$predict_logits(net, port$x))))
  },
  accuracy = function(fields, arrays) {
    need("predict_logits")
    net <- loaded()
    checked_reply(list(accuracy = accuracy_of(mine$predict_logits(net, port$x), port$t)))
  },
  gradient = function(fields, arrays) {
    need("gradient")
    net <- loaded()
    found <- listed("gradient", mine$gradient(net, port$x, port$t))
    for (key in c("dW", "db")) {
      fits <- is.list(found[[key]]) && length(found[[key]]) == length(net$W)
      if (!fits) wrong("gradient", paste(key, "to be a list, one for each layer"), found[[key]])
    }
    checked_reply(sent("gradient", c(found["loss"], parameters("d", found$dW, found$db))))
  },
  time = function(fields, arrays) {
    took <- elapsed(timed(fields, arrays), count(fields, "calls"), count(fields, "samples"))
    reply(arrays = list(nanoseconds = took))
  },
  data = function(fields, arrays) {
    pixels <- uint8(arrays, "images", c(NA, NA))
    port$sets[[field(fields, "set")]] <- list(
      pixels = array(as.integer(pixels), dim(pixels)),
      labels = as.integer(uint8(arrays, "labels", nrow(pixels))) + 1L,
      scale = number(fields, "scale")
    )
    reply()
  },
  train = function(fields, arrays) {
    need("gradient")
    rate <- rate_of(fields)
    set <- images("train")
    batches <- int32(arrays, "batches", c(NA, NA)) + 1L
    losses <- array(0, nrow(batches))
    took <- elapsed(function() {
      for (i in seq_along(losses)) {
        batch <- rows_of(set, batches[i, ])
        done <- step(port$net, batch$x, batch$t, rate)
        port$net <- done$net
        losses[i] <<- done$loss
      }
    }, 1, 1)
    checked_reply(list(loss = losses, nanoseconds = took[[1]]))
  },
  params = function(fields, arrays) {
    checked_reply(sent("sgd", parameters("", loaded()$W, port$net$b)))
  },
  evaluate = function(fields, arrays) {
    need("predict_logits", "gradient")
    set <- images(field(fields, "set"))
    all <- rows_of(set, seq_along(set$labels))
    out <- mine$predict_logits(port$net, all$x)
    loss <- as.numeric(mine$gradient(port$net, all$x, all$t)$loss)
    checked_reply(list(loss = loss, accuracy = accuracy_of(out, all$t)))
  },
  update = function(fields, arrays) {
    rate <- rate_of(fields)
    p <- float64(arrays, "p")
    checked_reply(list(p = mine$sgd(p, float64(arrays, "dp", dim(p)), rate)))
  }
)
