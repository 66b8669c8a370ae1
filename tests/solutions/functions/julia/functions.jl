# The functions of reference.py, and the one file to open: what is left to you is marked YOURS.
#
# Arguments are Arrays of Float64 or Float32, of Int32, or of Bool, in the shapes that the comments say; those without a
# shape are numbers. Do not change them. Integers stay as they are in Python: if they are indices, they count from 0.
# Return a named tuple of the results. An exception is reported as an error. Your code can be elsewhere: include it here,
# and call it.

using LinearAlgebra

# YOURS: what your functions can compute in. Cases of another dtype are "not implemented".
const DTYPES = ["float64", "float32"]

"""
    ridge(X[n, d], y[n], penalty) -> w[d], loss

Ridge regression with its gradient.
"""
function ridge(X, y, penalty)
    w = cholesky(Symmetric(X'X + penalty * I)) \ X'y
    return (w = w, loss = sum(abs2, X * w - y) + penalty * sum(abs2, w))
end

"""
    outer3(a[n], b[m], c[k]) -> out[n, m, k], total

a[i] b[j] c[k], and the sum.
"""
function outer3(a, b, c)
    out = [ai * bj * ck for ai in a, bj in b, ck in c]
    return (out = out, total = sum(out))
end

"""
    pick(x[n, c, h, w], keep[n], order[n]) -> out[n, c, h, w], count, kept[n]

The rows of x that keep names, and how many.
"""
function pick(x, keep, order)
    out = x[order .+ 1, :, :, :]
    out[.!keep, :, :, :] .= 0
    return (out = out, count = count(keep), kept = keep)
end

# The functions that gradparity may call.
const FUNCTIONS = [:ridge, :outer3, :pick]
