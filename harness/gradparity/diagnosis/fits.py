"""Does a hypothesis give the numbers that came, to within their own rounding? And how many numbers is that?"""

from __future__ import annotations

import math

import numpy as np

from ..arithmetic.precision import Array, Precision, root_mean_square
from ..arithmetic.verdicts import Allowance

FIT = {"float64": 1e-9, "float32": 2e-4}  # relative residual: no rounding is larger than that where a name is given
SHARE = 0.01  # of the difference may stay unexplained
SHARE_OF_KNOWN = 0.3  # of what is known to explain other cases
ROUNDINGS = 8.0  # times what rounding explains of the right array: a wrong formula may round more
OF_ONE = 30.0  # the same for a single element
SQUARES = (1e-280, 1e280)  # sums of squares within which none was lost that counts
COUNTS = 1e-3  # of the largest difference: what differs by less is no evidence


def residual(
    came: Array, candidate: Array, expected: Array, allowance: Allowance, share: float = SHARE
) -> float | None:
    """What the candidate leaves unexplained of what came, relatively.

    None where that is more than rounding, or more than a ``share`` of the difference.
    """
    candidate = np.asarray(candidate)
    if candidate.shape != came.shape:
        return None
    a, c, b = (one.astype(np.float64) for one in (came, candidate, expected))
    if _is_far(a, c, b, share):
        return None
    if not np.array_equal(np.isfinite(a), np.isfinite(c)) or not np.array_equal(np.isnan(a), np.isnan(c)):
        return None
    if not np.array_equal(np.isposinf(a), np.isposinf(c)):
        return None
    alike = b.shape == a.shape
    a, c, b = (np.where(np.isfinite(one), one, 0.0) for one in (a, c, b))
    size, left = _rms(a), _rms(a - c)
    difference = _rms(a - b) if alike else size
    if left > share * difference or left > _allowed(came, c, b, allowance):
        return None
    if left and float(np.max(abs(a - c))) > OF_ONE * _allowed(came, c, b, allowance):
        return None
    return left / size if size else 0.0


def numbers(came: Array, expected: Array) -> int:
    """How many numbers of what came are evidence: those that differ, and where some are no numbers, the pattern."""
    if came.shape != expected.shape:
        return came.size
    a, b = came.astype(np.float64), expected.astype(np.float64)
    lost = ~np.isfinite(a) & np.isfinite(b)
    difference = abs(np.where(np.isfinite(a) & np.isfinite(b), a - b, 0.0))
    pattern = int(min(lost.sum(), np.isfinite(a).sum()))
    return pattern + int((difference > COUNTS * difference.max(initial=0.0)).sum())


def _allowed(came: Array, candidate: Array, expected: Array, allowance: Allowance) -> float:
    """Of the root mean square that may be left: rounding's, as much larger as the candidate is than what is right."""
    size, usual = _rms(candidate), _rms(expected)
    most = FIT.get(str(came.dtype), FIT["float64"]) * _rms(came.astype(np.float64))
    parts = [] if allowance.limit is None else [_rms(np.asarray(allowance.limit))]
    parts += [] if allowance.spread is None else [allowance.spread]
    parts = [part for part in parts if np.isfinite(part)]
    if not parts or came.dtype.kind != "f":
        return most
    scale = max(1.0, size / usual) if usual and np.isfinite(size / usual) else 1.0
    return min(most, ROUNDINGS * (scale * min(parts) + Precision.of(came.dtype).u * size)) if size else most


def _is_far(a: Array, c: Array, b: Array, share: float) -> bool:
    """Whether c leaves far more of a - b than a share, to be known soon: most candidates do."""
    if b.shape != a.shape:
        return False
    with np.errstate(all="ignore"):
        left, difference = (a - c).ravel(), (a - b).ravel()
        far, near = float(left @ left), 2 * share**2 * float(difference @ difference)
    return SQUARES[0] < near < far < SQUARES[1]


def _rms(a: Array) -> float:
    if a.dtype == np.float64:
        with np.errstate(all="ignore"):
            flat = a.ravel()
            total = float(flat @ flat)
        if SQUARES[0] < total < SQUARES[1]:
            return math.sqrt(total / a.size)
    return float(root_mean_square(np.where(np.isfinite(a), a, 0.0) if a.dtype.kind == "f" else a))
