# The protocol's operations: each takes a request's fields and arrays, and answers by calls of functions.R.

# The call that was asked for last: the function's name, and its arrays, to be given back by inputs.
last <- new.env()
last$arrays <- list()

# Stands where nothing is yet.
not_written <- function() unsupported(last$name, " is not written yet")

# An array that came, as functions.R gets it: booleans are logical, and a vector has no dimensions.
argument <- function(array) {
  if (is.raw(array)) storage.mode(array) <- "logical"
  if (length(dim(array)) == 1) as.vector(array) else array
}

# The requested call, ready to be made any number of times.
prepared <- function(fields, arrays) {
  name <- field(fields, "function")
  if (!name %in% names(mine$functions)) unsupported("no function ", name, " in functions.R")
  if (any(startsWith(vapply(arrays, dtype_of, ""), "float32"))) unsupported("no float32")
  last$name <- name
  last$arrays <- arrays
  call <- get(name, mine, mode = "function")
  arguments <- unname(lapply(arrays, argument))
  function() do.call(call, arguments)
}

wrong <- function(...) refuse(last$name, " in functions.R: expected ", ...)

# A result as it travels. In R one element may be a number, a vector or a matrix, and a vector a matrix of one column:
# `dimensions`, as listed in functions.R, says what is meant.
sendable <- function(key, result, dimensions) {
  if (is.logical(result) && !anyNA(result)) storage.mode(result) <- "raw"
  if (!is.numeric(result) && !is.raw(result)) {
    wrong(key, " to be numbers, or logical without NA, got ", class(result)[1])
  }
  shape <- dim(result)
  if (dimensions == 0 && length(result) == 1) {
    shape <- NULL
  } else if (is.null(shape) || (dimensions == 1 && sum(shape != 1) <= 1)) {
    shape <- length(result)
  }
  array <- as.vector(result)
  dim(array) <- shape
  array
}

operations <- list(
  hello = function(fields, arrays) {
    reply(fields = c(
      name = "PORT_NAME", language = "R", version = paste(R.version$major, R.version$minor, sep = "."),
      blas = "R's", threads = "1", dtypes = "float64", layers = "",
      operations = paste(names(operations), collapse = ","), optimizers = "", epsilon = "any",
      functions = paste(names(mine$functions), collapse = ",")
    ))
  },
  call = function(fields, arrays) {
    results <- prepared(fields, arrays)()
    dimensions <- mine$functions[[last$name]]
    expected <- names(dimensions)
    if (!is.list(results) || !all(expected %in% names(results))) {
      got <- if (is.list(results)) paste("a list of", toString(names(results))) else class(results)[1]
      wrong("a list of ", toString(expected), ", got ", got)
    }
    reply(arrays = Map(sendable, expected, results[expected], dimensions))
  },
  inputs = function(fields, arrays) {
    reply(arrays = last$arrays)
  },
  null = function(fields, arrays) {
    reply()
  },
  time = function(fields, arrays) {
    call <- switch(field(fields, "operation"),
      null = function() NULL,
      call = prepared(fields, arrays),
      unsupported("no operation ", field(fields, "operation"), " to time")
    )
    reply(arrays = list(nanoseconds = elapsed(call, count(fields, "calls"), count(fields, "samples"))))
  }
)
