# Derivatives by evaluating the loss alone, as a check on those that backward computes.

#' (loss(p + step) - loss(p - step)) / (2 step) for every parameter: list(dW1 = , db1 = , ...).
#'
#' Each parameter is moved in this function's own copy of the network, and put back exactly.
#' Source: "Deep Learning from Scratch", section 4.3.
central_difference <- function(network, x, t, step = 1e-4) {
  slopes <- list()
  for (i in seq_along(network$affines)) {
    for (name in c("W", "b")) {
      slope <- network$affines[[i]][[name]]
      for (j in seq_along(slope)) {
        value <- slope[[j]]
        network$affines[[i]][[name]][[j]] <- value + step
        above <- loss(network, x, t)
        network$affines[[i]][[name]][[j]] <- value - step
        below <- loss(network, x, t)
        network$affines[[i]][[name]][[j]] <- value
        slope[[j]] <- (above - below) / (2 * step)
      }
      slopes[[paste0("d", name, i)]] <- slope
    }
  }
  slopes
}
