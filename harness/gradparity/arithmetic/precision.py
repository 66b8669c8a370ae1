"""How far rounding can take one product, sum or function value from its exact result.

The floating-point model: fl(a op b) = (a op b)(1 + d), |d| <= u, plus half the smallest subnormal where the result
underflows. Everything here is computed in float64, whatever dtype it speaks of. Source: N. J. Higham, "Accuracy and
Stability of Numerical Algorithms", 2nd ed. (2002), chapters 2 and 3.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]

# Errors of the elementary functions, in units of u: libraries promise 1 to 4 ulp.
EXP = 4.0
LOG = 4.0
SAFETY = 1.0 + 1e-6  # for the rounding of the bounds themselves


@dataclass(frozen=True)
class Precision:
    """A dtype's unit roundoff u, smallest subnormal and smallest normal number."""

    u: float
    subnormal: float
    tiny: float

    @staticmethod
    def of(dtype: Any) -> Precision:
        """That of float64 or float32."""
        info = np.finfo(dtype)
        return Precision(float(info.eps) / 2, float(info.smallest_subnormal), float(info.tiny))

    def gamma(self, n: Any) -> Any:
        """gamma_n = n u / (1 - n u): n roundings in a row (Higham, section 3.1)."""
        nu = np.asarray(n) * self.u
        return nu / (1 - nu)

    def product(self, a: Array, b: Array, extra: Array | float = 0.0, roundings: int = 0) -> Array:
        """Bound of the error of a @ b + extra: gamma_n |a||b|, elementwise, for any order of summation, FMA or not.

        a is (m, n), b is (n, k). n counts only the terms that are not 0, as adding 0 is exact, and ``roundings`` more.
        """
        a, b = abs(a), abs(b)
        terms = np.minimum(np.count_nonzero(a, axis=1)[:, None], np.count_nonzero(b, axis=0)[None, :])
        bound: Array = SAFETY * (self.gamma(terms + roundings) * (a @ b + abs(extra)) + terms * self.subnormal)
        return bound

    def column_sum(self, a: Array) -> Array:
        """Bound of the error of a.sum(axis=0): gamma_{n-1} sum |a|, where n counts the terms that are not 0."""
        n = np.maximum(np.count_nonzero(a, axis=0) - 1, 0)
        bound: Array = SAFETY * self.gamma(n) * abs(a).sum(axis=0)
        return bound


def root_mean_square(a: Array, axis: int | None = None) -> Any:
    """sqrt(mean(a^2)) without underflow or overflow of the squares."""
    scale = np.max(abs(a), axis=axis, keepdims=True, initial=0.0)
    safe = np.where((scale > 0) & np.isfinite(scale), scale, 1.0)
    with np.errstate(invalid="ignore"):
        return np.squeeze(safe, axis) * np.sqrt(np.mean(np.square(a / safe), axis=axis))


def softmax(x: Array) -> tuple[Array, Array, Array]:
    """(y, d, lse) of logits x (batch, classes): softmax, x - max, and logsumexp, the last as a column."""
    top = x.max(axis=1, keepdims=True)
    d = x - top
    log_sum = np.log(np.exp(d).sum(axis=1, keepdims=True))
    return np.exp(d - log_sum), d, top + log_sum


def softmax_relative(x: Array, p: Precision) -> Array:
    """Bound of the relative error of each softmax value: rounding of exp's argument, of exp, the sum and the quotient.

    Covers exp(x - max) / sum as well as exp(x - logsumexp).
    """
    y, d, lse = softmax(x)
    of_terms = p.u * (abs(d) + abs(lse) + EXP + 2)
    of_sum = (y * of_terms).sum(axis=1, keepdims=True) + p.gamma(x.shape[1])
    bound: Array = SAFETY * (of_terms + of_sum + 4 * p.u)
    return bound


def row_losses(x: Array, labels: Array, epsilon: float) -> tuple[Array, Array]:
    """(l, p_share) per row: -log(p + epsilon), and p / (p + epsilon), by which an error of log p reaches l."""
    _, d, _ = softmax(x)
    log_p = (d - np.log(np.exp(d).sum(axis=1, keepdims=True)))[np.arange(len(x)), labels]
    if not epsilon:
        return -log_p, np.ones_like(log_p)
    together = np.logaddexp(log_p, np.log(epsilon))
    return -together, np.exp(log_p - together)
