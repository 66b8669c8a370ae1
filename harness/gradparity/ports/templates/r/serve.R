# The plumbing between gradparity and my_network.R. You need not open this file.
#
# It has an environment of its own, so that what my_network.R sources may have any names.

options(warn = 1)
output <- file("/dev/fd/3", "wb", raw = TRUE)
sys.source("wire.R", environment())
mine <- new.env(parent = globalenv())
options(keep.source = TRUE) # else an error has no line
sys.source("my_network.R", mine, keep.source = TRUE)

# The names in the lists that functions of my_network.R return.
returned <- list(
  affine = c("out", "dx", "dW", "db"), relu = c("out", "dx"), sigmoid = c("out", "dx"),
  softmax_with_loss = c("loss", "y", "dx"), gradient = c("loss", "dW", "db")
)
kinds <- setdiff(names(returned), "gradient")

# The arrays that came last, to be given back by inputs; the loaded network, its batch and its labels; sets of images.
port <- new.env()
port$last <- list()
port$sets <- list()

refuse <- function(...) stop(..., call. = FALSE)

# Answered as "unsupported".
unsupported <- function(...) {
  stop(structure(class = c("unsupported", "error", "condition"), list(message = paste0(...), call = NULL)))
}

has <- function(...) all(c(...) %in% mine$written)

need <- function(...) {
  for (name in setdiff(c(...), mine$written)) {
    unsupported(name, " is not written yet: fill it in in my_network.R, and add it to `written` there")
  }
}

field <- function(request, key) {
  if (!key %in% names(request$fields)) refuse("expected the field ", key, " in the request ", request$word)
  request$fields[[key]]
}

number <- function(request, key) as.numeric(field(request, key))

# A matrix, or a vector without dimensions.
given <- function(request, name) {
  array <- request$arrays[[name]]
  if (is.null(array)) refuse("expected the array ", name, " in the request ", request$word)
  if (length(dim(array)) == 1) as.vector(array) else array
}

# Labels from 1, from numbers from 0 or from one-hot rows.
labels_of <- function(t) if (is.matrix(t)) max.col(t, "first") else as.integer(t) + 1L

told <- function(value) {
  if (is.list(value) && is.null(names(value))) return(paste("a list of", length(value), "without names"))
  if (is.list(value)) return(toString(sub("^$", "(no name)", names(value))))
  if (is.matrix(value)) return(paste("a matrix of", typeof(value)))
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
    } else if (grepl("^d?b", key)) {
      if (is.numeric(came)) vector_of(came) else wrong(name, paste(key, "to be a vector of numbers"), came)
    } else {
      if (is.numeric(came) && is.matrix(came)) came else wrong(name, paste(key, "to be a matrix of numbers"), came)
    }
  }
  Map(travels, names(results), results)
}

parameters <- function(prefix, W, b) {
  stats::setNames(c(rbind(W, b)), paste0(prefix, c("W", "b"), rep(seq_along(W), each = 2)))
}

loaded <- function() if (is.null(port$net)) refuse("expected a case to be loaded") else port$net

accuracy_of <- function(out, t) mean(max.col(out, "first") == t)

hello <- function() {
  unknown <- setdiff(mine$written, ls(mine))
  if (length(unknown)) refuse("`written` in my_network.R: expected functions of that file, came ", toString(unknown))
  layers <- intersect(kinds, mine$written)
  operations <- c(
    "hello", "load",
    if (length(mine$written)) c("inputs", "null", "time"),
    if (length(layers)) "layer",
    if (has("predict_logits")) c("predict", "accuracy"),
    if (has("gradient")) "gradient",
    if (has("sgd")) "update",
    if (has("predict_logits", "gradient", "sgd")) c("data", "train", "params", "evaluate")
  )
  c(
    name = "PORT_NAME", language = "R", version = paste(R.version$major, R.version$minor, sep = "."),
    blas = "R's", threads = "1", dtypes = "float64", layers = paste(layers, collapse = ","),
    operations = paste(operations, collapse = ","), optimizers = if (has("sgd")) "sgd" else "",
    epsilon = as.character(mine$loss_epsilon)
  )
}

# The call of a layer, ready to be made any number of times.
layer <- function(request) {
  kind <- field(request, "kind")
  if (!kind %in% kinds) unsupported("no layer ", kind)
  need(kind)
  port$last <- request$arrays
  x <- given(request, "x")
  arguments <- switch(kind,
    affine = list(x, given(request, "W"), given(request, "b"), given(request, "dout")),
    softmax_with_loss = list(x, labels_of(given(request, "t")), number(request, "epsilon")),
    list(x, given(request, "dout"))
  )
  call <- mine[[kind]]
  function() do.call(call, arguments)
}

# A gradient, and the update of every parameter: the network after it, and the loss before it.
step <- function(net, x, t, rate) {
  found <- listed("gradient", mine$gradient(net, x, t))
  update <- function(p, dp) mine$sgd(p, dp, rate)
  net$W <- Map(update, net$W, found$dW)
  net$b <- Map(update, net$b, found$db)
  list(net = net, loss = as.numeric(found$loss))
}

rate_of <- function(request) {
  optimizer <- field(request, "optimizer")
  if (optimizer != "sgd") unsupported("no optimizer ", optimizer)
  need("sgd")
  number(request, "learning_rate")
}

now <- function() as.numeric(Sys.time()) * 1e9

timed <- function(request) {
  operation <- field(request, "operation")
  net <- port$net
  switch(operation,
    null = function() NULL,
    layer = layer(request),
    predict = {
      need("predict_logits")
      function() mine$predict_logits(net, port$x)
    },
    gradient = {
      need("gradient")
      function() mine$gradient(net, port$x, port$t)
    },
    train_step = {
      need("gradient")
      rate <- rate_of(request)
      function() step(net, port$x, port$t, rate)
    },
    unsupported("no operation ", operation, " to time")
  )
}

# The set of this name, which must fit the loaded network.
images <- function(name) {
  set <- port$sets[[name]]
  net <- loaded()
  fits <- !is.null(set) && ncol(set$pixels) == nrow(net$W[[1]]) && max(set$labels) <= ncol(net$W[[length(net$W)]])
  if (!fits) refuse("expected the set ", name, ", with images and labels that fit the loaded network")
  set
}

rows_of <- function(set, rows) {
  if (any(rows < 1 | rows > length(set$labels))) refuse("expected rows of the set")
  list(x = set$pixels[rows, , drop = FALSE] / set$scale, t = set$labels[rows])
}

operations <- list(
  load = function(request) {
    if (field(request, "dtype") != "float64") unsupported("no ", field(request, "dtype"))
    layers <- seq_len(length(strsplit(field(request, "sizes"), ",")[[1]]) - 1)
    of <- function(prefix) lapply(paste0(prefix, layers), function(name) given(request, name))
    net <- list(
      W = of("W"), b = of("b"), activation = field(request, "activation"), epsilon = number(request, "epsilon")
    )
    supported <- mine$supports(net)
    if (!isTRUE(supported) && !isFALSE(supported)) wrong("supports", "TRUE or FALSE", supported)
    if (!supported) unsupported("no such network: supports in my_network.R says so")
    port$net <- net
    port$x <- given(request, "x")
    port$t <- labels_of(given(request, "t"))
    port$last <- request$arrays
    list()
  },
  layer = function(request) {
    kind <- field(request, "kind")
    sent(kind, listed(kind, layer(request)()))
  },
  inputs = function(request) port$last,
  null = function(request) list(),
  predict = function(request) {
    need("predict_logits")
    net <- loaded() # first, as R evaluates an argument only where it is used
    sent("predict_logits", list(out = mine$predict_logits(net, port$x)))
  },
  accuracy = function(request) {
    need("predict_logits")
    net <- loaded()
    list(accuracy = accuracy_of(mine$predict_logits(net, port$x), port$t))
  },
  gradient = function(request) {
    need("gradient")
    net <- loaded()
    found <- listed("gradient", mine$gradient(net, port$x, port$t))
    for (key in c("dW", "db")) {
      fits <- is.list(found[[key]]) && length(found[[key]]) == length(net$W)
      if (!fits) wrong("gradient", paste(key, "to be a list, one for each layer"), found[[key]])
    }
    sent("gradient", c(found["loss"], parameters("d", found$dW, found$db)))
  },
  time = function(request) {
    call <- timed(request)
    took <- vapply(seq_len(number(request, "samples")), function(i) {
      begin <- now()
      for (k in seq_len(number(request, "calls"))) call()
      now() - begin
    }, 0)
    list(nanoseconds = vector_of(took))
  },
  data = function(request) {
    pixels <- given(request, "images")
    shape <- dim(pixels)
    port$sets[[field(request, "set")]] <- list(
      pixels = matrix(as.integer(pixels), shape[1], shape[2]), labels = labels_of(given(request, "labels")),
      scale = number(request, "scale")
    )
    list()
  },
  train = function(request) {
    need("gradient")
    rate <- rate_of(request)
    set <- images("train")
    batches <- given(request, "batches") + 1L
    begin <- now()
    losses <- vapply(seq_len(nrow(batches)), function(i) {
      batch <- rows_of(set, batches[i, ])
      done <- step(port$net, batch$x, batch$t, rate)
      port$net <- done$net
      done$loss
    }, 0)
    list(loss = vector_of(losses), nanoseconds = now() - begin)
  },
  params = function(request) sent("sgd", parameters("", loaded()$W, port$net$b)),
  evaluate = function(request) {
    need("predict_logits", "gradient")
    set <- images(field(request, "set"))
    all <- rows_of(set, seq_along(set$labels))
    out <- mine$predict_logits(port$net, all$x)
    list(loss = as.numeric(mine$gradient(port$net, all$x, all$t)$loss), accuracy = accuracy_of(out, all$t))
  },
  update = function(request) {
    rate <- rate_of(request)
    list(p = mine$sgd(given(request, "p"), given(request, "dp"), rate))
  }
)

# Checked before anything is written.
numeric_arrays <- function(arrays) {
  for (name in names(arrays)) {
    came <- arrays[[name]]
    if (!is.numeric(came)) refuse("expected ", name, " to be numbers, came ", class(came)[1])
    if (is.null(dim(came)) && length(came) != 1) refuse("expected ", name, " to be a number, came ", length(came))
  }
  arrays
}

# Writes to stderr where an error came from: the lines of your files, the innermost last. Only these have a srcref.
trace <- function(error) {
  places <- Filter(Negate(is.null), lapply(sys.calls(), attr, "srcref"))
  lines <- vapply(places, function(place) {
    sprintf("    %s:%d: %s", basename(attr(place, "srcfile")$filename), place[1], trimws(as.character(place)[1]))
  }, "")
  if (length(lines)) writeLines(c(paste("Error:", conditionMessage(error)), utils::tail(unique(lines), 5)), stderr())
}

answer <- function(request) {
  word <- request$word
  tryCatch(
    withCallingHandlers(
      {
        if (word == "hello") return(list(word = "ok", fields = hello(), arrays = list()))
        if (!word %in% names(operations)) unsupported("no operation ", word)
        list(word = "ok", fields = character(), arrays = numeric_arrays(operations[[word]](request)))
      },
      error = trace
    ),
    error = function(e) {
      kind <- if (inherits(e, "unsupported")) "unsupported" else "error"
      list(word = kind, fields = c(message = substr(conditionMessage(e), 1, 1000)), arrays = list())
    }
  )
}

input <- file("stdin", "rb")
while (!is.null(request <- read_message(input))) {
  reply <- answer(request)
  write_message(output, reply$word, reply$fields, reply$arrays)
}
