# Optimizers: each is made of its numbers, and updates one parameter, p, by its gradient, dp. What
# it keeps from step to step is a value too: `update` gives another optimizer beside another
# network.
#
# Source: "Deep Learning from Scratch", section 6.1; there, as here, the 1e-7 that keeps a division
# from 0 stands outside the square root.

tiny <- 1e-7

#' Stochastic gradient descent: p <- p - learning_rate dp.
sgd <- function(learning_rate = 0.01) {
  optimizer(character(), function(p, dp, iteration) list(p = p - learning_rate * dp))
}

#' v <- momentum v - learning_rate dp; p <- p + v. Source: B. Polyak (1964).
momentum <- function(learning_rate = 0.01, momentum = 0.9) {
  optimizer("v", function(p, dp, iteration, v) {
    v <- momentum * v - learning_rate * dp
    list(p = p + v, v = v)
  })
}

#' v <- momentum v - learning_rate dp; p <- p + momentum v - learning_rate dp, where p is the point
#' looked ahead to.
#'
#' Source: Y. Bengio, N. Boulanger-Lewandowski, R. Pascanu, "Advances in optimizing recurrent
#' networks" (2012), 3.5.
nesterov <- function(learning_rate = 0.01, momentum = 0.9) {
  optimizer("v", function(p, dp, iteration, v) {
    step <- learning_rate * dp
    v <- momentum * v - step
    list(p = p + (momentum * v - step), v = v)
  })
}

#' h <- h + dp dp; p <- p - learning_rate dp / (sqrt(h) + 1e-7). Source: J. Duchi et al. (2011).
adagrad <- function(learning_rate = 0.01) {
  optimizer("h", function(p, dp, iteration, h) {
    h <- h + dp * dp
    list(p = p - learning_rate * dp / (sqrt(h) + tiny), h = h)
  })
}

#' h <- decay h + (1 - decay) dp dp; p <- p - learning_rate dp / (sqrt(h) + 1e-7).
#'
#' Source: T. Tieleman, G. Hinton, Coursera lecture 6.5 (2012).
rmsprop <- function(learning_rate = 0.01, decay = 0.99) {
  optimizer("h", function(p, dp, iteration, h) {
    h <- decay * h + (1 - decay) * dp * dp
    list(p = p - learning_rate * dp / (sqrt(h) + tiny), h = h)
  })
}

#' m, v: means of dp and dp dp; p <- p - rate m / (sqrt(v) + 1e-7), where rate undoes that both
#' began at 0.
#'
#' Source: D. Kingma, J. Ba, "Adam" (2015), in the order of the end of section 2.
adam <- function(learning_rate = 0.001, beta1 = 0.9, beta2 = 0.999) {
  optimizer(c("m", "v"), function(p, dp, iteration, m, v) {
    rate <- learning_rate * sqrt(1 - beta2^iteration) / (1 - beta1^iteration)
    m <- m + (1 - beta1) * (dp - m)
    v <- v + (1 - beta2) * (dp * dp - v)
    list(p = p - rate * m / (sqrt(v) + tiny), m = m, v = v)
  })
}

#' The optimizers by name: functions of their numbers.
optimizers <- list(
  sgd = sgd, momentum = momentum, nesterov = nesterov,
  adagrad = adagrad, rmsprop = rmsprop, adam = adam
)

#' An optimizer before its first update.
#'
#' update_one(p, dp, iteration, ...) gets the arrays called state_names too, all of one shape, and
#' gives them with p as they are afterwards. iteration counts the updates from 1.
optimizer <- function(state_names, update_one) {
  list(state_names = state_names, update_one = update_one, iteration = 0, state = list())
}

#' list(network = , optimizer = ), with every parameter updated; those that came stay as they are.
#'
#' gradient has dW1, db1, dW2, ..., of the parameters' shapes, as `gradient` gives them. The state
#' of a parameter begins as zeros.
update <- function(optimizer, network, gradient) {
  optimizer$iteration <- optimizer$iteration + 1
  for (i in seq_along(network$layers)) {
    for (kind in names(network$layers[[i]]$params)) {
      name <- paste0(kind, network$numbers[i])
      p <- network$layers[[i]]$params[[kind]]
      if (optimizer$iteration == 1) {
        optimizer$state[[name]] <- lapply(optimizer$state_names, function(each) array(0, dim(p)))
      }
      arguments <- list(p, gradient[[paste0("d", name)]], optimizer$iteration)
      after <- do.call(optimizer$update_one, c(arguments, optimizer$state[[name]]))
      network$layers[[i]]$params[[kind]] <- after$p
      optimizer$state[[name]] <- after[-1]
    }
  }
  list(network = network, optimizer = optimizer)
}
