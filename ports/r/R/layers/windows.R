# Images and the windows that a filter sees of them. Source: section 7.2.4.
#
# In memory the batch lies innermost: images, (batch, channels, height, width), are a matrix with a
# column for each pixel, and the windows of all images are columns of it.

#' Rows and columns of the result: (height + 2 pad - window) %/% stride + 1, and so in width.
out_sizes <- function(shape, size, stride, pad) (shape[3:4] + 2 * pad - size) %/% stride + 1

#' The column of each element of each window of images of this shape: (out height, out width,
#' channels, window height, window width). The zeros of pad are one more column, the last.
window_columns <- function(shape, size, stride, pad) {
  out <- out_sizes(shape, size, stride, pad)
  # Counted from 0, by the number of the window and that of the element in it.
  along <- function(i) {
    at <- outer(stride * (seq_len(out[i]) - 1) - pad, seq_len(size[i]) - 1, "+")
    replace(at, at < 0 | at >= shape[2 + i], NA)
  }
  at <- outer(along(1), shape[3] * along(2), "+")
  at <- outer(seq_len(shape[2]), shape[2] * at, "+")
  at[is.na(at)] <- prod(shape[-1]) + 1
  aperm(at, c(2, 4, 1, 3, 5))
}

#' These columns of the images, as a matrix of so many rows.
im2col <- function(x, at, rows) {
  pixels <- length(x) / nrow(x)
  dim(x) <- c(nrow(x), pixels)
  if (max(at) > pixels) x <- cbind(x, 0)
  col <- x[, at]
  dim(col) <- c(rows, length(col) / rows)
  col
}

#' Images of this shape in which all windows are added up, where they overlap: the way back of a
#' gradient. The last two dimensions of `at` count a window's elements.
col2im <- function(col, at, shape) {
  pixels <- prod(shape[-1])
  images <- matrix(0, shape[1], max(at, pixels))
  dim(col) <- c(shape[1], length(at))
  if (anyDuplicated(as.vector(at))) {
    # Of two windows, the same element is never the same pixel.
    each <- matrix(seq_along(at), ncol = prod(dim(at)[4:5]))
    for (k in seq_len(ncol(each))) {
      to <- at[each[, k]]
      images[, to] <- images[, to] + col[, each[, k]]
    }
  } else {
    images[, at] <- col
  }
  if (ncol(images) > pixels) images <- images[, seq_len(pixels)]
  dim(images) <- shape
  images
}
