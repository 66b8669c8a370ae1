# Writes to stderr where an error came from: the lines of your files, the innermost last. Only these have a srcref.
trace <- function(error, word) {
  places <- Filter(Negate(is.null), lapply(sys.calls(), attr, "srcref"))
  lines <- vapply(places, function(place) {
    sprintf("    %s:%d: %s", basename(attr(place, "srcfile")$filename), place[1], trimws(as.character(place)[1]))
  }, "")
  if (length(lines)) writeLines(c(paste("Error:", conditionMessage(error)), utils::tail(unique(lines), 5)), stderr())
}
