# Messages: one line of text, then the arrays that it announces, each a standard .npy record.
#
#     ok epsilon=0 arrays=loss,dW1\n <npy of loss> <npy of dW1>
#
# docs/protocol.md is the specification; this file is its reading in R. It works on any two binary
# connections and knows nothing of the mathematics.
#
# An array is a vector of doubles (float64), integers (int32) or raw bytes (uint8). Its dim
# attribute is its shape: a vector has one dimension, a scalar none. As R has no single precision,
# float32 is the bytes that came, without a shape.

max_line <- 65536
max_header <- 4096
max_dimensions <- 32
npy_magic <- c(as.raw(0x93), charToRaw("NUMPY"))
npy_header <- paste0(
  "^\\{'descr': '(<f8|<f4|<i4|\\|u1)', 'fortran_order': (False|True), ",
  "'shape': \\(((?:[0-9]+, ?)*[0-9]*)\\),? *\\} *\n$"
)

#' The next message, list(word = , fields = , arrays = ), or NULL at a clean end of the stream.
#'
#' Fields are a named character vector, arrays a named list. Stops, saying what was expected and
#' what came, where the stream is not a message.
read_message <- function(input) {
  line <- read_line(input)
  if (length(line) == 0) {
    return(NULL)
  }
  if (!grepl("^[A-Za-z_]+( [^ =]+=[^ ]*)*$", line)) {
    stop("expected a line 'word key=value ...', came ", excerpt(charToRaw(line)), call. = FALSE)
  }
  words <- strsplit(line, " ", fixed = TRUE)[[1]]
  fields <- unescape(sub("^[^=]*=", "", words[-1]))
  names(fields) <- sub("=.*", "", words[-1])
  announced <- names(fields) == "arrays"
  names <- as.character(unlist(strsplit(fields[announced], ",", fixed = TRUE)))
  if (anyDuplicated(names(fields)) || anyDuplicated(names) || !all(nzchar(names))) {
    stop("expected each name once, came ", excerpt(charToRaw(line)), call. = FALSE)
  }
  arrays <- sapply(names, function(name) read_array(input, name), simplify = FALSE)
  list(word = words[1], fields = fields[!announced], arrays = arrays)
}

#' Writes one message: its word, its fields, a named vector, and its arrays, a named list.
write_message <- function(output, word, fields = character(), arrays = list()) {
  words <- c(word, if (length(fields)) paste0(names(fields), "=", escape(fields)))
  if (length(arrays)) words <- c(words, paste0("arrays=", paste(names(arrays), collapse = ",")))
  writeBin(charToRaw(paste0(paste(words, collapse = " "), "\n")), output)
  for (array in arrays) write_array(output, array)
  flush(output)
}

# readLines warns of a line without an end and of a zero byte; neither is a line of the protocol.
read_line <- function(input) {
  line <- tryCatch(
    readLines(input, 1, encoding = "UTF-8"),
    warning = function(w) stop("expected a line of text: ", conditionMessage(w), call. = FALSE)
  )
  if (length(line) && (nchar(line, "bytes") >= max_line || !validUTF8(line))) {
    came <- excerpt(charToRaw(line))
    stop("expected at most ", max_line, " bytes of UTF-8 text, came ", came, call. = FALSE)
  }
  line
}

read_array <- function(input, name) {
  header <- read_header(input, name)
  shape <- header$shape
  data <- switch(header$descr,
    "<f8" = read_exactly(input, name, "double", prod(shape)),
    "<i4" = read_exactly(input, name, "integer", prod(shape)),
    "|u1" = read_exactly(input, name, "raw", prod(shape)),
    "<f4" = read_exactly(input, name, "raw", 4 * prod(shape))
  )
  if (header$descr == "<f4" || length(shape) == 0) {
    return(data)
  }
  by_columns <- header$fortran_order || length(shape) == 1
  dim(data) <- if (by_columns) shape else rev(shape)
  if (by_columns) data else aperm(data)
}

# list(descr = , fortran_order = , shape = )
read_header <- function(input, name) {
  magic <- read_exactly(input, name, "raw", 8)
  version <- as.integer(magic[7])
  if (!identical(magic[-7], c(npy_magic, as.raw(0))) || !version %in% 1:2) {
    broken(name, "an .npy record, beginning with \\x93NUMPY, came ", excerpt(magic))
  }
  size <- read_exactly(input, name, "integer", 1, size = 2 * version, signed = version == 2)
  if (!isTRUE(size >= 0 && size <= max_header)) {
    broken(name, "an .npy header of at most ", max_header, " bytes, came one of ", size)
  }
  bytes <- read_exactly(input, name, "raw", size)
  text <- if (all(bytes != 0)) rawToChar(bytes) else ""
  found <- regexpr(npy_header, text, perl = TRUE, useBytes = TRUE)
  start <- attr(found, "capture.start")
  parts <- substring(text, start, start + attr(found, "capture.length") - 1)
  shape <- suppressWarnings(as.integer(strsplit(parts[3], ",", fixed = TRUE)[[1]]))
  if (found < 0 || length(shape) > max_dimensions || anyNA(shape)) {
    expected <- paste("<f8, <f4, <i4 or |u1 in at most", max_dimensions, "dimensions")
    broken(name, expected, ", came the header ", excerpt(bytes))
  }
  list(descr = parts[1], fortran_order = parts[2] == "True", shape = shape)
}

read_exactly <- function(input, name, what, n, ...) {
  data <- readBin(input, what, n, ..., endian = "little")
  if (length(data) < n) {
    broken(name, n - length(data), " more of type ", what, ", came the end of the stream")
  }
  data
}

broken <- function(name, ...) stop("array ", name, ": expected ", ..., call. = FALSE)

# An array leaves as it lies in memory, column by column.
write_array <- function(output, array) {
  shape <- dim(array)
  descr <- switch(typeof(array), double = "<f8", integer = "<i4", raw = "|u1")
  stopifnot(!is.null(descr), length(shape) > 0 || length(array) == 1)
  header <- paste0(
    "{'descr': '", descr, "', 'fortran_order': ", if (length(shape) > 1) "True" else "False",
    ", 'shape': (", toString(shape), if (length(shape) == 1) ",", "), }"
  )
  padding <- strrep(" ", -(nchar(header) + 11) %% 64) # the data begin at a multiple of 64
  writeBin(c(npy_magic, as.raw(1:0)), output)
  writeBin(nchar(header) + nchar(padding) + 1L, output, size = 2, endian = "little")
  writeBin(charToRaw(paste0(header, padding, "\n")), output)
  dim(array) <- NULL
  writeBin(array, output, endian = "little")
}

# All but printable ASCII travels as %XX.
escape <- function(values) {
  vapply(enc2utf8(as.character(values)), function(value) escape_bytes(charToRaw(value)), "")
}

escape_bytes <- function(bytes) {
  code <- as.integer(bytes)
  plain <- code > 0x20 & code < 0x7f & code != 0x25
  paste0(ifelse(plain, rawToChar(bytes, multiple = TRUE), sprintf("%%%02X", code)), collapse = "")
}

unescape <- function(values) {
  if (any(grepl("%", values, fixed = TRUE))) utils::URLdecode(values) else values
}

# The beginning of something that was not expected, in printable characters.
excerpt <- function(bytes) {
  paste0("'", gsub("%20", " ", escape_bytes(utils::head(bytes, 60)), fixed = TRUE), "'")
}
