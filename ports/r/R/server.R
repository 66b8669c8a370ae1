# The server: answers requests until its input closes.

longest_message <- 1000

#' Answers requests with these operations, by name a function of a request's fields and arrays. What
#' is no message ends it, with one line on stderr and exit status 1.
serve <- function(operations, input, output, tell = tell_error) {
  answers <- function() {
    while (!is.null(request <- read_message(input))) {
      reply <- answer(operations, request$word, request$fields, request$arrays, tell)
      write_message(output, reply$word, reply$fields, reply$arrays)
    }
  }
  tryCatch(answers(), error = function(e) {
    message("serve.R: ", conditionMessage(e))
    quit(status = 1)
  })
}

#' The answer to one request, list(word = , fields = , arrays = ), whatever goes wrong. `tell` writes
#' an error to stderr, while the calls that led to it are still there.
answer <- function(operations, word, fields, arrays, tell = tell_error) {
  answered <- function() {
    if (!word %in% names(operations)) unsupported("no operation ", word)
    operations[[word]](fields, arrays)
  }
  told <- function(e) if (!inherits(e, "unsupported")) tell(e, word)
  tryCatch(
    withCallingHandlers(answered(), error = told),
    unsupported = function(e) failure("unsupported", e),
    error = function(e) failure("error", e)
  )
}

# The text is cut, lest it outgrow a line.
failure <- function(word, e) {
  reply(word, c(message = substr(conditionMessage(e), 1, longest_message)))
}

tell_error <- function(e, word) message("error in ", word, ": ", conditionMessage(e))
