"""References as users write them, and for each another way to compute the same."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

Array = Any


def kalman_step(x: Array, P: Array, F: Array, H: Array, Q: Array, R: Array, z: Array) -> dict[str, Array]:
    """Predict and update. x: (n,), P: (n, n), z: (m,)."""
    x, P = F @ x, F @ P @ F.T + Q
    S = H @ P @ H.T + R
    K = np.linalg.solve(S, H @ P).T
    x = x + K @ (z - H @ x)
    return {"K": K, "x": x, "P": P - K @ H @ P}


def kalman_by_inverse(x: Array, P: Array, F: Array, H: Array, Q: Array, R: Array, z: Array) -> dict[str, Array]:
    """With an explicit inverse, and einsum."""
    x, P = np.einsum("ij,j->i", F, x), np.einsum("ij,jk,lk->il", F, P, F) + Q
    K = P @ H.T @ np.linalg.inv(H @ P @ H.T + R)
    x = x + K @ (z - H @ x)
    return {"K": K, "x": x, "P": (np.eye(len(P)) - K @ H) @ P}


def lstm_cell(x: Array, h: Array, c: Array, W: Array, U: Array, b: Array) -> dict[str, Array]:
    """Gates i, f, g, o side by side."""
    gates = x @ W + h @ U + b
    i, f, g, o = np.split(gates, 4, axis=1)
    i, f, o = (1 / (1 + np.exp(-one)) for one in (i, f, o))
    c = f * c + i * np.tanh(g)
    return {"c": c, "h": o * np.tanh(c)}


def lstm_by_gate(x: Array, h: Array, c: Array, W: Array, U: Array, b: Array) -> dict[str, Array]:
    """Gate by gate, with another sigmoid."""
    n = h.shape[1]
    i, f, g, o = (x @ W[:, k : k + n] + h @ U[:, k : k + n] + b[k : k + n] for k in range(0, 4 * n, n))
    i, f, o = (np.exp(one) / (np.exp(one) + 1) for one in (i, f, o))
    c = f * c + i * np.tanh(g)
    return {"c": c, "h": o * np.tanh(c)}


def im2col(x: Array, size: int) -> Array:
    """(batch, channels, height, width) to rows of patches; as in the book, into new arrays."""
    n, c, h, w = x.shape
    rows, columns = h - size + 1, w - size + 1
    found = np.zeros((n, c, size, size, rows, columns))
    for i in range(size):
        for j in range(size):
            found[:, :, i, j] = x[:, :, i : i + rows, j : j + columns]
    return found.transpose(0, 4, 5, 1, 2, 3).reshape(n * rows * columns, -1)


def convolution(x: Array, kernel: Array, gamma: Array) -> dict[str, Array]:
    """A convolution, batch-normalized over its patches. kernel: (filters, channels, size, size)."""
    out = im2col(x, kernel.shape[-1]) @ kernel.reshape(len(kernel), -1).T
    centred = out - out.mean(axis=0)
    normalized = centred / np.sqrt((centred**2).mean(axis=0) + 1e-5)
    return {"out": out, "normalized": gamma * normalized}


def convolution_by_windows(x: Array, kernel: Array, gamma: Array) -> dict[str, Array]:
    """By strided windows and einsum."""
    windows = np.lib.stride_tricks.sliding_window_view(x, kernel.shape[-2:], axis=(2, 3))
    out = np.einsum("nchwij,fcij->nhwf", windows, kernel).reshape(-1, len(kernel))
    return {"out": out, "normalized": gamma * (out - out.mean(axis=0)) / np.sqrt(out.var(axis=0) + 1e-5)}


def attention(q: Array, k: Array, v: Array) -> Array:
    """A softmax attention head."""
    scores = q @ np.swapaxes(k, -1, -2) / math.sqrt(q.shape[-1])
    weights = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return weights / weights.sum(axis=-1, keepdims=True) @ v


def attention_by_einsum(q: Array, k: Array, v: Array) -> Array:
    """Scaled first, divided last."""
    scores = np.einsum("...id,...jd->...ij", q / np.sqrt(q.shape[-1]), k)
    weights = np.exp(scores)
    return np.einsum("...ij,...jd->...id", weights, v) / weights.sum(axis=-1)[..., None]


def density(x: Array, points: Array, width: float) -> Array:
    """A kernel density estimate, point by point in a loop over numbers."""
    found = np.empty(len(x))
    for i in range(len(x)):
        total = 0.0
        for point in points:
            total += np.exp(-0.5 * ((x[i] - point) / width) ** 2)
        found[i] = total / (len(points) * width * math.sqrt(2 * math.pi))
    return found


def density_at_once(x: Array, points: Array, width: float) -> Array:
    """Without a loop."""
    z = (x[:, None] - points) / width
    return np.exp(-z * z / 2).mean(axis=1) / (width * np.sqrt(2 * np.pi))


def fourier(re: Array, im: Array) -> dict[str, Array]:
    """A discrete Fourier transform by its definition, in real and imaginary parts."""
    angle = -2 * np.pi * np.outer(np.arange(len(re)), np.arange(len(re))) / len(re)
    c, s = np.cos(angle), np.sin(angle)
    return {"re": c @ re - s @ im, "im": s @ re + c @ im}


def fourier_fast(re: Array, im: Array) -> dict[str, Array]:
    """NumPy's own."""
    found = np.fft.fft(re + 1j * im)
    return {"re": found.real, "im": found.imag}


def ridge(X: Array, y: Array, penalty: float) -> dict[str, Array]:
    """Ridge regression, its loss and its gradient at the solution's double."""
    w = np.linalg.solve(X.T @ X + penalty * np.eye(X.shape[1]), X.T @ y)
    error = X @ (2 * w) - y
    return {"w": w, "loss": error @ error + penalty * (2 * w) @ (2 * w), "dw": 2 * X.T @ error + 4 * penalty * w}


def ridge_by_svd(X: Array, y: Array, penalty: float) -> dict[str, Array]:
    """By the singular values."""
    U, s, Vt = np.linalg.svd(X, full_matrices=False)
    w = Vt.T @ (s / (s**2 + penalty) * (U.T @ y))
    error = 2 * X @ w - y
    return {"w": w, "loss": (error**2).sum() + 4 * penalty * (w**2).sum(), "dw": 2 * (error @ X) + 4 * penalty * w}


def running(x: Array) -> dict[str, Array]:
    """Sums, products and extremes along a series."""
    return {"sum": np.cumsum(x), "product": np.prod(1 + x / 10), "std": np.std(x, ddof=1), "norm": np.linalg.norm(x)}


def running_by_loop(x: Array) -> dict[str, Array]:
    """One after the other."""
    total, product, sums = 0.0, 1.0, []
    for one in x:
        total, product = total + one, product * (1 + one * 0.1)
        sums.append(total)
    centred = x - x.sum() / len(x)
    return {
        "sum": np.array(sums),
        "product": np.asarray(product),
        "std": np.sqrt(centred @ centred / (len(x) - 1)),
        "norm": np.sqrt(np.sum(x * x)),
    }


def drawn(seed: int) -> dict[str, tuple[Any, ...]]:
    """Arguments for each, by the reference's name."""
    g = np.random.default_rng(seed)
    P, R = g.normal(size=(5, 5)), g.normal(size=(3, 3))
    return {
        "kalman_step": (
            g.normal(size=5), P @ P.T + np.eye(5), g.normal(size=(5, 5)), g.normal(size=(3, 5)), np.eye(5) * 0.1,
            R @ R.T + np.eye(3), g.normal(size=3),
        ),
        "lstm_cell": (
            g.normal(size=(7, 4)), g.normal(size=(7, 3)), g.normal(size=(7, 3)), g.normal(size=(4, 12)),
            g.normal(size=(3, 12)), g.normal(size=12),
        ),
        "convolution": (g.normal(size=(3, 2, 8, 7)), g.normal(size=(4, 2, 3, 3)), g.normal(size=4)),
        "attention": (g.normal(size=(2, 5, 4)), g.normal(size=(2, 6, 4)), g.normal(size=(2, 6, 3))),
        "density": (g.normal(size=6), g.normal(size=23), 0.3),
        "fourier": (g.normal(size=33), g.normal(size=33)),
        "ridge": (g.normal(size=(30, 6)), g.normal(size=30), 0.7),
        "running": (g.normal(size=40),),
    }  # fmt: skip


PAIRS: dict[str, tuple[Callable[..., Any], Callable[..., Any]]] = {
    "kalman_step": (kalman_step, kalman_by_inverse),
    "lstm_cell": (lstm_cell, lstm_by_gate),
    "convolution": (convolution, convolution_by_windows),
    "attention": (attention, attention_by_einsum),
    "density": (density, density_at_once),
    "fourier": (fourier, fourier_fast),
    "ridge": (ridge, ridge_by_svd),
    "running": (running, running_by_loop),
}
