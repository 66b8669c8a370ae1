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
    residual: float
    numbers: int
    constant: float | None = None


def explain(e: Evidence) -> list[Fit]:
    """The hypotheses that explain what is wrong, best first. Empty: none does, and no guess is made."""
    fits = []
    for one in KNOWN if e.wrong else []:
        with np.errstate(all="ignore"):
            tried = [
                (left, sentence, constant)
                for sentence, candidate, constant in _candidates(one, e)
                if (left := residual(e.came, candidate, e.expected, e.allowance)) is not None
            ]
        if tried:
            left, sentence, constant = min(tried, key=lambda fit: fit[0])
            count = _count(one, e) - (constant is not None)
            fits.append(Fit(one.name, sentence, left, max(count, 0), constant))
    return fits if np.isfinite(e.came.astype(np.float64)).any() else _of_no_number(fits)


def _count(bug: Bug, e: Evidence) -> int:
    if e.kind is Subject.ACCURACY:  # a share of a few rows fits by chance: several cases are evidence
        return 0
    if bug.name in EVERYWHERE:  # it says no more than there is to see
        return e.came.size
    return numbers(e.came, e.expected)


def _of_no_number(fits: list[Fit]) -> list[Fit]:
    """Where nothing is a number, what gives none either is evidence only if it is the only known bug that does."""
    known = {bug.name for bug in KNOWN if bug.loses}
    losing = [one for one in fits if one.name in known]
    others = [one for one in fits if one.name in EVERYWHERE]
    return [*([replace(losing[0], numbers=1)] if len(losing) == 1 else []), *others]


def _candidates(bug: Bug, e: Evidence) -> Iterator[tuple[str, Array, float | None]]:
    for sentence, candidate in bug.candidates_for(e):
        yield sentence, candidate, None
    if bug.constant and bug.about(e) and e.comparable and e.came.dtype.kind == "f":
        gives = bug.constant.gives
        c = solved(lambda c: [gives(e, c)], [e.came], bug.constant.neutral, bug.constant.starts)
        if c is not None:
            yield bug.constant.says(c), gives(e, c), c
