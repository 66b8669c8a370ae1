# 1 / (1 + exp(-x)). Source: section 5.5.2.

#' 1 / (1 + exp(-x)). Overflow of exp(-x) to infinity gives the right limit, 0.
new_sigmoid <- function() new_layer("sigmoid")

forward.sigmoid <- function(layer, x, ...) list(out = 1 / (1 + exp(-x)))

backward.sigmoid <- function(layer, pass, dout) list(dx = dout * pass$out * (1 - pass$out))
