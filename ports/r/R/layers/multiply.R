# x * y. Source: section 5.4.1.

#' x * y, element by element: two numbers, or two arrays of one shape.
new_multiply <- function() new_layer("multiply")

forward.multiply <- function(layer, x, y, ...) list(out = x * y, x = x, y = y)

#' list(dx = , dy = ): each factor's gradient is the other factor times dout.
backward.multiply <- function(layer, pass, dout) list(dx = dout * pass$y, dy = dout * pass$x)
