# One affine layer and one parameter: the loss is log(1 + exp(-w)), known in closed form.
net <- dense(list(matrix(c(0.3, 0), 1, 2)), list(array(c(0, 0))))
x <- matrix(1, 1, 1)
slopes <- central_difference(net, x, array(0L), 1e-5)
expect_identical(names(slopes), c("dW1", "db1"))
expect_equal(slopes$dW1, matrix(c(-1, 1) / (1 + exp(0.3)), 1, 2), tolerance = 1e-9)
expect_equal(slopes$db1, array(c(-1, 1) / (1 + exp(0.3))), tolerance = 1e-9)

# It is the quotient that it says, of this step: with a large one it is far from the derivative.
f <- function(w) log(1 + exp(-w))
coarse <- central_difference(net, x, array(0L), 2)
expect_equal(coarse$dW1[[1]], (f(2.3) - f(-1.7)) / 4)

# Each parameter is put back: what comes after it sees the same network.
case <- example_case(c(4, 6, 3))
before <- unserialize(serialize(case, NULL))
first <- central_difference(case$network, case$x, case$t, 0.1)
expect_identical(case, before)
expect_identical(central_difference(case$network, case$x, case$t, 0.1), first)
alone <- case$network
alone$layers$affine2$params$b[[3]] <- alone$layers$affine2$params$b[[3]] + 0.1
above <- loss(alone, case$x, case$t)
alone$layers$affine2$params$b[[3]] <- params(case$network)$b2[[3]] - 0.1
below <- loss(alone, case$x, case$t)
expect_identical(first$db2[[3]], (above - below) / (2 * 0.1))
