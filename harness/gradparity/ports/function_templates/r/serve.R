# Answers gradparity's requests with functions.R. You need not open this file, nor those in protocol/.
#
# They have an environment of their own, so that what functions.R sources may have any names.

options(warn = 1)
output <- file("/dev/fd/3", "wb", raw = TRUE)
for (path in list.files("protocol", full.names = TRUE)) sys.source(path, environment())
mine <- new.env(parent = globalenv())
mine$not_written <- not_written
options(keep.source = TRUE) # else an error has no line
sys.source("functions.R", mine, keep.source = TRUE)

serve(operations, file("stdin", "rb"), output, trace)
