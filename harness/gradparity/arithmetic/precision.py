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
        """That of a floating-point dtype, such as float64, or bfloat16 of ml_dtypes."""
        info = float_info(dtype)
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


def is_floating(dtype: Any) -> bool:
    """Whether these are floating-point numbers. NumPy itself knows no bfloat16, and takes it for bytes."""
    known = np.dtype(dtype)
    return bool(known.kind == "f" or known.name == "bfloat16")


def float_info(dtype: Any) -> Any:
    """NumPy's finfo, or that of ml_dtypes for its bfloat16."""
    if np.dtype(dtype).kind == "f":
        return np.finfo(dtype)
    from ml_dtypes import finfo  # whoever has such an array has it

    return finfo(dtype)  # type: ignore[no-untyped-call]


def root_mean_square(a: Array, axis: int | None = None) -> Any:
    """sqrt(mean(a^2)) without underflow or overflow of the squares."""
    if not a.size:
        return np.zeros(np.sum(a, axis=axis).shape)
    with np.errstate(all="ignore"):
        plain = np.sqrt(np.square(a).mean(axis=axis))
        if np.all((plain > 1e-140) & (plain < 1e140)):  # a square that was lost does not count beside the others
            return plain
    scale = np.max(abs(a), axis=axis, keepdims=True, initial=0.0)
    safe = np.where((scale > 0) & np.isfinite(scale), scale, 1.0)
    with np.errstate(invalid="ignore"):
        return np.squeeze(safe, axis) * np.sqrt(np.mean(np.square(a / safe), axis=axis))
