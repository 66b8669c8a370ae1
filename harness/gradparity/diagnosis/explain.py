"""Which known bug gives these very numbers? None is named that leaves more than rounding unexplained."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from ..arithmetic.precision import Array
from ..functions.evidence import Bug, Evidence
from .bugs import KNOWN
from .fits import numbers, residual
from .solve import solved


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
            count = numbers(e.came, e.expected) - (constant is not None)
            fits.append(Fit(one.name, sentence, left, max(count, 0), constant))
    return fits


def _candidates(bug: Bug, e: Evidence) -> Iterator[tuple[str, Array, float | None]]:
    for sentence, candidate in bug.candidates_for(e):
        yield sentence, candidate, None
    if bug.constant and bug.about(e) and e.comparable and e.came.dtype.kind == "f":
        gives = bug.constant.gives
        c = solved(lambda c: [gives(e, c)], [e.came], bug.constant.neutral, bug.constant.starts)
        if c is not None:
            yield bug.constant.says.format(c=f"{c:.6g}"), gives(e, c), c
