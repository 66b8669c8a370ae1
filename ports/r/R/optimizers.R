# Optimizers: each gives the network with its parameters updated, given their gradient. A network is
# a value, so the one that came stays as it is.
#
# Source: "Deep Learning from Scratch", section 6.1.

#' Stochastic gradient descent: p - learning_rate * dp for every parameter.
#'
#' gradient has dW1, db1, dW2, ..., of the parameters' shapes, as `gradient` gives them.
sgd_update <- function(network, gradient, learning_rate = 0.01) {
  for (i in seq_along(network$affines)) {
    for (name in c("W", "b")) {
      p <- network$affines[[i]][[name]]
      dp <- gradient[[paste0("d", name, i)]]
      network$affines[[i]][[name]] <- p - learning_rate * dp
    }
  }
  network
}
