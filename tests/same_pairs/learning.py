"""Layers, losses and optimizers."""

from __future__ import annotations

import math
from functools import partial

import numpy as np
import scipy.linalg
import scipy.special

from .pair import Array, Pair


# PyTorch pull request 173360, the tolerance of fused attention with a mask, beside the one in steps.
def attention(q: Array, k: Array, v: Array, mask: Array) -> Array:
    """Softmax of all scores at once."""
    scores = np.where(mask, q @ k.T / math.sqrt(q.shape[1]), -np.inf)
    weights = np.exp(scores - scores.max(axis=1, keepdims=True))
    return weights / weights.sum(axis=1, keepdims=True) @ v


def attention_in_blocks(q: Array, k: Array, v: Array, mask: Array, masked: float = -np.inf, size: int = 4) -> Array:
    """Keys block by block; what was summed is scaled again where a larger score comes."""
    top, total, found = np.full((len(q), 1), -1e300), np.zeros((len(q), 1)), np.zeros((len(q), v.shape[1]))
    for j in range(0, len(k), size):
        scores = np.einsum("id,jd->ij", q / math.sqrt(q.shape[1]), k[j : j + size])
        scores = np.where(mask[:, j : j + size], scores, masked)
        new = np.maximum(top, scores.max(axis=1, keepdims=True))
        weights, shrink = np.exp(scores - new), np.exp(top - new)
        total, found = total * shrink + weights.sum(axis=1, keepdims=True), found * shrink + weights @ v[j : j + size]
        top = new
    return found / total


# Chainer pull request 8189, the tolerance of batch normalization's gradient.
def batch_norm_backward(x: Array, gamma: Array, dy: Array, eps: float = 1e-5) -> dict[str, Array]:
    """Step by step through the graph."""
    n = len(x)
    c = x - x.mean(axis=0)
    sigma = np.sqrt((c**2).mean(axis=0) + eps)
    z = c / sigma
    dz = dy * gamma
    dsigma = -(dz * c).sum(axis=0) / sigma**2
    dc = dz / sigma + 2 / n * c * (0.5 * dsigma / sigma)
    return {"dx": dc - dc.sum(axis=0) / n, "dgamma": (dy * z).sum(axis=0), "dbeta": dy.sum(axis=0)}


def batch_norm_backward_fused(x: Array, gamma: Array, dy: Array, eps: float = 1e-5) -> dict[str, Array]:
    """In one formula, as kernels do."""
    inverse = 1 / np.sqrt(x.var(axis=0) + eps)
    z = (x - x.mean(axis=0)) * inverse
    dgamma, dbeta = np.einsum("ij,ij->j", dy, z), np.einsum("ij->j", dy)
    return {"dx": gamma * inverse * (dy - (dbeta + z * dgamma) / len(x)), "dgamma": dgamma, "dbeta": dbeta}


# Transformers issue 33133, another RMSNorm than Transformer Engine's.
def rms_norm(x: Array, w: Array, eps: float = 1e-6) -> Array:
    """Divided by the root mean square."""
    return x / np.sqrt((x * x).mean(axis=-1, keepdims=True) + eps) * w


# Transformers pull request 29402, Gemma's GELU: the exact one, or which?
def gelu(x: Array) -> Array:
    """x times the normal distribution."""
    return 0.5 * x * (1 + scipy.special.erf(x / np.sqrt(2)))


def gelu_by_polynomial(x: Array) -> Array:
    """With the error function of Abramowitz and Stegun 7.1.26, good to 1.5e-7."""
    z = abs(x) / math.sqrt(2)
    t = 1 / (1 + 0.3275911 * z)
    p = t * (0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429))))
    return 0.5 * x * (1 + np.sign(x) * (1 - p * np.exp(-z * z)))


# Transformers pull request 29285, rotary embeddings in which precision of the angle?
def rotary(x: Array, base: float) -> Array:
    """Each pair of features, i and i + half, turned by its position times its frequency. x: (positions, features)."""
    half = x.shape[1] // 2
    angle = np.outer(np.arange(len(x)), base ** (-np.arange(half) / half))
    a, b = x[:, :half], x[:, half:]
    return np.concatenate([a * np.cos(angle) - b * np.sin(angle), b * np.cos(angle) + a * np.sin(angle)], axis=1)


def rotary_by_complex(x: Array, base: float, dtype: type = np.float64) -> Array:
    """As complex numbers."""
    half = x.shape[1] // 2
    frequency = (1 / base ** (np.arange(half) / half)).astype(dtype)
    turned = (x[:, :half] + 1j * x[:, half:]) * np.exp(1j * np.outer(np.arange(len(x)), frequency))
    return np.concatenate([turned.real, turned.imag], axis=1)


# Flux.jl pull request 448 and Keras issue 17391, where Adam's epsilon stands.
def adam(w: Array, gradients: Array, rate: float, eps: float) -> Array:
    """As in its paper."""
    m, v = np.zeros_like(w), np.zeros_like(w)
    for t, g in enumerate(gradients, start=1):
        m, v = 0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g * g
        w = w - rate * (m / (1 - 0.9**t)) / (np.sqrt(v / (1 - 0.999**t)) + eps)
    return w


def adam_with_step_size(w: Array, gradients: Array, rate: float, eps: float, hat: bool = False) -> Array:
    """The corrections in the step size, and in epsilon unless it is the one with a hat."""
    m, v = np.zeros_like(w), np.zeros_like(w)
    for t, g in enumerate(gradients, start=1):
        m += (1 - 0.9) * (g - m)
        v += (1 - 0.999) * (g * g - v)
        root = math.sqrt(1 - 0.999**t)
        w = w - rate * root / (1 - 0.9**t) * m / (np.sqrt(v) + (eps if hat else eps * root))
    return w


# TensorFlow pull request 37679 and PyTorch issue 26797, CTC losses of two backends.
def ctc(logits: Array, labels: list[int]) -> Array:
    """Forwards in probabilities. logits: (steps, classes), of which 0 is the blank."""
    p = np.exp(logits - logits.max(axis=1, keepdims=True))
    p = p / p.sum(axis=1, keepdims=True)
    path = [0]
    for label in labels:
        path += [label, 0]
    alpha = np.zeros(len(path))
    alpha[:2] = p[0, path[:2]]
    skips = np.array([s > 1 and path[s] != 0 and path[s] != path[s - 2] for s in range(len(path))])
    for t in range(1, len(logits)):
        one, two = np.concatenate([np.zeros(1), alpha[:-1]]), np.concatenate([np.zeros(2), alpha[:-2]])
        alpha = (alpha + one + two * skips) * p[t, path]
    return -np.log(alpha[-1] + alpha[-2])


def ctc_in_logarithms(logits: Array, labels: list[int], repeats: bool = True) -> Array:
    """Backwards, in logarithms."""
    log = logits - np.logaddexp.reduce(logits, axis=1)[:, None]
    path = np.array([0, *(one for label in labels for one in (label, 0))])
    skips = np.append(path[:-2] != path[2:], [False, False]) | ((path != 0) & (not repeats))
    skips[-2:] = False
    beta = np.full(len(path), -np.inf)
    beta[-2:] = 0.0
    for t in range(len(logits) - 1, 0, -1):
        there = beta + log[t, path]
        one, two = np.append(there[1:], -np.inf), np.append(there[2:], [-np.inf, -np.inf])
        beta = np.logaddexp(np.logaddexp(there, one), np.where(skips & (path != 0), two, -np.inf))
    return -np.logaddexp(beta[0] + log[0, path[0]], beta[1] + log[0, path[1]])


# Flux.jl issue 267, recurrent cells beside cuDNN's.
def gru(x: Array, h: Array, W: Array, U: Array, b: Array) -> Array:
    """Steps of a cell whose reset gate is on the product. x: (steps, batch, features); gates r, z, n side by side."""
    for one in x:
        r, z = (1 / (1 + np.exp(-part)) for part in np.split((one @ W + h @ U + b)[:, : 2 * h.shape[1]], 2, axis=1))
        n = 2 * h.shape[1]
        new = np.tanh(one @ W[:, n:] + b[n:] + r * (h @ U[:, n:]))
        h = (1 - z) * new + z * h
    return h


def gru_at_once(x: Array, h: Array, W: Array, U: Array, b: Array, before: bool = False) -> Array:
    """The inputs' products first, for all steps."""
    n = h.shape[1]
    left = np.einsum("tbi,ij->tbj", x, W) + b
    for one in left:
        right = h @ U
        r, z = np.tanh((one[:, : 2 * n] + right[:, : 2 * n]) / 2).reshape(len(h), 2, n).swapaxes(0, 1) / 2 + 0.5
        new = np.tanh(one[:, 2 * n :] + ((r * h) @ U[:, 2 * n :] if before else r * right[:, 2 * n :]))
        h = new + z * (h - new)
    return h


# scikit-learn issue 31366 and pull request 31543, the gradient of a Gaussian process's likelihood.
def process(x: Array, y: Array, length: float, noise: float) -> dict[str, Array]:
    """The log marginal likelihood of a squared exponential kernel, and its gradient in the logarithm of length."""
    squares = (x[:, None] - x) ** 2
    k = np.exp(-0.5 * squares / length**2)
    inverse = np.linalg.inv(k + noise * np.eye(len(x)))
    a, dk = inverse @ y, k * squares / length**2
    value = -0.5 * (y @ a) + 0.5 * np.linalg.slogdet(inverse)[1] - 0.5 * len(x) * np.log(2 * np.pi)
    return {"value": value, "gradient": 0.5 * (a @ dk @ a - np.trace(inverse @ dk))}


def process_by_cholesky(x: Array, y: Array, length: float, noise: float, jitter: float = 0.0) -> dict[str, Array]:
    """By a triangular factor, as GaussianProcessRegressor, whose alpha is 1e-10."""
    squares = np.subtract.outer(x, x) ** 2 / length**2
    k = np.exp(-squares / 2)
    root = scipy.linalg.cho_factor(k + (noise + jitter) * np.eye(len(x)), lower=True)
    a = scipy.linalg.cho_solve(root, y)
    inner = np.outer(a, a) - scipy.linalg.cho_solve(root, np.eye(len(x)))
    value = -y @ a / 2 - np.log(np.diag(root[0])).sum() - len(x) / 2 * math.log(2 * math.pi)
    return {"value": value, "gradient": np.einsum("ij,ij", inner, k * squares) / 2}


# scikit-learn pull requests 21814 and 28048, log1pexp and the gradient of the binomial loss.
def binomial(raw: Array, y: Array) -> dict[str, Array]:
    """Losses and gradients."""
    return {"loss": np.log1p(np.exp(raw)) - y * raw, "gradient": 1 / (1 + np.exp(-raw)) - y}


def binomial_by_cases(raw: Array, y: Array, tail: float = 1.0) -> dict[str, Array]:
    """As the size of raw has it."""
    small = np.exp(-abs(raw))
    log = np.where(raw > 18, raw + tail * small, np.maximum(raw, 0) + np.log1p(small))
    return {
        "loss": log - y * raw,
        "gradient": np.where(raw > 0, (1 - y) - y * small, small * (1 - y) - y) / (1 + small),
    }


def _heads(g: np.random.Generator) -> tuple[Array, ...]:
    q, k, v = g.normal(size=(7, 4)), g.normal(size=(11, 4)), g.normal(size=(11, 3))
    return q, k, v, (g.random((7, 11)) < 0.7) | (np.arange(11) == 0)


LEARNING = {
    "attention": Pair(
        attention, attention_in_blocks, partial(attention_in_blocks, masked=-20.0), _heads, hidden=True
    ),
    "batch_norm_backward": Pair(
        batch_norm_backward,
        batch_norm_backward_fused,
        partial(batch_norm_backward_fused, eps=1.01e-5),
        lambda g: (3 + g.normal(size=(20, 4)), g.normal(size=4), g.normal(size=(20, 4))),
        hidden=True,
    ),
    "rms_norm": Pair(
        rms_norm,
        lambda x, w: x * w * (np.einsum("ij,ij->i", x, x) / x.shape[1] + 1e-6)[:, None] ** -0.5,
        partial(rms_norm, eps=1e-8),
        lambda g: (g.normal(size=(6, 16)), g.normal(size=16)),
        hidden=True,
    ),
    "gelu": Pair(
        gelu, lambda x: x * scipy.special.ndtr(x), gelu_by_polynomial, lambda g: (2 * g.normal(size=50),), hidden=True
    ),
    "rotary": Pair(
        rotary,
        rotary_by_complex,
        partial(rotary_by_complex, dtype=np.float32),
        lambda g: (g.normal(size=(40, 8)), 1e4),
        hidden=True,
    ),
    "adam": Pair(
        adam,
        adam_with_step_size,
        partial(adam_with_step_size, hat=True),
        lambda g: (g.normal(size=6), g.normal(size=(10, 6)), 1e-2, 1e-8),
        hidden=True,
    ),
    "ctc": Pair(
        ctc,
        ctc_in_logarithms,
        partial(ctc_in_logarithms, repeats=False),
        lambda g: (g.normal(size=(12, 4)), [2, 3, 3, 1]),
    ),
    "gru": Pair(
        gru,
        gru_at_once,
        partial(gru_at_once, before=True),
        lambda g: (g.normal(size=(6, 3, 2)), g.normal(size=(3, 4)), g.normal(size=(2, 12)), g.normal(size=(4, 12)),
                   g.normal(size=12)),
    ),
    "process": Pair(
        process,
        process_by_cholesky,
        partial(process_by_cholesky, jitter=1e-10),
        lambda g: (np.sort(5 * g.random(20)), g.normal(size=20), 0.8, 0.1),
        hidden=True,
    ),
    "binomial": Pair(
        binomial,
        binomial_by_cases,
        partial(binomial_by_cases, tail=0.0),
        lambda g: (np.append(4 * g.normal(size=20), [19.0, 22.0, 30.0]), g.integers(0, 2, 23).astype(float)),
        hidden=True,
    ),
}  # fmt: skip
