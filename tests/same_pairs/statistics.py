"""Moments, distances, likelihoods and filters of time series."""

from __future__ import annotations

import math
from functools import partial

import numpy as np
import scipy.stats

from .pair import Array, Pair


# pandas pull requests 6817 and 37055, rolling variances by Welford's updates.
def rolling_variance(x: Array, size: int) -> Array:
    """In two passes, window by window."""
    windows = np.lib.stride_tricks.sliding_window_view(x, size)
    centred = windows - windows.mean(axis=1, keepdims=True)
    return (centred**2).sum(axis=1) / (size - 1)


def rolling_variance_by_updates(x: Array, size: int, new_mean: bool = False) -> Array:
    """One number comes, one goes, each of which has its own mean."""
    mean = x[:size].sum() / size
    squares = ((x[:size] - mean) ** 2).sum()
    found = [squares / (size - 1)]
    for new, old in zip(x[size:], x, strict=False):
        before = mean
        mean = mean + (new - old) / size
        squares += (new - old) * (new - mean + old - (mean if new_mean else before))
        found.append(squares / (size - 1))
    return np.array(found)


# SciPy pull request 15905 and issue 11086, the precision of skew and kurtosis.
def shape(x: Array, ddof: int = 0) -> dict[str, Array]:
    """Skewness and kurtosis by central moments."""
    c = x - x.mean(axis=0)
    sigma = np.sqrt((c**2).sum(axis=0) / (len(x) - ddof))
    return {"skew": ((c / sigma) ** 3).mean(axis=0), "kurtosis": ((c / sigma) ** 4).mean(axis=0) - 3}


# SciPy issue 18295 and pull request 21597, logsumexp where one term is much larger.
def logsumexp(x: Array) -> Array:
    """The largest first, and then the logarithm."""
    top = x.max(axis=-1, keepdims=True)
    return (top + np.log(np.exp(x - top).sum(axis=-1, keepdims=True)))[..., 0]


# scikit-learn issue 29989, GaussianMixture's log-probabilities are inaccurate.
def normal_logpdf(x: Array, mean: Array, cov: Array) -> Array:
    """By the inverse and the determinant."""
    c = x - mean
    distance = (c @ np.linalg.inv(cov) * c).sum(axis=1)
    return -0.5 * (distance + np.log(np.linalg.det(cov)) + len(mean) * np.log(2 * np.pi))


def normal_logpdf_by_cholesky(x: Array, mean: Array, cov: Array) -> Array:
    """By a triangle, as scikit-learn's GaussianMixture."""
    root = np.linalg.cholesky(cov)
    z = np.zeros_like(x)
    for i in range(len(mean)):
        z[:, i] = (x[:, i] - mean[i] - z[:, :i] @ root[i, :i]) / root[i, i]
    return -0.5 * (z**2).sum(axis=1) - np.log(np.diag(root)).sum() - len(mean) / 2 * math.log(2 * math.pi)


# statsmodels issue 6468, the multivariate filter beside the univariate one, at 1e-7; issue 1067, when it has converged.
def kalman(y: Array, F: Array, H: Array, Q: Array, r: Array) -> dict[str, Array]:
    """States and the log-likelihood."""
    x, P, loglik, states = np.zeros(len(F)), np.eye(len(F)), np.zeros(()), []
    for z in y:
        x, P = F @ x, F @ P @ F.T + Q
        S, e = H @ P @ H.T + np.diag(r), z - H @ x
        K = np.linalg.solve(S, H @ P).T
        loglik = loglik - 0.5 * (e @ np.linalg.solve(S, e) + np.log(np.linalg.det(S)) + len(z) * np.log(2 * np.pi))
        x, P = x + K @ e, P - K @ H @ P
        states.append(x)
    return {"x": np.array(states), "loglik": loglik}


def kalman_univariate(y: Array, F: Array, H: Array, Q: Array, r: Array, steady: float = 0.0) -> dict[str, Array]:
    """One observation after the other. What moves less than ``steady`` is taken for converged."""
    x, P, loglik, states = np.zeros(len(F)), np.eye(len(F)), 0.0, []
    predicted, moving = P, True
    for z in y:
        x = F @ x
        before, predicted = predicted, F @ P @ F.T + Q if moving else predicted
        moving = moving and bool(abs(predicted - before).max() > steady)
        P = predicted
        for one, h, noise in zip(z, H, r, strict=True):
            m = P @ h
            s, e = h @ m + noise, one - h @ x
            loglik -= 0.5 * (math.log(2 * math.pi * s) + e * e / s)
            x, P = x + m * e / s, P - np.outer(m, m) / s
        states.append(x)
    return {"x": np.array(states), "loglik": np.asarray(loglik)}


# hmmlearn pull request 426, "scaling" beside "log".
def hidden_markov(start: Array, move: Array, emission: Array, seen: Array) -> Array:
    """The log-likelihood, forwards in logarithms."""
    log = np.log(start) + np.log(emission[:, seen[0]])
    for one in seen[1:]:
        terms = log[:, None] + np.log(move)
        top = terms.max(axis=0)
        log = top + np.log(np.exp(terms - top).sum(axis=0)) + np.log(emission[:, one])
    return log.max() + np.log(np.exp(log - log.max()).sum())


def hidden_markov_scaled(start: Array, move: Array, emission: Array, seen: Array, floor: float = 0.0) -> Array:
    """In probabilities, of which each step's sum is taken out."""
    forward, found = start * emission[:, seen[0]], 0.0
    for one in seen[1:]:
        found += math.log(forward.sum() + floor)
        forward = (forward / forward.sum()) @ move * emission[:, one]
    return np.asarray(found + math.log(forward.sum() + floor))


# pandas pull request 41267, another engine for ewm().mean(), and numbagg's.
def weighted_past(x: Array, alpha: float) -> Array:
    """Weights (1 - alpha)^age, normalized."""
    found = np.zeros(len(x))
    for t in range(len(x)):
        w = (1 - alpha) ** np.arange(t, -1, -1)
        found[t] = w @ x[: t + 1] / w.sum()
    return found


def weighted_past_by_recurrence(x: Array, alpha: float, horizon: int | None = None) -> Array:
    """The sums carried on, or cut off where the weights are small."""
    if horizon:
        w = (1 - alpha) ** np.arange(horizon)
        return np.convolve(x, w)[: len(x)] / np.convolve(np.ones(len(x)), w)[: len(x)]
    top, bottom, found = 0.0, 0.0, []
    for one in x:
        top, bottom = one + (1 - alpha) * top, 1 + (1 - alpha) * bottom
        found.append(top / bottom)
    return np.array(found)


# xarray issues 1346 and 2370: bottleneck's float32 means. Here with weights and gaps, as DataArray.weighted.
def gappy_mean(x: Array, w: Array) -> Array:
    """Of what there is, along the last axis."""
    there = ~np.isnan(x)
    return (np.where(there, x, 0) * w).sum(axis=-1) / (there * w).sum(axis=-1)


def gappy_mean_in_blocks(x: Array, w: Array, count_all: bool = False) -> Array:
    """Accumulated in float64, block by block, and rounded at the end."""
    top = bottom = np.zeros(x.shape[:-1])
    for k in range(0, x.shape[-1], 64):
        part, weights = x[..., k : k + 64].astype(np.float64), w[k : k + 64].astype(np.float64)
        top = top + np.einsum("...i,i", np.nan_to_num(part), weights)
        bottom = bottom + (np.isfinite(part) | count_all) @ weights
    return (top / bottom).astype(x.dtype)


# SciPy issue 16456, test_pdist_correlation_iris_nonC, off by 5e-8.
def correlation_distance(x: Array) -> Array:
    """1 - r, of each pair of rows."""
    c = x - x.mean(axis=1, keepdims=True)
    norm = np.sqrt((c**2).sum(axis=1))
    return 1 - c @ c.T / np.outer(norm, norm)


def correlation_distance_by_difference(x: Array, eps: float = 0.0) -> Array:
    """Half the square of the difference of unit vectors."""
    c = x - x.mean(axis=1, keepdims=True)
    c /= np.linalg.norm(c, axis=1, keepdims=True) + eps
    return np.square(c[:, None] - c).sum(axis=-1) / 2


# osmnx pull request 131, haversines for short distances.
def haversine(a: Array, b: Array) -> Array:
    """Great circles on a sphere of 6371 km; latitudes and longitudes in degrees."""
    p, q = a * np.pi / 180, b * np.pi / 180
    h = np.sin((q[:, 0] - p[:, 0]) / 2) ** 2
    h = h + np.cos(p[:, 0]) * np.cos(q[:, 0]) * np.sin((q[:, 1] - p[:, 1]) / 2) ** 2
    return 2 * 6371 * np.arcsin(np.sqrt(h))


def haversine_by_chord(a: Array, b: Array, pi: float = math.pi) -> Array:
    """Straight through the sphere, and back to the arc."""
    p, q = (
        np.stack([np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)], axis=1)
        for lat, lon in (np.moveaxis(one * (pi / 180), -1, 0) for one in (a, b))
    )
    return 2 * 6371 * np.arctan2(np.linalg.norm(p - q, axis=1), np.linalg.norm(p + q, axis=1))


# scikit-learn issue 9354 and pull request 13554, euclidean_distances by squares.
def distances(x: Array, y: Array) -> Array:
    """Of each row of one from each of the other."""
    return np.sqrt(((x[:, None] - y) ** 2).sum(axis=-1))


def distances_by_squares(x: Array, y: Array) -> Array:
    """A matrix product between the squares."""
    return np.sqrt((x**2).sum(axis=1)[:, None] - 2 * x @ y.T + (y**2).sum(axis=1))


# scikit-learn issue 5602 and pull request 11549, mean and variance batch by batch.
def moments(x: Array) -> dict[str, Array]:
    """Of all of it."""
    return {"mean": x.mean(axis=0), "var": x.var(axis=0)}


def moments_by_batches(x: Array, size: int = 7, even: bool = False) -> dict[str, Array]:
    """Chan, Golub and LeVeque's updates."""
    n, mean, squares = 0, np.zeros(x.shape[1]), np.zeros(x.shape[1])
    for k in range(0, len(x), size):
        part = x[k : k + size]
        m = size if even else len(part)
        delta = part.mean(axis=0) - mean
        squares = squares + part.var(axis=0) * m + delta**2 * (n * m / (n + m))
        mean, n = mean + delta * (m / (n + m)), n + m
    return {"mean": mean, "var": squares / n}


# JAX pull request 4080 and NumPy pull request 6414, the tolerance of corrcoef.
def correlations(x: Array) -> Array:
    """Covariances over standard deviations."""
    c = x - x.mean(axis=1, keepdims=True)
    cov = c @ c.T / (x.shape[1] - 1)
    sigma = np.sqrt(np.diag(cov))
    return cov / sigma[:, None] / sigma


# SpecialFunctions.jl pull request 24, Legendre functions whose tolerance grows with the degree.
def legendre(x: Array, c: Array) -> Array:
    """A series, by the recurrence of its polynomials."""
    before, now = np.ones_like(x), x
    found = c[0] + c[1] * x
    for n in range(1, len(c) - 1):
        before, now = now, ((2 * n + 1) * x * now - n * before) / (n + 1)
        found = found + c[n + 1] * now
    return found


def _path(g: np.random.Generator) -> tuple[Array, ...]:
    F, H = np.array([[0.6, 0.1], [-0.1, 0.5]]), np.eye(2) + 0.3 * g.normal(size=(2, 2))
    return g.normal(size=(12, 2)), F, H, np.eye(2), np.array([0.2, 0.3])


def _chain(g: np.random.Generator) -> tuple[Array, ...]:
    return *(g.dirichlet(np.ones(n), size) for n, size in ((3, None), (3, 3), (4, 3))), g.integers(0, 4, 25)


def _gappy(g: np.random.Generator) -> tuple[Array, ...]:
    x = (280 + 10 * g.normal(size=(4, 500))).astype(np.float32)
    x[g.random(x.shape) < 0.1] = np.nan
    return x, g.random(500).astype(np.float32)


def _places(g: np.random.Generator) -> tuple[Array, ...]:
    a = np.stack([120 * g.random(12) - 60, 360 * g.random(12) - 180], axis=1)
    return a, a + 3 * g.normal(size=(12, 2))


STATISTICS = {
    "rolling_variance": Pair(
        rolling_variance,
        rolling_variance_by_updates,
        partial(rolling_variance_by_updates, new_mean=True),
        lambda g: (g.normal(size=25), 10),
    ),
    "shape": Pair(
        shape,
        lambda x: {"skew": scipy.stats.skew(x), "kurtosis": scipy.stats.kurtosis(x)},
        partial(shape, ddof=1),
        lambda g: (g.gamma(2, size=(60, 3)),),
    ),
    "logsumexp": Pair(
        logsumexp,
        lambda x: np.logaddexp.reduce(x, axis=-1),
        lambda x: np.log(np.exp(x).sum(axis=-1) + 1e-8),
        lambda g: (5 * g.normal(size=(9, 6)),),
        hidden=True,
    ),
    "normal_logpdf": Pair(
        normal_logpdf,
        normal_logpdf_by_cholesky,
        lambda x, mean, cov: normal_logpdf_by_cholesky(x, mean, cov + 1e-7 * np.eye(len(cov))),
        lambda g: (g.normal(size=(8, 4)), g.normal(size=4), np.cov(g.normal(size=(4, 20)))),
        hidden=True,
    ),
    "kalman": Pair(kalman, kalman_univariate, partial(kalman_univariate, steady=1e-6), _path, hidden=True),
    "hidden_markov": Pair(
        hidden_markov, hidden_markov_scaled, partial(hidden_markov_scaled, floor=1e-8), _chain, hidden=True
    ),
    "weighted_past": Pair(
        weighted_past,
        weighted_past_by_recurrence,
        partial(weighted_past_by_recurrence, horizon=27),
        lambda g: (5 + g.normal(size=40), 0.5),
        hidden=True,
    ),
    "gappy_mean": Pair(gappy_mean, gappy_mean_in_blocks, partial(gappy_mean_in_blocks, count_all=True), _gappy),
    "correlation_distance": Pair(
        correlation_distance,
        correlation_distance_by_difference,
        partial(correlation_distance_by_difference, eps=1e-8),
        lambda g: (g.normal(size=(9, 6)),),
        hidden=True,
    ),
    "haversine": Pair(haversine, haversine_by_chord, partial(haversine_by_chord, pi=3.1415926), _places, hidden=True),
    "distances": Pair(
        distances,
        lambda x, y: np.hypot.reduce(x[:, None] - y, axis=-1),
        distances_by_squares,
        lambda g: (100 + g.normal(size=(9, 5)), 100 + g.normal(size=(7, 5))),
        hidden=True,
    ),
    "moments": Pair(
        moments, moments_by_batches, partial(moments_by_batches, even=True), lambda g: (5 + g.normal(size=(40, 3)),)
    ),
    "correlations": Pair(
        correlations,
        np.corrcoef,
        lambda x: np.cov(x) / np.outer(x.std(axis=1), x.std(axis=1)),
        lambda g: (g.normal(size=(5, 30)),),
    ),
    "legendre": Pair(
        legendre,
        np.polynomial.legendre.legval,
        lambda x, c: legendre(np.clip(x, -1 + 1e-9, 1 - 1e-9), c),
        lambda g: (np.linspace(-1, 1, 21), g.normal(size=16)),
        hidden=True,
    ),
}
