# What a request holds, checked: fields as text and numbers, arrays by dtype and shape; and replies.
# The parts of a message, and its arrays, are as wire.R describes them.

reply <- function(word = "ok", fields = character(), arrays = list()) {
  list(word = word, fields = fields, arrays = arrays)
}

# What a request must have. Each of these gives it, or stops with what was expected and what came.

field <- function(fields, name) {
  if (!name %in% names(fields)) refuse("expected the field ", name, "=...")
  fields[[name]]
}

number <- function(fields, name) {
  value <- suppressWarnings(as.numeric(field(fields, name)))
  if (is.na(value)) refuse("expected a number as ", name, ", came ", field(fields, name))
  value
}

count <- function(fields, name, from = 1) {
  value <- number(fields, name)
  if (value < from || value != round(value)) {
    refuse("expected a whole number from ", from, " as ", name, ", came ", field(fields, name))
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
  if (!is.double(array)) refuse("array ", name, ": expected float64, came ", dtype_of(array))
  if (!missing(shape)) check_shape(name, array, shape)
  array
}

int32 <- function(arrays, name, shape) {
  array <- present(arrays, name)
  if (!is.integer(array)) refuse("array ", name, ": expected int32, came ", dtype_of(array))
  check_shape(name, array, shape)
  array
}

uint8 <- function(arrays, name, shape) {
  array <- present(arrays, name)
  if (dtype_of(array) != "uint8") refuse("array ", name, ": expected uint8, came ", dtype_of(array))
  check_shape(name, array, shape)
  array
}

# Of an array as wire.R describes it. Of raw bytes without a shape, one is a uint8.
dtype_of <- function(array) {
  shapeless <- is.null(dim(array)) && length(array) != 1
  switch(typeof(array),
    double = "float64",
    integer = "int32",
    raw = if (shapeless) "float32, which R does not have" else "uint8"
  )
}

# t: one-hot rows, or labels from 0 of classes that there are.
one_hot_or_labels <- function(arrays, batch, classes) {
  if (!is.integer(present(arrays, "t"))) {
    return(float64(arrays, "t", c(batch, classes)))
  }
  t <- int32(arrays, "t", batch)
  if (anyNA(t) || min(t) < 0 || max(t) >= classes) {
    refuse("array t: expected labels from 0 to ", classes - 1, ", came ", toString(range(t)))
  }
  t
}

present <- function(arrays, name) {
  if (!name %in% names(arrays)) {
    came <- if (length(arrays)) toString(names(arrays)) else "none"
    refuse("expected the array ", name, " too, came ", came)
  }
  arrays[[name]]
}

check_shape <- function(name, array, shape) {
  came <- dim(array)
  if (length(came) != length(shape) || !all(came == shape, na.rm = TRUE)) {
    shown <- function(shape) paste0("(", toString(ifelse(is.na(shape), "any", shape)), ")")
    refuse("array ", name, ": expected shape ", shown(shape), ", came ", shown(came))
  }
}

refuse <- function(...) stop(..., call. = FALSE)

# Stops too: what is asked for is not there.
unsupported <- function(...) stop(errorCondition(paste0(...), class = "unsupported"))
