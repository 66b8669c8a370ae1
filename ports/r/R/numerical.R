# Derivatives by evaluating the loss alone, as a check on those that backward computes.

#' (loss(p + step) - loss(p - step)) / (2 step) for every parameter: list(dW1 = , db1 = , ...).
#'
#' Each parameter is moved in this function's own copy of the network, and put back exactly.
#' Source: "Deep Learning from Scratch", section 4.3.
central_difference <- function(network, x, t, step = 1e-4) {
  slopes <- params(network)
  names(slopes) <- sprintf("d%s", names(slopes))
  done <- 0
  for (i in seq_along(network$layers)) {
    for (name in names(network$layers[[i]]$params)) {
      slope <- network$layers[[i]]$params[[name]]
      for (j in seq_along(slope)) {
        value <- slope[[j]]
        network$layers[[i]]$params[[name]][[j]] <- value + step
        above <- loss(network, x, t)
        network$layers[[i]]$params[[name]][[j]] <- value - step
        below <- loss(network, x, t)
        network$layers[[i]]$params[[name]][[j]] <- value
        slope[[j]] <- (above - below) / (2 * step)
      }
      slopes[[done <- done + 1]] <- slope
    }
  }
  slopes
}
