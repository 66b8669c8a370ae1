# What a load or layer request describes: a network and its batch, or a layer. The shape of each
# array follows from that of x and the layers before.

losses <- c("softmax_with_loss", "squared_error")

# A case: the network of a load request, its batch, and how many classes it has.
read_case <- function(fields, arrays) {
  if (field(fields, "dtype") != "float64") {
    refuse("expected dtype float64, the only one of R, came ", field(fields, "dtype"))
  }
  if ("layers" %in% names(fields)) read_any(fields, arrays) else read_dense(fields, arrays)
}

# Affine layers with an activation between each two.
read_dense <- function(fields, arrays) {
  sizes <- integers(fields, "sizes")
  if (length(sizes) < 2 || anyNA(sizes)) {
    refuse("expected sizes=inputs,...,classes, came ", field(fields, "sizes"))
  }
  x <- float64(arrays, "x", c(NA, sizes[1]))
  layers <- seq_len(length(sizes) - 1)
  list(
    network = dense(
      lapply(layers, function(i) float64(arrays, paste0("W", i), sizes[c(i, i + 1)])),
      lapply(layers, function(i) float64(arrays, paste0("b", i), sizes[i + 1])),
      field(fields, "activation"),
      number(fields, "epsilon")
    ),
    x = x,
    t = one_hot_or_labels(arrays, nrow(x), sizes[length(sizes)]),
    classes = sizes[length(sizes)]
  )
}

# Layers in any order.
read_any <- function(fields, arrays) {
  kinds <- strsplit(field(fields, "layers"), ",", fixed = TRUE)[[1]]
  depth <- length(kinds) - 1
  if (depth < 1 || !kinds[depth + 1] %in% losses) {
    came <- fields[["layers"]]
    refuse("expected layers=...,loss, which is ", paste(losses, collapse = " or "), ", came ", came)
  }
  x <- float64(arrays, "x")
  shape <- dim(x)
  layers <- list()
  i <- 0
  for (kind in kinds[seq_len(depth)]) {
    i <- i + kind %in% c("affine", "batch_norm", "convolution")
    made <- read_layer(kind, shape, fields, arrays, i)
    layers <- c(layers, list(made$layer))
    shape <- made$shape
  }
  expect_shape(paste("out of", kind), shape, 2)
  list(
    network = network(layers, read_loss(kinds[depth + 1], fields), number(fields, "weight_decay")),
    x = x,
    t = one_hot_or_labels(arrays, shape[1], shape[2]),
    classes = shape[2]
  )
}

read_loss <- function(kind, fields) {
  switch(kind,
    softmax_with_loss = new_softmax_with_loss(number(fields, "epsilon")),
    squared_error = new_squared_error()
  )
}

# list(layer = , shape = ): a layer for x of this shape, and the shape of its result. i is its
# number in a network, and none in a layer request.
read_layer <- function(kind, shape, fields, arrays, i = NULL) {
  named <- function(name) if (is.null(i)) name else paste0(kind, i, ".", name)
  real <- function(name) number(fields, named(name))
  whole <- function(name, from = 1) count(fields, named(name), from)
  array <- function(name, shape) float64(arrays, paste0(name, i), shape)
  x <- paste0("x of ", kind, i)
  images <- function(window, stride, pad) {
    expect_shape(x, shape, 4)
    expect_fit(x, shape[3:4] + 2 * pad, window)
    out_sizes(shape, window, stride, pad)
  }
  switch(kind,
    relu = list(layer = new_relu(), shape = shape),
    sigmoid = list(layer = new_sigmoid(), shape = shape),
    tanh = list(layer = new_tanh(), shape = shape),
    affine = {
      expect_shape(x, shape, c(2, 4))
      W <- array("W", c(prod(shape[-1]), NA))
      list(layer = new_affine(W, array("b", ncol(W))), shape = c(shape[1], ncol(W)))
    },
    batch_norm = {
      expect_shape(x, shape, 2)
      names <- c("gamma", "beta", "running_mean", "running_var")
      own <- lapply(names, array, shape[2])
      numbers <- list(real("momentum"), real("epsilon"))
      list(layer = do.call(new_batch_norm, c(own, numbers)), shape = shape)
    },
    dropout = {
      mask <- uint8(arrays, paste0("mask", i), shape)
      storage.mode(mask) <- "integer"
      list(layer = new_dropout(mask, real("ratio")), shape = shape)
    },
    convolution = {
      stride <- whole("stride")
      pad <- whole("pad", 0)
      expect_shape(x, shape, 4)
      W <- array("W", c(NA, shape[2], NA, NA))
      layer <- new_convolution(W, array("b", nrow(W)), stride, pad)
      list(layer = layer, shape = c(shape[1], nrow(W), images(dim(W)[3:4], stride, pad)))
    },
    max_pooling = {
      window <- c(whole("height"), whole("width"))
      stride <- whole("stride")
      pad <- whole("pad", 0)
      layer <- new_max_pooling(window[1], window[2], stride, pad)
      list(layer = layer, shape = c(shape[1:2], images(window, stride, pad)))
    },
    unsupported("no layer ", kind)
  )
}

# A layer's forward and backward pass as a call without arguments, which gives its results. All that
# the call needs is made beforehand.
layer_call <- function(fields, arrays) {
  kind <- field(fields, "kind")
  if (kind %in% losses) {
    return(loss_call(kind, fields, arrays))
  }
  if (kind %in% c("multiply", "add")) {
    return(pair_call(kind, arrays))
  }
  x <- float64(arrays, "x")
  made <- read_layer(kind, dim(x), fields, arrays)
  layer <- made$layer
  dout <- float64(arrays, "dout", made$shape)
  training <- !"phase" %in% names(fields) || phase(fields) == "train"
  function() {
    pass <- forward(layer, x, training = training)
    c(pass["out"], pass$state, backward(layer, pass, dout))
  }
}

loss_call <- function(kind, fields, arrays) {
  x <- float64(arrays, "x", c(NA, NA))
  t <- one_hot_or_labels(arrays, nrow(x), ncol(x))
  layer <- read_loss(kind, fields)
  function() {
    pass <- forward(layer, x, t)
    c(pass[names(pass) %in% c("loss", "y")], backward(layer, pass))
  }
}

pair_call <- function(kind, arrays) {
  x <- float64(arrays, "x")
  y <- float64(arrays, "y", dim(x))
  dout <- float64(arrays, "dout", dim(x))
  layer <- if (kind == "add") new_add() else new_multiply()
  function() {
    pass <- forward(layer, x, y)
    c(pass["out"], backward(layer, pass, dout))
  }
}

phase <- function(fields) {
  came <- field(fields, "phase")
  if (!came %in% c("train", "test")) refuse("expected the phase train or test, came ", came)
  came
}

# So many dimensions; the sizes do not matter.
expect_shape <- function(name, shape, dimensions) {
  if (!length(shape) %in% dimensions) {
    expected <- paste(dimensions, collapse = " or ")
    refuse(name, ": expected ", expected, " dimensions, came shape (", toString(shape), ")")
  }
}

# A window within an image and its zeros.
expect_fit <- function(name, image, window) {
  if (any(window > image) || any(window < 1)) {
    by <- function(size) paste(size, collapse = " x ")
    refuse(name, ": expected windows of at most ", by(image), " pixels, came ", by(window))
  }
}
