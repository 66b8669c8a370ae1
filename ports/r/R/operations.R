# The operations of the protocol on decoded arrays: what the native server (serve.R) and the bridge
# (bridge.py) share. The parts of a message, and its arrays, are as wire.R describes them.

# No scan for NaN before each product: BLAS is fast with them and passes them on (tests/).
options(matprod = "blas")

#' The port: its operations by name, each a function of a request's fields and arrays. They share
#' what load and data have stored (and, for `inputs`, the last arrays that came), and nothing else.
operations <- function() {
  case <- NULL
  sets <- list()
  last <- list()

  loaded <- function() {
    if (is.null(case)) refuse("nothing is loaded yet: send load first")
    case
  }
  on_case <- function(f, ...) {
    loaded()
    f(case$network, case$x, case$t, ...)
  }

  port <- list(
    hello = function(fields, arrays) {
      reply(fields = c(
        name = "r",
        language = "R",
        version = sub("^R version ", "", R.version.string),
        blas = blas_library(),
        threads = Sys.getenv("OPENBLAS_NUM_THREADS", "unknown"),
        dtypes = "float64",
        layers = "multiply,add,relu,sigmoid,affine,softmax_with_loss",
        operations = paste(names(port), collapse = ","),
        optimizers = paste(names(optimizers), collapse = ","),
        epsilon = "any"
      ))
    },
    load = function(fields, arrays) {
      case <<- read_case(fields, arrays)
      last <<- arrays
      reply()
    },
    layer = function(fields, arrays) {
      results <- layer_call(fields, arrays)()
      last <<- arrays
      reply(arrays = results)
    },
    inputs = function(fields, arrays) {
      reply(arrays = last)
    },
    predict = function(fields, arrays) {
      reply(arrays = list(out = on_case(function(network, x, t) predict(network, x))))
    },
    accuracy = function(fields, arrays) {
      reply(arrays = list(accuracy = on_case(accuracy)))
    },
    gradient = function(fields, arrays) {
      reply(arrays = on_case(gradient))
    },
    numerical_gradient = function(fields, arrays) {
      reply(arrays = on_case(central_difference, number(fields, "step")))
    },
    trace = function(fields, arrays) {
      reply(arrays = on_case(trace))
    },
    null = function(fields, arrays) {
      reply()
    },
    time = function(fields, arrays) {
      operation <- field(fields, "operation")
      call <- switch(operation,
        null = function() NULL,
        layer = layer_call(fields, arrays),
        on_case(case_call, operation, fields)
      )
      took <- elapsed(call, count(fields, "calls"), count(fields, "samples"))
      reply(arrays = list(nanoseconds = took))
    },
    data = function(fields, arrays) {
      set <- field(fields, "set")
      pixels <- uint8(arrays, "images", c(NA, NA))
      sets[[set]] <<- images(
        pixels, uint8(arrays, "labels", nrow(pixels)), number(fields, "scale")
      )
      reply()
    },
    train = function(fields, arrays) {
      network <- loaded()$network
      set <- fitting_set(sets, "train", network)
      batches <- rows_of(set, arrays)
      # The same optimizer, with the same numbers, goes on with its state.
      before <- case$trained_by
      goes_on <- identical(before$fields, fields)
      optimizer <- if (goes_on) before$optimizer else read_optimizer(fields)
      trained <- NULL
      took <- elapsed(function() trained <<- train(network, set, batches, optimizer), 1, 1)
      case$network <<- trained$network
      case$trained_by <<- list(fields = fields, optimizer = trained$optimizer)
      reply(arrays = list(loss = trained$loss, nanoseconds = took[[1]]))
    },
    params = function(fields, arrays) {
      reply(arrays = params(loaded()$network))
    },
    evaluate = function(fields, arrays) {
      network <- loaded()$network
      reply(arrays = evaluate(network, fitting_set(sets, field(fields, "set"), network)))
    },
    update = function(fields, arrays) {
      optimizer <- read_optimizer(fields)
      p <- float64(arrays, "p")
      others <- c("dp", optimizer$state_names)
      others <- lapply(others, function(name) float64(arrays, name, dim(p)))
      numbers <- list(iteration = count(fields, "iteration"))
      reply(arrays = do.call(optimizer$update_one, c(list(p), others[1], numbers, others[-1])))
    }
  )
  port
}

# A case: the network of a load request, and its batch.
read_case <- function(fields, arrays) {
  sizes <- integers(fields, "sizes")
  if (length(sizes) < 2 || anyNA(sizes)) {
    refuse("expected sizes=inputs,...,classes, came ", field(fields, "sizes"))
  }
  if (field(fields, "dtype") != "float64") {
    refuse("expected dtype float64, the only one of R, came ", field(fields, "dtype"))
  }
  x <- float64(arrays, "x", c(NA, sizes[1]))
  layers <- seq_len(length(sizes) - 1)
  list(
    network = network(
      lapply(layers, function(i) float64(arrays, paste0("W", i), sizes[c(i, i + 1)])),
      lapply(layers, function(i) float64(arrays, paste0("b", i), sizes[i + 1])),
      field(fields, "activation"),
      number(fields, "epsilon")
    ),
    x = x,
    t = one_hot_or_labels(arrays, nrow(x), sizes[length(sizes)])
  )
}

# A layer's forward and backward pass as a call without arguments, which gives its results. All that
# the call needs is made beforehand.
layer_call <- function(fields, arrays) {
  kind <- field(fields, "kind")
  x <- float64(arrays, "x")
  switch(kind,
    multiply = {
      y <- float64(arrays, "y", dim(x))
      dout <- float64(arrays, "dout", dim(x))
      function() c(list(out = multiply_forward(x, y)), multiply_backward(x, y, dout))
    },
    add = {
      y <- float64(arrays, "y", dim(x))
      dout <- float64(arrays, "dout", dim(x))
      function() c(list(out = add_forward(x, y)), add_backward(dout))
    },
    relu = {
      dout <- float64(arrays, "dout", dim(x))
      function() {
        out <- relu_forward(x)
        list(out = out, dx = relu_backward(out, dout))
      }
    },
    sigmoid = {
      dout <- float64(arrays, "dout", dim(x))
      function() {
        out <- sigmoid_forward(x)
        list(out = out, dx = sigmoid_backward(out, dout))
      }
    },
    affine = {
      x <- float64(arrays, "x", c(NA, NA))
      W <- float64(arrays, "W", c(ncol(x), NA))
      b <- float64(arrays, "b", ncol(W))
      dout <- float64(arrays, "dout", c(nrow(x), ncol(W)))
      function() c(list(out = affine_forward(x, W, b)), affine_backward(x, W, dout))
    },
    softmax_with_loss = {
      x <- float64(arrays, "x", c(NA, NA))
      t <- one_hot_or_labels(arrays, nrow(x), ncol(x))
      epsilon <- number(fields, "epsilon")
      function() {
        last <- softmax_with_loss_forward(x, t, epsilon)
        c(last[c("loss", "y")], list(dx = softmax_with_loss_backward(last$y, last$target)))
      }
    },
    refuse("unknown kind of layer: ", kind)
  )
}

# An operation on the case as a call without arguments, or NULL where there is none of that name.
# All that the call needs is made beforehand.
case_call <- function(network, x, t, operation, fields) {
  switch(operation,
    predict = function() predict(network, x),
    gradient = function() gradient(network, x, t),
    numerical_gradient = {
      step <- number(fields, "step")
      function() central_difference(network, x, t, step)
    },
    train_step = {
      # From call to call training goes on, with this function's own network: the case keeps its.
      trained <- list(network = network, optimizer = read_optimizer(fields))
      function() trained <<- train_step(trained$network, x, t, trained$optimizer)
    },
    products = {
      affines <- integers(fields, "affines")
      if (length(affines) == 0 || !all(affines %in% seq_along(network$affines))) {
        depth <- length(network$affines)
        refuse("expected affines from 1 to ", depth, ", came ", fields[["affines"]])
      }
      inputs <- layer_inputs(network, x)
      function() products(network, inputs, affines)
    },
    unsupported("no operation ", operation, " to time")
  )
}

# A fresh optimizer, with the numbers in these fields.
read_optimizer <- function(fields) {
  name <- field(fields, "optimizer")
  if (!name %in% names(optimizers)) unsupported("no optimizer ", name)
  make <- optimizers[[name]]
  numbers <- names(formals(make))
  do.call(make, sapply(numbers, function(name) number(fields, name), simplify = FALSE))
}

# The set of this name, which must fit the network.
fitting_set <- function(sets, name, network) {
  set <- sets[[name]]
  if (is.null(set)) {
    came <- if (length(sets)) toString(names(sets)) else "none"
    refuse("expected the set ", name, " to have been sent with data, came ", came)
  }
  inputs <- nrow(network$affines[[1]]$W)
  classes <- length(network$affines[[length(network$affines)]]$b)
  widths <- unique(lengths(set$pixels))
  if (!all(widths == inputs) || !all(set$labels < classes)) {
    refuse(
      "expected images of ", inputs, " pixels and labels below ", classes, ", came ",
      toString(widths), " pixels and labels up to ", max(set$labels)
    )
  }
  set
}

# The batches of a train request: rows that the set has, from 0.
rows_of <- function(set, arrays) {
  batches <- int32(arrays, "batches", c(NA, NA))
  n <- length(set$labels)
  if (anyNA(batches) || any(batches < 0 | batches >= n)) {
    refuse("array batches: expected rows from 0 to ", n - 1, ", came ", toString(range(batches)))
  }
  batches
}

# The file name of the BLAS in use, which is where OpenBLAS tells its version. Debian's
# libblas.so.3 is a front of the OpenBLAS that lies beside it.
blas_library <- function() {
  file <- normalizePath(extSoftVersion()[["BLAS"]], mustWork = FALSE)
  name <- basename(file)
  behind <- list.files(dirname(file), "^libopenblas.+-r[0-9]")
  if (grepl("^libblas", name) && length(behind)) name <- behind[1]
  if (nzchar(name)) name else "unknown"
}
