# The operations of the protocol on decoded arrays: what the native server (serve.R) and the bridge
# (bridge.py) share. The parts of a message, and its arrays, are as wire.R describes them.

# No scan for NaN before each product: BLAS is fast with them and passes them on (tests/).
options(matprod = "blas")

layer_kinds <- c(
  "multiply", "add", "relu", "sigmoid", "tanh", "affine", "batch_norm", "dropout", "convolution",
  "max_pooling", "softmax_with_loss", "squared_error"
)

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
        layers = paste(layer_kinds, collapse = ","),
        operations = paste(names(port), collapse = ","),
        optimizers = paste(names(optimizers), collapse = ","),
        epsilon = "any",
        networks = "any"
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
      set <- fitting_set(sets, "train", case)
      batches <- rows_of(set, arrays)
      masks <- masks_of(network, arrays, dim(batches))
      # The same optimizer, with the same numbers, goes on with its state.
      before <- case$trained_by
      goes_on <- identical(before$fields, fields)
      optimizer <- if (goes_on) before$optimizer else read_optimizer(fields)
      trained <- NULL
      loop <- function() trained <<- train(network, set, batches, optimizer, dim(case$x), masks)
      took <- elapsed(loop, 1, 1)
      case$network <<- trained$network
      case$trained_by <<- list(fields = fields, optimizer = trained$optimizer)
      reply(arrays = list(loss = trained$loss, nanoseconds = took[[1]]))
    },
    params = function(fields, arrays) {
      reply(arrays = held(loaded()$network))
    },
    evaluate = function(fields, arrays) {
      case <- loaded()
      set <- fitting_set(sets, field(fields, "set"), case)
      reply(arrays = evaluate(case$network, set, dim(case$x)))
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
      passes <- product_passes(network, x)
      affines <- integers(fields, "affines")
      if (length(affines) == 0 || !all(affines %in% names(passes))) {
        refuse("expected affines of ", toString(names(passes)), ", came ", fields[["affines"]])
      }
      function() products(passes, affines)
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

# The set of this name, which must fit the case.
fitting_set <- function(sets, name, case) {
  set <- sets[[name]]
  if (is.null(set)) {
    came <- if (length(sets)) toString(names(sets)) else "none"
    refuse("expected the set ", name, " to have been sent with data, came ", came)
  }
  inputs <- prod(dim(case$x)[-1])
  widths <- unique(lengths(set$pixels))
  if (!all(widths == inputs) || !all(set$labels < case$classes)) {
    refuse(
      "expected images of ", inputs, " pixels and labels below ", case$classes, ", came ",
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

# The masks of a train request by the names of the dropout layers, each (steps, batch, ...).
masks_of <- function(network, arrays, steps) {
  masks <- list()
  for (name in names(network$layers)) {
    own <- dim(network$layers[[name]]$mask)
    sent <- paste0("mask", network$numbers[[match(name, names(network$layers))]])
    if (!is.null(own)) masks[[name]] <- uint8(arrays, sent, c(steps, own[-1]))
  }
  masks
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
