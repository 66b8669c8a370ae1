# What functions of my_network.R have returned, as arrays to send; what is none is told by the function's name.

# The names in the lists that functions of my_network.R return.
returned <- list(
  affine = c("out", "dx", "dW", "db"), relu = c("out", "dx"), sigmoid = c("out", "dx"),
  softmax_with_loss = c("loss", "y", "dx"), tanh = c("out", "dx"), squared_error = c("loss", "dx"),
  batch_norm = c("out", "running_mean", "running_var", "dx", "dgamma", "dbeta"), dropout = c("out", "dx"),
  convolution = c("out", "dx", "dW", "db"), max_pooling = c("out", "dx"), gradient = c("loss", "dW", "db"),
  numerical_gradient = c("dW", "db"), gradient_layers = c("loss", "gradients"),
  momentum = c("p", "v"), nesterov = c("p", "v"), adagrad = c("p", "h"), rmsprop = c("p", "h"),
  adam = c("p", "m", "v")
)

# Of the results, those that are vectors: of other layers b, too.
vectors <- "^d?(b|gamma|beta|running_mean|running_var)[0-9]*$"

told <- function(value) {
  if (is.list(value) && is.null(names(value))) return(paste("a list of", length(value), "without names"))
  if (is.list(value)) return(toString(sub("^$", "(no name)", names(value))))
  if (is.matrix(value)) return(paste("a matrix of", typeof(value)))
  if (is.array(value) && length(dim(value)) > 1) return(paste("an array of", length(dim(value)), "dimensions"))
  if (is.numeric(value)) "a vector" else class(value)[1]
}

# A function of my_network.R returned something else.
wrong <- function(name, expected, came) refuse(name, " in my_network.R: expected ", expected, ", came ", told(came))

# Of the list that this function returned, what belongs there.
listed <- function(name, came) {
  expected <- returned[[name]]
  if (!is.list(came) || !all(expected %in% names(came))) wrong(name, toString(expected), came)
  came[expected]
}

# As they travel: a matrix as it is, a vector with its length as its one dimension, a number with none.
vector_of <- function(values) array(as.numeric(values), length(values))

# What this function returned, as it travels.
sent <- function(name, results) {
  travels <- function(key, came) {
    if (key == "loss") {
      if (is.numeric(came) && length(came) == 1) as.numeric(came) else wrong(name, "loss to be a number", came)
    } else if (grepl(vectors, key)) {
      if (is.numeric(came)) vector_of(came) else wrong(name, paste(key, "to be a vector of numbers"), came)
    } else if (name %in% c("convolution", "max_pooling")) {
      fits <- is.numeric(came) && length(dim(came)) == 4
      if (fits) came else wrong(name, paste(key, "to be an array of 4 dimensions"), came)
    } else {
      fits <- is.numeric(came) && (is.matrix(came) || length(dim(came)) == 4)
      if (fits) came else wrong(name, paste(key, "to be a matrix of numbers"), came)
    }
  }
  Map(travels, names(results), results)
}

# Of every layer W1, b1, W2, ..., or dW1, db1, ...
parameters <- function(prefix, W, b) {
  stats::setNames(c(rbind(W, b)), paste0(prefix, c("W", "b"), rep(seq_along(W), each = 2)))
}

# The reply with these arrays, checked before anything of it is written.
checked_reply <- function(arrays) {
  for (name in names(arrays)) {
    came <- arrays[[name]]
    if (!is.numeric(came)) refuse("expected ", name, " to be numbers, came ", class(came)[1])
    if (is.null(dim(came)) && length(came) != 1) refuse("expected ", name, " to be a number, came ", length(came))
  }
  reply(arrays = arrays)
}
