# The protocol's operations: each takes a request's fields and arrays, and answers by calls of my_network.R.

kinds <- c(
  "affine", "relu", "sigmoid", "softmax_with_loss", "tanh", "squared_error", "batch_norm", "dropout", "convolution",
  "max_pooling"
)
losses <- c("softmax_with_loss", "squared_error")

# What a layer of a kind holds: its parameters, and other arrays; and its numbers.
learnt <- list(affine = c("W", "b"), convolution = c("W", "b"), batch_norm = c("gamma", "beta"))
running <- c("running_mean", "running_var")
held <- c(learnt[c("affine", "convolution")], list(batch_norm = c(learnt$batch_norm, running), dropout = "mask"))
numbers <- list(
  softmax_with_loss = "epsilon", batch_norm = c("momentum", "epsilon"), dropout = "ratio",
  convolution = c("stride", "pad"), max_pooling = c("height", "width", "stride", "pad")
)

# What an optimizer's function is given after p and dp: the state, and the numbers of the request.
optimizers <- list(
  sgd = list(state = character(), numbers = "learning_rate"),
  momentum = list(state = "v", numbers = c("learning_rate", "momentum")),
  nesterov = list(state = "v", numbers = c("learning_rate", "momentum")),
  adagrad = list(state = "h", numbers = "learning_rate"),
  rmsprop = list(state = "h", numbers = c("learning_rate", "decay")),
  adam = list(state = c("m", "v"), numbers = c("learning_rate", "beta1", "beta2"))
)

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

accuracy_of <- function(out, t) {
  is_nan <- is.nan(out)
  largest <- ifelse(rowSums(is_nan) > 0, max.col(is_nan, "first"), max.col(out, "first"))
  mean(largest == t)
}

# Images as rows, as my_network.R has them where a layer knows none, and the way back to the shape of x.
flat <- function(x) if (length(dim(x)) == 4) matrix(aperm(x, c(1, 4, 3, 2)), nrow(x)) else x

unflat <- function(rows, shape) {
  if (length(shape) == 4) aperm(array(rows, shape[c(1, 4, 3, 2)]), c(1, 4, 3, 2)) else rows
}

# What a layer holds, as my_network.R has it.
held_in <- function(arrays, name, key = name) {
  if (key == "mask") {
    mask <- uint8(arrays, name, dim(present(arrays, name)))
    return(array(as.numeric(mask), dim(mask)))
  }
  array <- float64(arrays, name)
  if (key == "W") array else as.vector(array)
}

numbers_in <- function(fields, kind, prefix = "") {
  sapply(numbers[[kind]], function(key) number(fields, paste0(prefix, key)), simplify = FALSE)
}

# The call of a layer, ready to be made any number of times.
layer_call <- function(fields, arrays) {
  kind <- field(fields, "kind")
  if (!kind %in% kinds) unsupported("no layer ", kind)
  need(kind)
  if (kind %in% losses) {
    x <- float64(arrays, "x", c(NA, NA))
    arguments <- c(list(x, labels_in(arrays, nrow(x), ncol(x))), numbers_in(fields, kind))
  } else {
    images <- kind %in% c("convolution", "max_pooling")
    x <- if (images) float64(arrays, "x", rep(NA, 4)) else flat(float64(arrays, "x"))
    dout <- float64(arrays, "dout")
    arrays <- lapply(held[[kind]], function(key) held_in(arrays, key))
    if (kind == "dropout") arrays <- lapply(arrays, flat)
    if (kind == "affine") check_shape("W", arrays[[1]], c(ncol(x), NA))
    phase <- if (kind %in% c("batch_norm", "dropout")) list(field(fields, "phase") == "train")
    arguments <- c(list(x), arrays, numbers_in(fields, kind), phase, list(if (images) dout else flat(dout)))
  }
  call <- mine[[kind]]
  arguments <- unname(arguments)
  function() do.call(call, arguments)
}

# A network is that of my_network.R, or, of any layers, list(layers = , numbered = , weight_decay = , epsilon = ), where
# each layer is an environment, and `numbered` has the number of each.

is_any <- function(net) !is.null(net$layers)

# The function of my_network.R that does this for such a network.
named <- function(net, name) {
  if (is_any(net)) paste0(name, "_layers") else if (name == "predict") "predict_logits" else name
}

# What this function is given: layers of its own, as it may move the running ones on.
given <- function(net) if (is_any(net)) lapply(net$layers, function(layer) list2env(as.list(layer))) else net

# The arrays of a network by name, W1, b1, ...: what its layers hold of these.
arrays_of <- function(net, which = learnt) {
  if (!is_any(net)) return(parameters("", net$W, net$b))
  of_layer <- function(layer, i) {
    keys <- which[[layer$kind]]
    stats::setNames(lapply(keys, function(key) layer[[key]]), if (length(keys)) paste0(keys, i))
  }
  do.call(c, Map(of_layer, net$layers, net$numbered))
}

# The network with these parameters.
with_arrays <- function(net, arrays) {
  if (is_any(net)) {
    for (l in seq_along(net$layers)) {
      layer <- net$layers[[l]]
      for (key in learnt[[layer$kind]]) layer[[key]] <- arrays[[paste0(key, net$numbered[[l]])]]
    }
  } else {
    net$W <- unname(arrays[paste0("W", seq_along(net$W))])
    net$b <- unname(arrays[paste0("b", seq_along(net$b))])
  }
  net
}

# The call of a gradient, with what it is given made beforehand.
gradient_call <- function(net, x, t, own = given(net)) {
  need(named(net, "gradient"))
  force(own)
  if (!is_any(net)) return(function() mine$gradient(own, x, t))
  function() mine$gradient_layers(own, x, t, net$weight_decay, net$epsilon)
}

# The loss, if this function gives one, and the gradients by name.
gradients <- function(net, name, came) {
  found <- listed(name, came)
  if (is_any(net)) {
    names <- paste0("d", names(arrays_of(net)))
    if (!is.list(found$gradients) || length(found$gradients) != length(names)) {
      wrong(name, paste("gradients to be a list of", length(names)), found$gradients)
    }
    return(c(found["loss"], stats::setNames(found$gradients, names)))
  }
  for (key in c("dW", "db")) {
    fits <- is.list(found[[key]]) && length(found[[key]]) == length(net$W)
    if (!fits) wrong(name, paste(key, "to be a list, one for each layer"), found[[key]])
  }
  c(found[names(found) == "loss"], parameters("d", found$dW, found$db))
}

predicted <- function(net, x) {
  name <- named(net, "predict")
  need(name)
  sent(name, list(out = mine[[name]](given(net), x)))$out
}

share <- function(net, x, t) {
  name <- named(net, "accuracy")
  need(name)
  came <- mine[[name]](given(net), x, t)
  if (is.numeric(came) && length(came) == 1) as.numeric(came) else wrong(name, "a number", came)
}

# The call of numerical_gradient.
numerical_call <- function(net, fields) {
  if (is_any(net)) unsupported("no numerical gradient of networks of any layers")
  need("numerical_gradient")
  step <- if (own_step() == "any") number(fields, "step") else as.numeric(own_step())
  function() mine$numerical_gradient(net, port$x, port$t, step)
}

own_step <- function() if (is.null(mine$numerical_step)) "any" else mine$numerical_step

# The optimizer that the fields of a request name, with a state for each parameter that it has updated.
new_optimizer <- function(fields) {
  name <- field(fields, "optimizer")
  if (!name %in% names(optimizers)) unsupported("no optimizer ", name)
  need(name)
  about <- optimizers[[name]]
  values <- lapply(about$numbers, function(key) number(fields, key))
  list2env(list(name = name, fields = fields, state = about$state, numbers = values, kept = list(), iteration = 0))
}

# list(p = ), and the state.
update_one <- function(one, p, dp, state) {
  iteration <- if (one$name == "adam") list(one$iteration)
  came <- do.call(mine[[one$name]], c(list(p, dp), unname(state), one$numbers, iteration))
  if (one$name == "sgd") list(p = came) else listed(one$name, came)
}

# A gradient, and the update of every parameter: the network after it, and the loss before it.
step <- function(net, call, one) {
  name <- named(net, "gradient")
  found <- gradients(net, name, call())
  arrays <- arrays_of(net)
  one$iteration <- one$iteration + 1
  for (key in names(arrays)) {
    p <- arrays[[key]]
    state <- one$kept[[key]]
    if (is.null(state)) state <- lapply(one$state, function(key) replace(p, TRUE, 0))
    came <- update_one(one, p, found[[paste0("d", key)]], state)
    arrays[[key]] <- came$p
    one$kept[[key]] <- came[-1]
  }
  list(net = with_arrays(net, arrays), loss = as.numeric(found$loss))
}

timed <- function(fields, arrays) {
  operation <- field(fields, "operation")
  if (operation == "null") return(function() NULL)
  if (operation == "layer") return(layer_call(fields, arrays))
  net <- loaded()
  switch(operation,
    predict = {
      name <- named(net, "predict")
      need(name)
      own <- given(net)
      function() mine[[name]](own, port$x)
    },
    gradient = gradient_call(net, port$x, port$t),
    numerical_gradient = numerical_call(net, fields),
    train_step = {
      if (is_any(net)) net$layers <- given(net)
      call <- gradient_call(net, port$x, port$t)
      one <- new_optimizer(fields)
      function() step(net, call, one)
    },
    unsupported("no operation ", operation, " to time")
  )
}

# The set of this name, which must fit the loaded network.
images <- function(name) {
  set <- port$sets[[name]]
  net <- loaded()
  arrays <- arrays_of(net)
  classes <- length(arrays[[length(arrays)]])
  fits <- !is.null(set) && ncol(set$pixels) == prod(dim(port$x)[-1]) && max(set$labels) <= classes
  if (!fits) refuse("expected the set ", name, ", with images and labels that fit the loaded network")
  set
}

rows_of <- function(set, rows) {
  if (any(rows < 1 | rows > length(set$labels))) refuse("expected rows of the set")
  x <- set$pixels[rows, , drop = FALSE] / set$scale
  list(x = unflat(x, c(length(rows), dim(port$x)[-1])), t = set$labels[rows])
}

# The layers of a network for a step of training with its masks; what is assigned to them stays.
with_masks <- function(net, arrays, i) {
  if (!is_any(net)) return(net)
  for (l in seq_along(net$layers)) {
    layer <- net$layers[[l]]
    if (layer$kind == "dropout") {
      masks <- held_in(arrays, paste0("mask", net$numbered[[l]]), "mask")
      shape <- dim(masks)
      layer$mask <- array(masks[slice.index(masks, 1) == i], shape[-1])
    }
  }
  net$layers
}

# The mean loss, without weight decay, of this set, whose logits are `out`.
loss_in_test <- function(net, x, t, out) {
  if (!is_any(net)) return(as.numeric(listed("gradient", gradient_call(net, x, t)())$loss))
  kind <- net$layers[[length(net$layers)]]$kind
  need(kind)
  as.numeric(listed(kind, do.call(mine[[kind]], c(list(out, t), if (kind == losses[1]) net$epsilon)))$loss)
}

# The network of affine layers with one activation that these fields describe, or that of any layers.
affines_in <- function(fields, arrays) {
  sizes <- integers(fields, "sizes")
  layers <- seq_len(length(sizes) - 1)
  list(
    W = lapply(layers, function(l) float64(arrays, paste0("W", l), sizes[c(l, l + 1)])),
    b = lapply(layers, function(l) vector_in(arrays, paste0("b", l), sizes[l + 1])),
    activation = field(fields, "activation"), epsilon = number(fields, "epsilon")
  )
}

layers_in <- function(fields, arrays) {
  if (!has("predict_layers", "gradient_layers")) {
    unsupported("no networks of any layers: predict_layers and gradient_layers are not written yet")
  }
  of <- strsplit(field(fields, "layers"), ",", fixed = TRUE)[[1]]
  for (kind in setdiff(of, kinds)) unsupported("no layer ", kind)
  numbered <- cumsum(of %in% names(learnt))
  made <- function(kind, i) {
    own <- if (kind %in% losses) list() else numbers_in(fields, kind, paste0(kind, i, "."))
    keys <- held[[kind]]
    arrays <- sapply(keys, function(key) held_in(arrays, paste0(key, i), key), simplify = FALSE)
    list2env(c(list(kind = kind), own, arrays))
  }
  list(
    layers = unname(Map(made, of, numbered)), numbered = numbered, weight_decay = number(fields, "weight_decay"),
    epsilon = number(fields, "epsilon")
  )
}

operations <- list(
  hello = function(fields, arrays) {
    unknown <- setdiff(mine$written, ls(mine))
    if (length(unknown)) refuse("`written` in my_network.R: expected functions of that file, came ", toString(unknown))
    layers <- intersect(kinds, mine$written)
    listed <- intersect(names(optimizers), mine$written)
    any_layers <- has("predict_layers", "gradient_layers")
    trained <- any_layers || has("predict_logits", "gradient")
    operations <- c(
      "hello", "load",
      if (length(mine$written)) c("inputs", "null", "time"),
      if (length(layers)) "layer",
      if (has("predict_logits") || any_layers) "predict",
      if (has("accuracy") || (any_layers && has("accuracy_layers"))) "accuracy",
      if (has("gradient") || any_layers) "gradient",
      if (has("numerical_gradient")) "numerical_gradient",
      if (length(listed)) "update",
      if (length(listed) && trained) c("data", "train", "params", "evaluate")
    )
    reply(fields = c(
      name = "PORT_NAME", language = "R", version = paste(R.version$major, R.version$minor, sep = "."),
      blas = "R's", threads = "1", dtypes = "float64", layers = paste(layers, collapse = ","),
      operations = paste(operations, collapse = ","), optimizers = paste(listed, collapse = ","),
      epsilon = as.character(mine$loss_epsilon), step = as.character(own_step()),
      if (any_layers) c(networks = "any")
    ))
  },
  load = function(fields, arrays) {
    port$net <- NULL
    if (field(fields, "dtype") != "float64") unsupported("no ", field(fields, "dtype"))
    net <- if ("layers" %in% names(fields)) layers_in(fields, arrays) else affines_in(fields, arrays)
    name <- if (is_any(net)) "supports_layers" else "supports"
    supported <- mine[[name]](given(net))
    if (!isTRUE(supported) && !isFALSE(supported)) wrong(name, "TRUE or FALSE", supported)
    if (!supported) unsupported("no such network: ", name, " in my_network.R says so")
    x <- if (is_any(net)) float64(arrays, "x") else float64(arrays, "x", c(NA, nrow(net$W[[1]])))
    learnt_arrays <- arrays_of(net)
    port$t <- labels_in(arrays, nrow(x), length(learnt_arrays[[length(learnt_arrays)]]))
    port$x <- x
    port$net <- net
    port$optimizer <- NULL
    port$last <- arrays
    reply()
  },
  layer = function(fields, arrays) {
    kind <- field(fields, "kind")
    call <- layer_call(fields, arrays)
    port$last <- arrays
    came <- sent(kind, listed(kind, call()))
    if (identical(unname(fields["phase"]), "test")) came <- came[setdiff(names(came), running)]
    if (!kind %in% c("convolution", "max_pooling", losses)) {
      shape <- dim(arrays$x)
      for (key in if (kind == "affine") "dx" else c("out", "dx")) {
        if (length(came[[key]]) == prod(shape)) came[[key]] <- unflat(came[[key]], shape)
      }
    }
    checked_reply(came)
  },
  inputs = function(fields, arrays) {
    reply(arrays = port$last)
  },
  null = function(fields, arrays) {
    reply()
  },
  predict = function(fields, arrays) {
    net <- loaded() # first, as R evaluates an argument only where it is used
    checked_reply(list(out = predicted(net, port$x)))
  },
  accuracy = function(fields, arrays) {
    net <- loaded()
    checked_reply(list(accuracy = share(net, port$x, port$t)))
  },
  gradient = function(fields, arrays) {
    net <- loaded()
    name <- named(net, "gradient")
    checked_reply(sent(name, gradients(net, name, gradient_call(net, port$x, port$t)())))
  },
  numerical_gradient = function(fields, arrays) {
    net <- loaded()
    call <- numerical_call(net, fields)
    checked_reply(sent("numerical_gradient", gradients(net, "numerical_gradient", call())))
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
    net <- loaded()
    need(named(net, "gradient"))
    one <- port$optimizer
    if (is.null(one) || !identical(one$fields, fields)) one <- new_optimizer(fields)
    set <- images("train")
    batches <- int32(arrays, "batches", c(NA, NA)) + 1L
    port$optimizer <- one
    losses <- array(0, nrow(batches))
    took <- elapsed(function() {
      for (i in seq_along(losses)) {
        batch <- rows_of(set, batches[i, ])
        own <- with_masks(port$net, arrays, i)
        done <- step(port$net, gradient_call(port$net, batch$x, batch$t, own), one)
        port$net <- done$net
        losses[i] <<- done$loss
      }
    }, 1, 1)
    checked_reply(list(loss = losses, nanoseconds = took[[1]]))
  },
  params = function(fields, arrays) {
    net <- loaded()
    by <- if (is.null(port$optimizer)) "load" else port$optimizer$name
    checked_reply(sent(by, arrays_of(net, held[names(held) != "dropout"])))
  },
  evaluate = function(fields, arrays) {
    net <- loaded()
    set <- images(field(fields, "set"))
    all <- rows_of(set, seq_along(set$labels))
    out <- predicted(net, all$x)
    right <- if (has(named(net, "accuracy"))) share(net, all$x, all$t) else accuracy_of(out, all$t)
    checked_reply(list(loss = loss_in_test(net, all$x, all$t, out), accuracy = right))
  },
  update = function(fields, arrays) {
    one <- new_optimizer(fields)
    one$iteration <- count(fields, "iteration")
    p <- float64(arrays, "p")
    state <- lapply(one$state, function(key) float64(arrays, key, dim(p)))
    checked_reply(update_one(one, p, float64(arrays, "dp", dim(p)), state))
  }
)
