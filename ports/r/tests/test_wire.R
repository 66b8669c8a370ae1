written <- function(...) {
  output <- rawConnection(raw(), "wb")
  on.exit(close(output))
  write_message(output, ...)
  rawConnectionValue(output)
}
read <- function(bytes) {
  input <- rawConnection(bytes, "rb")
  on.exit(close(input))
  read_message(input)
}
# A .npy record as NumPy writes it.
npy <- function(descr, fortran_order, shape, data, version = 1L) {
  header <- sprintf("{'descr': '%s', 'fortran_order': %s, 'shape': %s, }\n", descr, fortran_order,
                    shape)
  size <- writeBin(nchar(header), raw(), size = if (version == 1) 2 else 4, endian = "little")
  c(as.raw(0x93), charToRaw("NUMPY"), as.raw(c(version, 0)), size, charToRaw(header), data)
}
doubles <- function(...) writeBin(c(...), raw(), size = 8, endian = "little")
message_of <- function(...) c(charToRaw("load a=1 arrays=x\n"), ...)

# There and back: numbers, vectors, matrices, labels; shapes of one element and of none too.
arrays <- list(
  loss = -0.0, b = array(c(1, NaN, -Inf)), b1 = array(5e-324), W = matrix(1:6 / 7, 2),
  row = matrix(1:3 / 3, 1), t = array(c(2L, 0L)), labels = matrix(1:4, 2), none = matrix(0, 0, 3),
  bytes = array(as.raw(1:24), 4:2), byte = as.raw(1), four = array(1:24 / 7, c(2, 1, 3, 4)),
  no_slices = array(0L, c(0, 2, 3)), deep = array(7, rep(1, 32))
)
came <- read(written("ok", c(a = "1", b = ""), arrays))
expect_identical(came, list(word = "ok", fields = c(a = "1", b = ""), arrays = arrays))
expect_identical(1 / came$arrays$loss, -Inf)
expect_identical(read(written("ok"))$arrays, setNames(list(), character()))
expect_null(read(raw()))

# The bytes are NumPy's.
bytes <- written("ok", arrays = list(W = matrix(c(1, 2, 3, 4, 5, 6), 2)))
text <- "{'descr': '<f8', 'fortran_order': True, 'shape': (2, 3), }"
expect_identical(rawToChar(bytes[1:12]), "ok arrays=W\n")
expect_identical(bytes[13:22], as.raw(c(0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0, 118, 0)))
expect_identical(rawToChar(bytes[22 + 1:118]), paste0(text, strrep(" ", 117 - nchar(text)), "\n"))
expect_identical(bytes[-seq_len(140)], doubles(1:6 + 0))
expect_error(written("ok", arrays = list(x = c(1, 2))), info = "a vector must have its dimension")
expect_error(written("ok", arrays = list(x = "text")))

# Both orders, both versions, and float32 as the bytes that came.
read_array_of <- function(...) read(message_of(npy(...)))$arrays$x
W <- rbind(c(1, 2, 3), c(4, 5, 6))
expect_identical(read_array_of("<f8", "False", "(2, 3)", doubles(1, 2, 3, 4, 5, 6)), W)
expect_identical(read_array_of("<f8", "True", "(2, 3)", doubles(1, 4, 2, 5, 3, 6)), W)
expect_identical(read_array_of("<f8", "True", "(2, 3)", doubles(1, 4, 2, 5, 3, 6), 2L), W)
expect_identical(read_array_of("<f8", "False", "(1,)", doubles(7)), array(7))
expect_identical(read_array_of("<f8", "False", "()", doubles(7)), 7)
int32 <- as.raw(c(1, 0, 0, 0, 0xff, 0xff, 0xff, 0xff))
expect_identical(read_array_of("<i4", "False", "(2,)", int32), array(c(1L, -1L)))
expect_identical(read_array_of("<f4", "False", "(2,)", int32), int32)
bytes <- as.raw(c(0, 1, 2, 253, 254, 255))
expect_identical(read_array_of("|u1", "False", "(6,)", bytes), array(bytes))
expect_identical(read_array_of("|u1", "True", "(2, 3)", bytes), matrix(bytes, 2))
expect_identical(read_array_of("|u1", "False", "(2, 3)", bytes), matrix(bytes, 2, byrow = TRUE))

# Any number of dimensions: the last index runs fastest row by row, the first one column by column.
ints <- function(values) writeBin(as.integer(values), raw(), size = 4, endian = "little")
for (shape in list(2:4, c(2, 1, 3, 2))) {
  values <- array(seq_len(prod(shape)), shape)
  text <- paste0("(", toString(shape), ")")
  expect_identical(read_array_of("<i4", "True", text, ints(values)), values)
  expect_identical(read_array_of("<i4", "False", text, ints(aperm(values))), values)
}
thirty_three <- paste0("(", strrep("1, ", 33), ")")
expect_error(read_array_of("<f8", "False", thirty_three, doubles(1)), "at most 32 dimensions")

# Text: percent signs, spaces, line ends and all beyond ASCII travel as %XX.
spoken <- "100 % of\n\u00fc = a"
line <- rawToChar(written("error", c(message = spoken)))
expect_identical(line, "error message=100%20%25%20of%0A%C3%BC%20=%20a\n")
expect_identical(read(charToRaw(line))$fields, c(message = spoken))

# What is not a message is refused, each with its own reason.
refused <- function(bytes, pattern) {
  expect_error(read(bytes), pattern, info = paste("expected:", pattern))
}
good <- npy("<f8", "False", "(2,)", doubles(1, 2))
refused(charToRaw("load a=1"), "expected a line of text.*incomplete")
refused(c(charToRaw("lo"), as.raw(0), charToRaw("ad\n")), "expected a line of text.*nul")
refused(charToRaw(paste0("load a=", strrep("x", 65536), "\n")), "at most 65536 bytes")
refused(as.raw(c(0x6c, 0xff, 0x0a)), "UTF-8")
for (line in c("", " load", "load  a=1", "load a", "load =1", "l\u00f6ad", "load a=1 ")) {
  refused(charToRaw(paste0(line, "\n")), "word key=value")
}
for (line in c("load a=1 a=2", "load arrays=x,x", "load arrays=x,,y", "load arrays=x arrays=y")) {
  refused(charToRaw(paste0(line, "\n")), "each name once")
}
refused(message_of(charToRaw("not an npy")), "array x: expected an .npy record.*'not an n'")
refused(message_of(npy("<f8", "False", "(2,)", doubles(1, 2), version = 3L)), "an .npy record")
refused(message_of(good[1:7]), "1 more of type raw, came the end")
refused(message_of(good[1:30]), "more of type raw, came the end")
refused(message_of(head(good, -1)), "1 more of type double, came the end")
refused(message_of(head(good, -16)), "2 more of type double, came the end")
refused(message_of(good[1:8], as.raw(c(0xff, 0xff))), "at most 4096 bytes, came one of 65535")
for (descr in c("|O", ">f8", "<i8", "<c16", "|i1")) {
  refused(message_of(npy(descr, "False", "(2,)", doubles(1, 2))), "<f8, <f4, <i4 or [|]u1")
}
for (shape in c("(-1,)", "(99999999999,)", "2", "(a,)", "(1 2)")) {
  refused(message_of(npy("<f8", "False", shape, doubles(1, 2))), "at most 32 dimensions")
}
refused(message_of(npy("<f8", "0", "(2,)", doubles(1, 2))), "<f8, <f4, <i4 or [|]u1")
