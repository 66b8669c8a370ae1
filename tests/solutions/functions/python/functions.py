"""The functions of user_functions.py, by other ways than there."""

import numpy as np

# YOURS: what your functions can compute in. Cases of another dtype are "not implemented".
DTYPES = ["float64", "float32"]


def ridge(X, y, penalty):
    low = np.linalg.cholesky(X.T @ X + penalty * np.eye(X.shape[1], dtype=X.dtype))
    w = np.linalg.solve(low.T, np.linalg.solve(low, X.T @ y))
    r = y - X @ w
    return {"w": w, "loss": np.sum(r * r) + penalty * np.sum(w * w)}


def outer3(a, b, c):
    out = np.einsum("i,j,k->ijk", a, b, c)
    return {"out": out, "total": np.sum(out, dtype=a.dtype)}


def pick(x, keep, order):
    out = x[order].copy()
    out[keep == 0] = 0
    return {"out": out, "count": np.count_nonzero(keep), "kept": keep}


FUNCTIONS = [ridge, outer3, pick]
