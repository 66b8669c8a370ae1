# The clock is around the calls alone, and all of them: so many, and as long as they last.
counted <- 0
took <- elapsed(function() counted <<- counted + 1, 3, 4)
expect_identical(counted, 12)
expect_identical(dim(took), 4L)
expect_true(is.double(took) && all(took >= 0))
start <- unclass(Sys.time())
took <- elapsed(function() Sys.sleep(0.002), 5, 3)
expect_true(all(took >= 5 * 2e6), info = "nanoseconds of all calls together")
expect_true(sum(took) <= 1e9 * (unclass(Sys.time()) - start) + 1, info = toString(took))
expect_identical(elapsed(function() NULL, 1, 0), array(0, 0))

# The clock's step is below a microsecond.
steps <- diff(sort(elapsed(function() NULL, 1, 1000)))
expect_true(min(steps[steps > 0]) < 1000)

# The products are those of the gradient's layers, each with its own input.
case <- example_case(c(4, 6, 5, 3))
inputs <- layer_inputs(case$network, case$x)
expect_identical(inputs[[1]], case$x)
expect_identical(vapply(inputs, ncol, 1L), c(4L, 6L, 5L))
expect_identical(inputs[[3]], trace(case$network, case$x, case$t)$relu2.out)
before <- unserialize(serialize(case, NULL))
expect_silent(products(case$network, inputs, c(1, 3)))
expect_identical(case, before)
expect_error(products(case$network, inputs, 4), info = "there are three affine layers")

# The routines of these products in this order, on these shapes: what is called instead of each.
asked <- character()
note <- function(name, routine) {
  function(x, y) {
    asked <<- c(asked, paste0(name, "(", toString(dim(x)), "; ", toString(dim(y)), ")"))
    routine(x, y)
  }
}
watched <- products
environment(watched) <- list2env(list(
  `%*%` = note("x W", `%*%`), crossprod = note("t(x) dout", crossprod),
  tcrossprod = note("dout t(W)", tcrossprod)
))
watched(case$network, inputs, 1:2)
expect_identical(asked, c(
  "x W(5, 4; 4, 6)", "t(x) dout(5, 4; 5, 6)",
  "x W(5, 6; 6, 5)", "t(x) dout(5, 6; 5, 5)", "dout t(W)(5, 5; 6, 5)"
))
