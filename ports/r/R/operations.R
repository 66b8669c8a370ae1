# The operations of the protocol on decoded arrays: what the native server (serve.R) and the bridge
# (bridge.py) share. The parts of a message, and its arrays, are as wire.R describes them.

# No scan for NaN before each product: BLAS is fast with them and passes them on (tests/).
options(matprod = "blas")

#' The answer to one request, list(word = , fields = , arrays = ), whatever goes wrong.
answer <- function(port, word, fields, arrays) {
  operation <- port[[word]]
  if (is.null(operation)) {
    return(unsupported("no operation ", word))
  }
  tryCatch(operation(fields, arrays), error = function(e) {
    message("error in ", word, ": ", conditionMessage(e))
    reply("error", c(message = conditionMessage(e)))
  })
}

reply <- function(word = "ok", fields = character(), arrays = list()) {
  list(word = word, fields = fields, arrays = arrays)
}

unsupported <- function(...) reply("unsupported", c(message = paste0(...)))

#' The port: its operations by name, each a function of a request's fields and arrays. They share
#' what load has stored (and, for `inputs`, the last arrays that came), and nothing else.
operations <- function() {
  case <- NULL
  last <- list()

  on_case <- function(f, ...) {
    if (is.null(case)) fail("nothing is loaded yet: send load first")
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
        optimizers = "sgd",
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
      if (is.null(call)) {
        return(unsupported("no operation ", operation, " to time"))
      }
      took <- elapsed(call, count(fields, "calls"), count(fields, "samples"))
      reply(arrays = list(nanoseconds = took))
    }
  )
  port
}

# A case: the network of a load request, and its batch.
read_case <- function(fields, arrays) {
  sizes <- integers(fields, "sizes")
  if (length(sizes) < 2 || anyNA(sizes)) {
    fail("expected sizes=inputs,...,classes, came ", field(fields, "sizes"))
  }
  if (field(fields, "dtype") != "float64") {
    fail("expected dtype float64, the only one of R, came ", field(fields, "dtype"))
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
    t = targets(arrays, nrow(x), sizes[length(sizes)])
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
      t <- targets(arrays, nrow(x), ncol(x))
      epsilon <- number(fields, "epsilon")
      function() {
        last <- softmax_with_loss_forward(x, t, epsilon)
        c(last[c("loss", "y")], list(dx = softmax_with_loss_backward(last$y, last$target)))
      }
    },
    fail("unknown kind of layer: ", kind)
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
      optimizer <- field(fields, "optimizer")
      if (optimizer != "sgd") fail("unknown optimizer: ", optimizer)
      learning_rate <- number(fields, "learning_rate")
      # From call to call training goes on, with this function's own network: the case keeps its.
      function() network <<- sgd_update(network, gradient(network, x, t), learning_rate)
    },
    products = {
      affines <- integers(fields, "affines")
      if (length(affines) == 0 || !all(affines %in% seq_along(network$affines))) {
        fail("expected affines from 1 to ", length(network$affines), ", came ", fields[["affines"]])
      }
      inputs <- layer_inputs(network, x)
      function() products(network, inputs, affines)
    }
  )
}

# What a request must have. Each of these gives it, or stops with what was expected and what came.

field <- function(fields, name) {
  if (!name %in% names(fields)) fail("expected the field ", name, "=...")
  fields[[name]]
}

number <- function(fields, name) {
  value <- suppressWarnings(as.numeric(field(fields, name)))
  if (is.na(value)) fail("expected a number as ", name, ", came ", field(fields, name))
  value
}

count <- function(fields, name) {
  value <- number(fields, name)
  if (value < 1 || value != round(value)) {
    fail("expected a whole number from 1 as ", name, ", came ", field(fields, name))
  }
  value
}

# A list of integers, with NA for what is none.
integers <- function(fields, name) {
  suppressWarnings(as.integer(strsplit(field(fields, name), ",", fixed = TRUE)[[1]]))
}

# NA in a shape stands for any size; without a shape, any shape will do.
float64 <- function(arrays, name, shape) {
  array <- present(arrays, name)
  if (!is.double(array)) {
    came <- if (is.integer(array)) "int32" else "float32, which R does not have"
    fail("array ", name, ": expected float64, came ", came)
  }
  if (!missing(shape)) check_shape(name, array, shape)
  array
}

targets <- function(arrays, batch, classes) {
  t <- present(arrays, "t")
  if (!is.integer(t)) {
    return(float64(arrays, "t", c(batch, classes)))
  }
  check_shape("t", t, batch)
  if (anyNA(t) || min(t) < 0 || max(t) >= classes) {
    fail("array t: expected labels from 0 to ", classes - 1, ", came ", toString(range(t)))
  }
  t
}

present <- function(arrays, name) {
  if (!name %in% names(arrays)) {
    came <- if (length(arrays)) toString(names(arrays)) else "none"
    fail("expected the array ", name, " too, came ", came)
  }
  arrays[[name]]
}

check_shape <- function(name, array, shape) {
  came <- dim(array)
  if (length(came) != length(shape) || !all(came == shape, na.rm = TRUE)) {
    shown <- function(shape) paste0("(", toString(ifelse(is.na(shape), "any", shape)), ")")
    fail("array ", name, ": expected shape ", shown(shape), ", came ", shown(came))
  }
}

fail <- function(...) stop(..., call. = FALSE)

# The file name of the BLAS in use, which is where OpenBLAS tells its version. Debian's
# libblas.so.3 is a front of the OpenBLAS that lies beside it.
blas_library <- function() {
  file <- normalizePath(extSoftVersion()[["BLAS"]], mustWork = FALSE)
  name <- basename(file)
  behind <- list.files(dirname(file), "^libopenblas.+-r[0-9]")
  if (grepl("^libblas", name) && length(behind)) name <- behind[1]
  if (nzchar(name)) name else "unknown"
}
