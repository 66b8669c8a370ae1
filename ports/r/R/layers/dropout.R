# Dropout. Source: section 6.4.3; N. Srivastava et al. (2014).

#' In training x times a mask of 0 and 1; in the test x times 1 - ratio, the share that training
#' keeps. The mask, integers of the shape of x, is given: no random generator has to be shared.
new_dropout <- function(mask, ratio = 0.5) new_layer("dropout", mask = mask, ratio = ratio)

forward.dropout <- function(layer, x, training = TRUE, ...) {
  kept <- if (training) layer$mask else 1 - layer$ratio
  list(out = x * kept, kept = kept)
}

backward.dropout <- function(layer, pass, dout) list(dx = dout * pass$kept)
