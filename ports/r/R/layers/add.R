# x + y. Source: section 5.4.2.

#' x + y, element by element: two numbers, or two arrays of one shape.
new_add <- function() new_layer("add")

forward.add <- function(layer, x, y, ...) list(out = x + y)

#' list(dx = , dy = ): both are dout.
backward.add <- function(layer, pass, dout) list(dx = dout, dy = dout)
