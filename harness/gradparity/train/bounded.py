"""Numbers with their running error: an expression written once gives its value, and how far rounding may take it.

Source: N. J. Higham, "Accuracy and Stability of Numerical Algorithms", 2nd ed. (2002), section 3.3.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from ..arithmetic.precision import SAFETY, Array, Precision


@dataclass(frozen=True)
class Bounded:
    """``value`` in float64, and a bound of what arithmetic in another precision may make of it, elementwise.

    The bound holds with or without fused multiply-add, which only leaves roundings out.
    """

    value: Array
    error: Array
    precision: Precision

    @staticmethod
    def of(value: Any, dtype: Any) -> Bounded:
        """An exact input of this dtype; a number is rounded to it first, as every implementation does."""
        exact = np.asarray(np.asarray(value, dtype), np.float64)
        return Bounded(exact, np.zeros_like(exact), Precision.of(dtype))

    def _rounded(self, value: Array, error: Array) -> Bounded:
        u, subnormal = self.precision.u, self.precision.subnormal
        return Bounded(value, SAFETY * (error + u * (abs(value) + error) + subnormal), self.precision)

    def __add__(self, other: Bounded) -> Bounded:
        return self._rounded(self.value + other.value, self.error + other.error)

    def __sub__(self, other: Bounded) -> Bounded:
        return self._rounded(self.value - other.value, self.error + other.error)

    def __mul__(self, other: Bounded) -> Bounded:
        error = abs(self.value) * other.error + (abs(other.value) + other.error) * self.error
        return self._rounded(self.value * other.value, error)

    def __abs__(self) -> Bounded:
        return Bounded(abs(self.value), self.error, self.precision)

    def __truediv__(self, other: Bounded) -> Bounded:
        with np.errstate(all="ignore"):
            value = self.value / other.value
            left = np.maximum(abs(other.value) - other.error, 0)
            error = np.where(left > 0, (self.error + abs(value) * other.error) / left, np.inf)
        return self._rounded(value, error)

    def sqrt(self) -> Bounded:
        """The square root; NaN of what is negative."""
        with np.errstate(invalid="ignore"):
            root = np.sqrt(self.value)
        error = np.where(root > 0, self.error / np.maximum(root, np.finfo(float).tiny), np.sqrt(self.error))
        return self._rounded(root, error)


class Unbounded(Bounded):
    """The value alone, which takes a quarter of the time: for who seeks a number, not how sure it is."""

    def _only(self, value: Array) -> Unbounded:
        return Unbounded(value, self.error, self.precision)

    def __add__(self, other: Bounded) -> Unbounded:
        return self._only(self.value + other.value)

    def __sub__(self, other: Bounded) -> Unbounded:
        return self._only(self.value - other.value)

    def __mul__(self, other: Bounded) -> Unbounded:
        return self._only(self.value * other.value)

    def __truediv__(self, other: Bounded) -> Unbounded:
        return self._only(self.value / other.value)

    def __abs__(self) -> Unbounded:
        return self._only(abs(self.value))

    def sqrt(self) -> Unbounded:
        """The square root; NaN of what is negative."""
        return self._only(np.sqrt(self.value))
