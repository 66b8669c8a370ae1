"""Which known bug gives these very numbers? None is named that leaves more than rounding unexplained."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from ..arithmetic.precision import Array
from ..functions.evidence import Bug, Evidence, Subject
from .bugs import KNOWN
from .fits import numbers, residual
from .solve import solved

EVERYWHERE = ("another type", "not a number")  # which only say what there is to see


@dataclass(frozen=True)
class Fit:
    """A hypothesis that explains the numbers; the rest as in `records.Explanation`."""

    name: str
    sentence: str
    residual: float | None
    numbers: int
    constant: float | None = None


def explain(e: Evidence) -> list[Fit]:
    """The hypotheses that explain what is wrong, best first. Empty: none does, and no guess is made."""
    fits = []
    for one in KNOWN if e.wrong else []:
        with np.errstate(all="ignore"):
            tried = [
                (left, sentence, constant, candidate is e.came)
                for sentence, candidate, constant in _candidates(one, e)
                if (left := residual(e.came, candidate, e.expected, e.allowance)) is not None
            ]
        if tried:
            left, sentence, constant, only_came = min(tried, key=lambda fit: fit[0])
            count = _count(one, e) - (constant is not None)
            fits.append(Fit(one.name, sentence, None if only_came else left, max(count, 0), constant))
    if np.isfinite(e.came.astype(np.float64)).any():
        return [one for one in fits if one.name not in EVERYWHERE] or fits
    return _of_no_number(fits)


def _count(bug: Bug, e: Evidence) -> int:
    if e.kind is Subject.ACCURACY:  # a share of a few rows fits by chance: several cases are evidence
        return 0
    if bug.name in EVERYWHERE:  # it says no more than there is to see
        return e.came.size
    return numbers(e.came, e.expected)


def _of_no_number(fits: list[Fit]) -> list[Fit]:
    """Where nothing is a number, what gives none either is evidence only if it is the only known bug that does.

    Each of several may be it, if other cases show it.
    What happened to an argument or a result was seen, whatever numbers it left.
    """
    seen = [one for one in fits if one.residual is None and one.name not in EVERYWHERE]
    known = {bug.name for bug in KNOWN if bug.loses}
    losing = [one for one in fits if one.name in known]
    others = [one for one in fits if one.name in EVERYWHERE]
    if len(losing) == 1:
        return seen or [replace(losing[0], numbers=1)]
    return seen or [*others, *(replace(one, numbers=0) for one in losing)]


def _candidates(bug: Bug, e: Evidence) -> Iterator[tuple[str, Array, float | None]]:
    for sentence, candidate in bug.candidates_for(e):
        yield sentence, candidate, None
    if bug.constant and bug.about(e) and e.comparable and e.came.dtype.kind == "f":
        gives = bug.constant.gives
        c = solved(lambda c: [gives(e, c)], [e.came], bug.constant.neutral, bug.constant.starts)
        if c is not None:
            yield bug.constant.says(c), gives(e, c), c
