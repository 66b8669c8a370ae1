# tanh(x). Source: as sigmoid, section 5.5.2.

#' tanh(x), with the slope 1 - tanh(x)^2.
new_tanh <- function() new_layer("tanh")

forward.tanh <- function(layer, x, ...) list(out = tanh(x))

backward.tanh <- function(layer, pass, dout) list(dx = dout * (1 - pass$out^2))
