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
passes <- product_passes(case$network, case$x)
expect_identical(names(passes), c("1", "2", "3"))
expect_identical(passes$`1`$x, case$x)
expect_identical(passes$`3`$x, trace(case$network, case$x, case$t)$relu2.out)
before <- unserialize(serialize(passes, NULL))
expect_silent(products(passes, c(1, 3)))
expect_identical(passes, before)

# Of a convolution the windows are made beforehand; layers without a product have none.
layers <- list(
  new_convolution(array(1, c(3, 2, 2, 2)), array(0, 3)), new_relu(),
  new_affine(matrix(1, 3, 2), array(0, 2))
)
passes <- product_passes(network(layers), array(1, c(5, 2, 2, 2)))
expect_identical(names(passes), c("1", "2"))
expect_identical(dim(passes$`1`$windows), c(5L, 8L))

# The routines of these products in this order, on these shapes: what is called instead of each.
asked <- character()
note <- function(name, routine) {
  function(x, y) {
    asked <<- c(asked, paste0(name, "(", toString(dim(x)), "; ", toString(dim(y)), ")"))
    routine(x, y)
  }
}
routines <- list2env(list(
  `%*%` = note("x W", `%*%`), crossprod = note("t(x) dout", crossprod),
  tcrossprod = note("dout t(W)", tcrossprod)
))
watched <- function(f) {
  environment(f) <- routines
  f
}
of_affine <- watched(multiply_matrices.affine)
passes <- product_passes(case$network, case$x)
for (i in 1:2) of_affine(passes[[i]]$layer, passes[[i]], i > 1)
expect_identical(asked, c(
  "x W(5, 4; 4, 6)", "t(x) dout(5, 4; 5, 6)",
  "x W(5, 6; 6, 5)", "t(x) dout(5, 6; 5, 5)", "dout t(W)(5, 5; 6, 5)"
))
