"""Right in the textbook, and less accurate than the reference: rightly refused. ``exact`` is for long double."""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy.linalg
import scipy.signal

from .linear_algebra import expm, polyfit, polyfit_by_recurrence, qr_by_householder
from .pair import Array
from .signals import similarity
from .statistics import haversine, rolling_variance, rolling_variance_by_updates


# SciPy issue 22390: by FFT each element has the error of the largest.
def convolution(a: Array, b: Array) -> Array:
    """Its sum."""
    found = np.zeros(len(a) + len(b) - 1, a.dtype)
    for k in range(len(b)):
        found[k : k + len(a)] = found[k : k + len(a)] + a * b[k]
    return found


# cuDF issue 16444.
def rolling_variance_by_squares(x: Array, size: int) -> Array:
    """The squares' mean less the mean's square."""
    s, q = (np.convolve(one, np.ones(size), "valid") for one in (x, x * x))
    return (q - s * s / size) / (size - 1)


# scikit-image's structural_similarity: mean squares less squared means, where the contrast is low.
def similarity_centred(a: Array, b: Array, size: int) -> Array:
    """Variances of what is left of the mean."""
    p, q = (np.lib.stride_tricks.sliding_window_view(one, (size, size)) for one in (a, b))
    u, v = p.mean(axis=(-2, -1)), q.mean(axis=(-2, -1))
    p, q = p - u[..., None, None], q - v[..., None, None]
    aa, bb, ab = (one.mean(axis=(-2, -1)) for one in (p * p, q * q, p * q))
    c1, c2 = 0.01**2, 0.03**2
    return (2 * u * v + c1) * (2 * ab + c2) / ((u**2 + v**2 + c1) * (aa + bb + c2))


# osmnx pull request 131: an arc cosine near 1.
def law_of_cosines(a: Array, b: Array) -> Array:
    """Great circles by the spherical law of cosines."""
    (p, k), (q, m) = (np.moveaxis(one * np.pi / 180, -1, 0) for one in (a, b))
    return 6371 * np.arccos(np.sin(p) * np.sin(q) + np.cos(p) * np.cos(q) * np.cos(m - k))


# statsmodels issue 1662, Longley's data: X'X has the square of X's condition.
def polyfit_by_normal_equations(x: Array, y: Array, w: Array, degree: int) -> Array:
    """A system of X'X."""
    v = np.vander(x, degree + 1) * w[:, None]
    return np.linalg.solve(v.T @ v, v.T @ (y * w))


# Keras pull request 22946 again: of a column's small elements Householder's reflections know what the large ones leave.
def qr_by_projections(a: Array) -> dict[str, Array]:
    """Modified Gram-Schmidt."""
    q, r = a.copy(), np.zeros((a.shape[1], a.shape[1]))
    for k in range(a.shape[1]):
        r[k, k] = np.sqrt((q[:, k] ** 2).sum())
        q[:, k] = q[:, k] / r[k, k]
        r[k, k + 1 :] = q[:, k] @ q[:, k + 1 :]
        q[:, k + 1 :] = q[:, k + 1 :] - np.outer(q[:, k], r[k, k + 1 :])
    return {"q": q, "r": r}


def _near(g: np.random.Generator) -> tuple[Array, ...]:
    a = np.stack([120 * g.random(12) - 60, 360 * g.random(12) - 180], axis=1)
    return a, a + 1e-4 * g.normal(size=(12, 2))


# Reference, other, exact, inputs.
REFUSED: dict[str, tuple[Any, Any, Any, Any]] = {
    "convolution by FFT, a kernel that decays": (
        convolution, scipy.signal.fftconvolve, convolution,
        lambda g: (g.normal(size=60), np.exp(-np.arange(20.0)) * g.normal(size=20)),
    ),
    "rolling variance by updates, the mean 2000 deviations": (
        rolling_variance, rolling_variance_by_updates, rolling_variance, lambda g: (2e3 + g.normal(size=40), 8),
    ),
    "rolling variance by squares, the same": (
        rolling_variance, rolling_variance_by_squares, rolling_variance, lambda g: (2e3 + g.normal(size=40), 8),
    ),
    "similarity by mean squares, little contrast": (
        similarity_centred, similarity, similarity_centred,
        lambda g: (0.5 + 0.02 * g.random((16, 18)), 0.5 + 0.02 * g.random((16, 18)), 7),
    ),
    "law of cosines, 10 m": (haversine, law_of_cosines, haversine, _near),
    "normal equations, degree 9": (
        polyfit, polyfit_by_normal_equations, polyfit_by_recurrence,
        lambda g: (np.linspace(-1, 1.3, 25), g.normal(size=25), 0.5 + g.random(25), 9),
    ),
    "SciPy's expm, a norm of 6": (
        expm, scipy.linalg.expm, expm, lambda _: (np.random.default_rng(14).normal(size=(6, 6)),),
    ),
    "Householder beside Gram-Schmidt, where the first column has a small element": (
        qr_by_projections, qr_by_householder, qr_by_projections,
        lambda g: (np.vstack([1e-4 * g.normal(size=(1, 5)), g.normal(size=(8, 5))]),),
    ),
}  # fmt: skip
