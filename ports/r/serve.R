# The native server: answers the protocol's requests on stdin until it closes. Base R alone.
#
#     Rscript --vanilla serve.R 3>&1 1>&2
#
# stdout is the protocol's alone, so the shell hands it over as file descriptor 3: what R, C code
# or a child process prints goes to stderr, and warnings at once.

output <- file("/dev/fd/3", "wb", raw = TRUE)
options(warn = 1)

for (source_file in list.files("R", full.names = TRUE, recursive = TRUE)) source(source_file)

serve(operations(), file("stdin", "rb"), output)
