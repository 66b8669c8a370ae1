"""A reference file as a user has one. tests/solutions/functions has its ports."""

import numpy as np
from gradparity import booleans, function, integers, positive


@function(X="n d", y="n", penalty=positive())
def ridge(X, y, penalty):
    """Ridge regression."""
    w = np.linalg.solve(X.T @ X + penalty * np.eye(X.shape[1]), X.T @ y)
    r = X @ w - y
    return {"w": w, "loss": r @ r + penalty * (w @ w)}


@function(a="n", b="m", c="k", sizes={"n": range(60), "m": range(1, 400), "k": range(1, 400)})
def outer3(a, b, c):
    """All products of an element of each, and their sum."""
    out = a[:, None, None] * b[:, None] * c
    return {"out": out, "total": out.sum()}


@function(x="n c h w", keep=booleans("n"), order=integers("n", 0, "n"))
def pick(x, keep, order):
    """Rows in another order, 0 where they are not kept."""
    return {"out": np.where(keep[:, None, None, None], x[order], 0), "count": np.sum(keep), "kept": keep}
