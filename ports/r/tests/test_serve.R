# The server as a process of its own, in a copy of the port whose relu prints to stdout.
folder <- tempfile("port")
dir.create(folder)
file.copy(c("../R", "../serve.R"), folder, recursive = TRUE)
noisy <- c("quiet <- forward.relu", "forward.relu <- function(...) { print('noise'); quiet(...) }")
writeLines(noisy, file.path(folder, "R", "zz_noisy.R"))

# What it answers to these bytes: the messages, its exit status and its stderr.
serve_bytes <- function(bytes) {
  files <- file.path(folder, c("in", "out", "err"))
  writeBin(bytes, files[1])
  command <- sprintf("cd %s && Rscript --vanilla serve.R < in 3> out 2> err 1>&2", shQuote(folder))
  status <- system(command)
  output <- file(files[2], "rb")
  on.exit(close(output))
  messages <- list()
  while (!is.null(message <- read_message(output))) messages <- c(messages, list(message))
  list(messages = messages, status = status, stderr = readLines(files[3]))
}
message_bytes <- function(...) {
  output <- rawConnection(raw(), "wb")
  on.exit(close(output))
  write_message(output, ...)
  rawConnectionValue(output)
}
hello <- message_bytes("hello", c(protocol = "1"))
arrays <- list(x = matrix(1:6 / 2, 2), dout = matrix(1, 2, 3))
layer <- message_bytes("layer", c(kind = "relu"), arrays)

came <- serve_bytes(c(hello, layer, message_bytes("sing"), message_bytes("gradient"), hello))
expect_identical(came$status, 0L)
words <- vapply(came$messages, function(message) message$word, "")
expect_identical(words, c("ok", "ok", "unsupported", "error", "ok"))
expect_identical(came$messages[[2]]$arrays, list(out = arrays$x, dx = arrays$dout))
expect_true(any(grepl("noise", came$stderr)), info = "prints go to stderr")

expect_identical(serve_bytes(raw())$status, 0L)

came <- serve_bytes(c(hello, head(layer, -3)))
expect_identical(came$status, 1L)
expect_identical(length(came$messages), 1L)
expect_identical(
  came$stderr,
  "serve.R: array dout: expected 1 more of type double, came the end of the stream"
)
unlink(folder, recursive = TRUE)
