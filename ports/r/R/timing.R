# The port's own clock around its own calls.

#' Nanoseconds of `calls` calls in a row, measured `samples` times: doubles, (samples).
elapsed <- function(call, calls, samples) {
  nanoseconds <- array(0, samples)
  for (i in seq_len(samples)) {
    # The finest clock of base R, where none is monotonic: a double holds the seconds since 1970 to
    # a quarter of a microsecond. A bare number, as the difference of two times chooses its unit.
    start <- unclass(Sys.time())
    for (j in seq_len(calls)) call()
    nanoseconds[i] <- 1e9 * (unclass(Sys.time()) - start)
  }
  nanoseconds
}
