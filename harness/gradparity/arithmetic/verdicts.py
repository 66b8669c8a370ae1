"""Verdicts: is a difference explained by rounding, and could this case have shown an error at all?

    ratio       the difference over what rounding explains; above 1 it does not
    resolution  the smallest relative error of the whole array that would have had a ratio of 1

docs/verdicts.md says how to read them.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import numpy as np

from .precision import Array, Precision, is_floating, root_mean_square

BY_NORM = 2.0  # times what rounding explains of the whole array: a fast product is off by somewhat more
SCATTERED = 3.0  # elements at least that carry a difference which is scattered
SHARE = 0.025  # and this share of all
ROUNDS = 1e-3  # of the same: a difference below this share is no rounding of the whole array
RESOLVED = 1e-3  # a verdict that could not have seen a relative error of this size is none
HOPELESS = 0.05  # a resolution in which rounding is no small noise any more: how far it goes is known roughly
ROUGHLY = 100.0  # times


class Verdict(StrEnum):
    """The ladder, best first, and the two outcomes beside it."""

    IDENTICAL = "identical"
    ROUNDING = "rounding"
    DECLARED = "as declared"  # another number than the reference's, and the very one that the port declares
    BY_NORM = "accurate by norm"  # and not by element, as fast matrix products are
    MUTATES = "changes its arguments"
    NOT_IMPLEMENTED = "not implemented"
    UNRESOLVED = "unresolved"
    COULD_NOT_RUN = "could not run"
    WRONG = "wrong"

    @property
    def agrees(self) -> bool:
        """Whether there is nothing to say about it."""
        return self in (Verdict.IDENTICAL, Verdict.ROUNDING, Verdict.DECLARED)

    @property
    def noted(self) -> bool:
        """Whether the numbers are right, and something else is a finding: a failure only where that is asked for."""
        return self in (Verdict.BY_NORM, Verdict.MUTATES)

    @property
    def passes(self) -> bool:
        """Whether the numbers are right."""
        return self.agrees or self.noted


class Speed(StrEnum):
    """What a ratio of two times says."""

    FASTER = "faster"
    SLOWER = "slower"
    WITHIN_NOISE = "within noise"


@dataclass(frozen=True)
class Allowance:
    """What rounding explains in an array: an elementwise limit (rigorous), a root mean square (stochastic), or both.

    ``terms``: the array is 0 in mathematics, whatever the inputs are, a sum of terms of this size that cancel.
    """

    limit: Array | None = None
    spread: float | None = None
    terms: float | None = None

    def ratio(self, difference: Array) -> float:
        """The larger of the excesses over the two; 0 where nothing differs, infinite where nothing may."""
        parts = [0.0]
        if self.limit is not None:
            parts.append(float(np.max(_over(abs(difference), self.limit), initial=0.0)))
        if self.spread is not None:
            parts.append(float(_over(np.asarray(_rms(difference)), np.asarray(self.spread))))
        return max(parts)

    def norm(self, difference: Array) -> float:
        """The root mean square of the difference, over what rounding explains of that of the whole array."""
        allowed = _rms(self.limit) if self.spread is None else self.spread
        return float(_over(np.asarray(_rms(difference)), np.asarray(allowed)))

    def resolution(self, expected: Array) -> float | None:
        """The sharper of the two, relative to the array's norm. None where the array is 0 and the allowance is not.

        An array that is 0 in mathematics has no norm but that of its terms.
        """
        parts = [] if self.limit is None else [_rms(self.limit)]
        parts += [] if self.spread is None else [self.spread]
        allowed, size = min(parts), self.terms or _rms(expected)
        if allowed == 0:
            return 0.0
        return allowed / size if size > 0 else None


@dataclass(frozen=True)
class Figures:
    """An array of a port beside the reference's."""

    ratio: float
    resolution: float | None
    bit_equal: float
    ulp: float
    relative: float
    relative_max: float
    worst: tuple[int, ...]
    norm: float = 0.0  # the difference's root mean square, over what rounding explains of the whole array
    units: float = 0.0  # the same, over that of the expected values, in units of u
    scattered: bool = False  # the difference, over the array, as rounding is

    @property
    def accurate_by_norm(self) -> bool:
        """Whether it is wrong element by element, and right as a whole. One element that is wrong may be so, too."""
        return self.verdict is Verdict.WRONG and ROUNDS < self.norm <= BY_NORM

    @property
    def verdict(self) -> Verdict:
        """Where the array stands on the ladder."""
        if not self.ratio <= 1:
            hopeless = self.resolution is not None and self.resolution > HOPELESS and self.ratio <= ROUGHLY
            return Verdict.UNRESOLVED if hopeless else Verdict.WRONG
        if self.bit_equal == 1:
            return Verdict.IDENTICAL
        if self.relative_max == 0:
            return Verdict.ROUNDING  # equal in value: only a zero's sign is another
        if self.resolution is None or not self.resolution <= RESOLVED:
            return Verdict.UNRESOLVED
        return Verdict.ROUNDING


def identical(a: Array, b: Array) -> bool:
    """Whether two arrays of one shape and dtype are so in every bit."""
    return bool(np.array_equal(_bits(a), _bits(b)))


def judge(came: Array, expected: Array, allowance: Allowance) -> Figures:
    """The figures of two arrays of one shape and dtype. NaN and infinities are equal to themselves only."""
    if came.shape != expected.shape or came.dtype != expected.dtype:
        raise ValueError(f"expected {expected.dtype} {expected.shape}, came {came.dtype} {came.shape}")
    equal = _bits(came) == _bits(expected)
    bit_equal = float(equal.mean()) if equal.size else 1.0
    resolution = allowance.resolution(np.where(np.isfinite(expected), expected, 0).astype(np.float64))
    if bit_equal == 1:
        return Figures(0.0, resolution, 1.0, 0.0, 0.0, 0.0, (0,) * came.ndim)
    a, b = came.astype(np.float64), expected.astype(np.float64)
    alike = (a == b) | (np.isnan(a) & np.isnan(b))
    with np.errstate(invalid="ignore", over="ignore", divide="ignore"):
        difference = np.where(alike, 0.0, a - b)
        difference[np.isnan(difference)] = np.inf
        ratio = allowance.ratio(difference)
        size = np.where(np.isfinite(b), b, 0.0)
        excess = (
            _over(abs(difference), abs(size)) if allowance.limit is None else _over(abs(difference), allowance.limit)
        )
        worst = tuple(int(i) for i in np.unravel_index(np.argmax(excess), a.shape))
        return Figures(
            ratio=ratio,
            resolution=resolution,
            bit_equal=bit_equal,
            ulp=float(np.max(ulps(came, expected))),
            relative=float(_over(np.asarray(_rms(difference)), np.asarray(_rms(size)))),
            relative_max=float(np.max(_over(abs(difference), abs(size)))),
            worst=worst,
            norm=allowance.norm(difference),
            units=float(_over(np.asarray(_rms(difference)), _unit(came.dtype) * np.asarray(_rms(size)))),
            scattered=_scattered(difference),
        )


def ulps(a: Array, b: Array) -> Array:
    """How many floating-point numbers lie between a and b, elementwise, as float64; infinite at a NaN on one side."""
    # In Python's floats the difference of two counts cannot overflow; small ones are exact, and only those matter.
    i, j = _order(a), _order(b)
    close = np.sign(i) == np.sign(j)
    distance = np.where(close, abs(np.where(close, i - j, 0)).astype(np.float64), abs(i.astype(np.float64) - j))
    distance = np.where(np.isnan(a) != np.isnan(b), math.inf, distance)
    return np.where((np.isnan(a) & np.isnan(b)) | (a == b), 0.0, distance)


def _order(a: Array) -> Array:
    """The floating-point numbers counted from 0, negative ones downwards."""
    bits = _bits(a)
    magnitude = bits & np.iinfo(bits.dtype).max
    return np.where(bits < 0, -magnitude, magnitude)


def _bits(a: Array) -> Array:
    return np.ascontiguousarray(a).view(f"i{a.dtype.itemsize}").reshape(a.shape)


def _over(difference: Array, allowed: Array) -> Array:
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(difference == 0, 0.0, difference / allowed)


def _unit(dtype: Any) -> float:
    """The unit roundoff; of integers, 1."""
    return Precision.of(dtype).u if is_floating(dtype) else 1.0


def _scattered(difference: Array) -> bool:
    """Whether it is carried by many elements: their number, were they equally large, is (sum d^2)^2 / sum d^4."""
    squares = np.square(difference / max(float(np.max(abs(difference), initial=0.0)), np.finfo(float).tiny))
    carriers = float(_over(np.asarray(squares.sum() ** 2), np.asarray(np.square(squares).sum())))
    return carriers >= max(SCATTERED, SHARE * difference.size)


def _rms(a: Any) -> float:
    return float(root_mean_square(np.asarray(a, np.float64)))
