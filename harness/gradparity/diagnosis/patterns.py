"""Patterns in wrong numbers, to be told as facts where no known bug gives them: a factor, an offset, a sign, NaN.

A pattern is told if the rest of the difference is what rounding explains, and chance does not explain the pattern: of
numbers that have none, such as roundings to fewer bits, none is told.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations

import numpy as np

from ..arithmetic.envelope import LIMIT_OF_ELEMENT
from ..arithmetic.precision import Array, root_mean_square
from ..arithmetic.verdicts import Allowance
from ..functions.evidence import Evidence
from .records import Fact, Pattern

CHANCE = 6.0  # decimal digits: what has a chance of 1e-6 is none
SIGNS = 21  # errors of one sign that are no chance: 2 * 2^-21 is 1e-6
BESIDE = 0.01  # of an error: answers that differ by more are not one answer
OF_ROUNDING = 0.5  # of what rounding explains: answers that differ by less may be summed in another order
DIGITS = 12  # of a factor, at most
FEW = 3  # elements that are named


def patterns(e: Evidence) -> list[Fact]:
    """What can be said of the difference; mostly nothing. ``e`` is of one shape and dtype with what it should be."""
    if not e.comparable or e.expected.dtype.kind != "f" or not e.wrong:
        return []
    missing = not_numbers(e.came, e.expected)
    if missing:
        return [missing]
    finite = np.isfinite(e.expected)
    if not np.array_equal(finite, np.isfinite(e.came)):
        return []
    fitted = next((fact for fact in (_one_factor(e, finite), _one_offset(e, finite)) if fact), None)
    return [fitted] if fitted else list(_one_sign(e, finite))


def another_each_time(answers: Sequence[Array], expected: Array, allowance: Allowance) -> Fact | None:
    """Whether the answers to one request, all of one shape, are too unlike to conclude anything from one of them.

    They differ from each other by more than rounding, and by more than a hundredth of what they are off by.
    """
    wide = [np.asarray(one, np.float64) for one in answers]
    apart, strays = 0.0, 0.0
    with np.errstate(all="ignore"):
        for one, other in combinations(wide, 2):
            difference = _difference(one, other)
            if allowance.ratio(difference) > OF_ROUNDING:
                apart = max(apart, float(root_mean_square(difference)))
        strays = max(float(root_mean_square(_difference(one, expected.astype(np.float64)))) for one in wide)
        size = float(root_mean_square(np.where(np.isfinite(expected), expected, 0.0).astype(np.float64)))
    if not apart or (np.isfinite(apart) and apart <= BESIDE * strays):
        return None
    different = len({one.tobytes() for one in answers})
    by = f", by {apart / size:.2g} of its size" if size and np.isfinite(apart) else ""
    sentence = f"asked {len(answers)} times it gives {different} different answers{by}"
    return Fact(pattern=Pattern.ANOTHER_EACH_TIME, sentence=sentence, value=float(different))


def not_numbers(came: Array, expected: Array) -> Fact | None:
    """Which elements are NaN or infinite, and should be numbers: by rows and columns where they fill some."""
    bad = ~np.isfinite(came) & np.isfinite(expected)
    if not bad.any():
        return None
    nan = np.isnan(came[bad])
    what = "NaN" if nan.all() else "NaN or infinite" if nan.any() else "infinite"
    return Fact(pattern=Pattern.NOT_A_NUMBER, sentence=f"{what} {_where(bad)}", value=float(bad.sum()))


def _where(bad: Array) -> str:
    count = int(bad.sum())
    if count == bad.size:
        return "in all elements" if bad.ndim else "as a whole"
    for axis in range(bad.ndim if bad.ndim > 1 else 0):
        rest = tuple(other for other in range(bad.ndim) if other != axis)
        full = np.flatnonzero(bad.all(axis=rest))
        if count == len(full) * (bad.size // bad.shape[axis]):
            names = {0: ("row", "rows"), bad.ndim - 1: ("column", "columns")}.get(axis, (f"axis {axis} at",) * 2)
            some = f"{len(full)} of {bad.shape[axis]} {names[1]}"
            return f"in {names[len(full) > 1]} {_listed(full)}" if len(full) <= FEW else f"in {some}"
    if count <= FEW:
        return f"at {_listed([str([int(i) for i in place]) for place in np.argwhere(bad)])}"
    return f"in {count} of {bad.size} elements"


def _listed(some: Sequence[object] | Array) -> str:
    *first, last = [str(one) for one in some]
    return f"{', '.join(first)} and {last}" if first else last


def _one_factor(e: Evidence, finite: Array) -> Fact | None:
    came, expected, limit = _told(e, finite)
    found = _fitted(came, expected, limit, e.allowance, right=1.0)
    if found is None:
        return None
    factor, text = found
    return Fact(pattern=Pattern.ONE_FACTOR, sentence=f"every element is {text} times what it should be", value=factor)


def _one_offset(e: Evidence, finite: Array) -> Fact | None:
    came, expected, limit = _told(e, finite)
    found = _fitted(came - expected, np.ones(expected.shape), limit, e.allowance, right=0.0)
    if found is None:
        return None
    offset, text = found
    return Fact(pattern=Pattern.ONE_OFFSET, sentence=f"every element is off by {text}", value=offset)


def _one_sign(e: Evidence, finite: Array) -> Iterator[Fact]:
    came, expected, limit = _told(e, finite)
    difference = came - expected
    beyond = abs(difference) > limit
    ways = {
        "too large": (difference > 0, difference < 0),
        "too large in magnitude": (difference * np.sign(expected) > 0, difference * np.sign(expected) < 0),
    }
    for how, (above, below) in ways.items():
        for sign, these, text in ((1.0, above, how), (-1.0, below, how.replace("large", "small"))):
            if beyond.sum() >= SIGNS and these[beyond].all():
                sentence = f"all {int(beyond.sum())} elements that rounding does not explain are {text}"
                yield Fact(pattern=Pattern.ONE_SIGN, sentence=sentence, value=sign)
                return


def _told(e: Evidence, finite: Array) -> tuple[Array, Array, Array]:
    """What came, what should have, and what rounding explains of each element, of those that are numbers."""
    came, expected = e.came.astype(np.float64)[finite], e.expected.astype(np.float64)[finite]
    if e.allowance.limit is None:
        return came, expected, np.full(came.shape, e.allowance.spread or 0.0)
    return came, expected, np.broadcast_to(e.allowance.limit, finite.shape)[finite].astype(np.float64)


def _fitted(values: Array, terms: Array, limit: Array, allowance: Allowance, right: float) -> tuple[float, str] | None:
    """c, where values = c * terms to rounding, as a number and in digits; None where it is not so, or by chance.

    ``right`` is the c of right values. The element that tells c best is used up by that. By chance any other lies as
    near to c times its term with a probability of about its distance from there over that from the right value.
    """
    weights = 1 / np.where(limit > 0, limit, np.inf) if limit.any() else np.ones(limit.shape)
    a, b = terms * weights, values * weights
    with np.errstate(all="ignore"):
        norm = float(a @ a)
        if not 0 < norm < np.inf:
            return None
        c = float(a @ b) / norm
        times = max(1.0, abs(c)) if right else 1.0
        left, allowed = abs(values - c * terms), times * limit
        off = abs((c - right) * terms)
        near = np.maximum(left, allowed / LIMIT_OF_ELEMENT)  # no nearer than roundings usually are
        chance = np.log10(np.clip(near / off, 1e-16, 1.0))[off > 0]
    uncertain = times / LIMIT_OF_ELEMENT / float(np.sqrt(norm)) if limit.any() else 0.0
    spread = np.inf if allowance.spread is None else times * allowance.spread
    if not (left <= allowed).all() or float(root_mean_square(left)) > spread or abs(c) <= 10 * uncertain:
        return None
    if chance.sum() - chance.min(initial=0.0) > -CHANCE:
        return None
    known = int(np.log10(abs(c) / uncertain)) if uncertain else DIGITS
    return c, f"{c:.{min(known, DIGITS)}g}"


def _difference(one: Array, other: Array) -> Array:
    alike = (one == other) | (np.isnan(one) & np.isnan(other))
    found = np.where(alike, 0.0, one - other)
    return np.where(np.isnan(found), np.inf, found)
