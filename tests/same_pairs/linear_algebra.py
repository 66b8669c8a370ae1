"""Factorizations, solvers and functions of matrices."""

from __future__ import annotations

from functools import partial

import numpy as np
import scipy.linalg

from .pair import Array, Pair


# Keras pull request 22946, a QR test whose tolerance was raised from 1e-6 to 1e-5.
def qr(a: Array) -> dict[str, Array]:
    """LAPACK's, R's diagonal made positive."""
    q, r = np.linalg.qr(a)
    signs = np.sign(np.diag(r))
    return {"q": q * signs, "r": r * signs[:, None]}


def qr_by_householder(a: Array, positive: bool = True) -> dict[str, Array]:
    """Reflections, and the signs at the end."""
    m, n = a.shape
    q, r = np.eye(m), a.copy()
    for k in range(n):
        v = r[k:, k].copy()
        v[0] += np.copysign(np.linalg.norm(v), v[0])
        v /= np.linalg.norm(v)
        r[k:] -= 2 * np.outer(v, v @ r[k:])
        q[:, k:] -= 2 * np.outer(q[:, k:] @ v, v)
    signs = np.sign(np.diag(r)) if positive else np.ones(n)
    return {"q": q[:, :n] * signs, "r": np.triu(r[:n]) * signs[:, None]}


# Keras pull request 21731, an SVD test for which 1e-6 was too precise.
def singular_values(a: Array) -> Array:
    """LAPACK's."""
    return np.linalg.svd(a, compute_uv=False)


def singular_values_by_jacobi(a: Array, sweeps: int = 10) -> Array:
    """One-sided rotations until all columns are orthogonal."""
    a = a.copy()
    for _ in range(sweeps):
        for i in range(a.shape[1]):
            for j in range(i + 1, a.shape[1]):
                p, q, both = a[:, i] @ a[:, i], a[:, j] @ a[:, j], a[:, i] @ a[:, j]
                if both == 0:
                    continue
                zeta = (q - p) / (2 * both)
                t = np.copysign(1, zeta) / (abs(zeta) + np.hypot(1, zeta))
                c = 1 / np.hypot(1, t)
                a[:, i], a[:, j] = c * a[:, i] - c * t * a[:, j], c * t * a[:, i] + c * a[:, j]
    return np.sort(np.linalg.norm(a, axis=0))[::-1]


# Stan math issue 902, where tolerances of matrix_exp went from 1e-10 to 1e-6.
def expm(a: Array, terms: int = 18) -> Array:
    """A Taylor series of a / 64, squared six times."""
    a = a / 64
    total = term = np.eye(len(a))
    for k in range(1, terms):
        term = term @ a / k
        total = total + term
    for _ in range(6):
        total = total @ total
    return total


# SciPy issue 4907, solve_toeplitz compared with the generic solver at 1e-7.
def toeplitz(c: Array, r: Array, b: Array) -> Array:
    """The matrix written out, and solved."""
    n = len(c)
    a = np.zeros((n, n))
    for i in range(n):
        for j in range(n):
            a[i, j] = c[i - j] if i >= j else r[j - i]
    return np.linalg.solve(a, b)


# JAX pull request 8847 and issue 8846, the tolerance of slogdet's gradient.
def logdet(a: Array) -> dict[str, Array]:
    """With its gradient."""
    return {"value": np.linalg.slogdet(a)[1], "gradient": np.linalg.inv(a).T}


def logdet_by_lu(a: Array) -> dict[str, Array]:
    """Gauss's elimination beside the identity, with pivots."""
    n = len(a)
    both = np.hstack([a, np.eye(n)])
    value = 0.0
    for k in range(n):
        pivot = k + int(np.argmax(abs(both[k:, k])))
        both[[k, pivot]] = both[[pivot, k]]
        value += np.log(abs(both[k, k]))
        both[k] /= both[k, k]
        rest = np.arange(n) != k
        both[rest] -= np.outer(both[rest, k], both[k])
    return {"value": np.asarray(value), "gradient": both[:, n:].T}


# SciPy pull request 6891, solve_discrete_are after its test's precision had been tightened.
def riccati(a: Array, b: Array, q: Array, r: Array, doublings: int = 7) -> Array:
    """The discrete algebraic Riccati equation, by doubling."""
    g, h, one = b @ np.linalg.solve(r, b.T), q, np.eye(len(a))
    for _ in range(doublings):
        w = one + g @ h
        left = np.linalg.solve(w, a)
        a, g, h = a @ left, g + a @ np.linalg.solve(w, g) @ a.T, h + a.T @ h @ left
    return h


# CuPy pull request 4159, polyfit with weights.
def polyfit(x: Array, y: Array, w: Array, degree: int) -> Array:
    """Least squares on powers."""
    v = np.vander(x, degree + 1)
    return np.linalg.lstsq(v * w[:, None], y * w, rcond=None)[0]


def polyfit_by_recurrence(x: Array, y: Array, w: Array, degree: int) -> Array:
    """Forsythe's: polynomials that are orthogonal on the points."""
    w2 = w**2
    before, now = np.zeros_like(x), np.ones_like(x)
    powers_before, powers = np.zeros(degree + 1), np.zeros(degree + 1)
    powers[0] = 1.0
    found, norm_before = np.zeros(degree + 1), 1.0
    for k in range(degree + 1):
        norm = w2 @ now**2
        found += (w2 * now) @ y / norm * powers
        alpha, beta = (w2 * x) @ now**2 / norm, norm / norm_before if k else 0.0
        before, now = now, (x - alpha) * now - beta * before
        powers_before, powers = powers, np.roll(powers, 1) - alpha * powers - beta * powers_before
        norm_before = norm
    return found[::-1]


# statsmodels issues 566 and 3585, QR or the pseudoinverse for linear models.
def ols(x: Array, y: Array) -> dict[str, Array]:
    """Coefficients, and their standard errors."""
    inverse = np.linalg.pinv(x)
    b = inverse @ y
    e = y - x @ b
    variance = e @ e / (len(y) - x.shape[1])
    return {"b": b, "se": np.sqrt(variance * (inverse * inverse).sum(axis=1))}


def ols_by_givens(x: Array, y: Array, lost: int | None = None) -> dict[str, Array]:
    """Rotations of X beside y."""
    n, k = x.shape
    a = np.column_stack([x, y])
    for j in range(k):
        for i in range(n - 1, j, -1):
            c, s = a[i - 1, j], a[i, j]
            h = np.hypot(c, s)
            rotation = np.array([[c, s], [-s, c]]) / h
            a[i - 1 : i + 1] = rotation @ a[i - 1 : i + 1]
    r, variance = a[:k, :k], (a[k:, k] ** 2).sum() / (n - (k if lost is None else lost))
    inverse = scipy.linalg.solve_triangular(r, np.eye(k))
    return {"b": inverse @ a[:k, k], "se": np.sqrt(variance * (inverse**2).sum(axis=1))}


def _stable(g: np.random.Generator) -> tuple[Array, ...]:
    a, b = g.normal(size=(4, 4)), g.normal(size=(4, 2))
    return a / abs(np.linalg.eigvals(a)).max() * 0.8, b, np.eye(4), np.eye(2)


LINEAR_ALGEBRA = {
    "qr": Pair(qr, qr_by_householder, partial(qr_by_householder, positive=False), lambda g: (g.normal(size=(9, 5)),)),
    "singular_values": Pair(
        singular_values,
        singular_values_by_jacobi,
        partial(singular_values_by_jacobi, sweeps=3),
        lambda g: (g.normal(size=(12, 6)),),
        hidden=True,
    ),
    "expm": Pair(
        expm, scipy.linalg.expm, partial(expm, terms=5), lambda g: (0.3 * g.normal(size=(6, 6)),), hidden=True
    ),
    "toeplitz": Pair(
        toeplitz,
        lambda c, r, b: scipy.linalg.solve_toeplitz((c, r), b),
        lambda c, r, b: scipy.linalg.solve_toeplitz((r, c), b),
        lambda g: ((c := 0.6 ** np.arange(8)) + 0.1 * g.random(8) * (c < 1), c, g.normal(size=8)),
    ),
    "logdet": Pair(
        logdet,
        logdet_by_lu,
        lambda a: {**logdet_by_lu(a), "gradient": np.linalg.inv(a)},
        lambda g: (g.normal(size=(6, 6)),),
    ),
    "riccati": Pair(riccati, scipy.linalg.solve_discrete_are, partial(riccati, doublings=3), _stable, hidden=True),
    "polyfit": Pair(
        polyfit,
        polyfit_by_recurrence,
        lambda x, y, w, degree: polyfit_by_recurrence(x, y, np.sqrt(w), degree),
        lambda g: (np.linspace(-1, 1.3, 25), g.normal(size=25), 0.5 + g.random(25), 5),
    ),
    "ols": Pair(
        ols,
        ols_by_givens,
        partial(ols_by_givens, lost=0),
        lambda g: (np.column_stack([np.ones(20), g.normal(size=(20, 3))]), g.normal(size=20)),
    ),
}
