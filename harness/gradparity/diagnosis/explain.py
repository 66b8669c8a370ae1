"""Which known bug gives these very numbers? None is named that leaves more than rounding unexplained."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..arithmetic.precision import Array, root_mean_square
from ..functions.evidence import Evidence, Subject
from .bugs import KNOWN

FIT = {"float64": 1e-9, "float32": 2e-4}  # relative residual: rounding, amplified by cancellation, and no more
SHARE = 0.01  # of the difference may stay unexplained


@dataclass(frozen=True)
class Fit:
    """A hypothesis that explains the numbers; ``residual`` is what it leaves, relative to what came."""

    name: str
    sentence: str
    residual: float


def explain(e: Evidence) -> list[Fit]:
    """The hypotheses that explain what is wrong, best first. Empty: none does, and no guess is made."""
    fits = []
    for one in KNOWN if e.wrong else []:
        with np.errstate(all="ignore"):
            tried = [(residual(e, candidate), sentence) for sentence, candidate in one.candidates_for(e)]
        found = [(left, sentence) for left, sentence in tried if left is not None]
        if found:
            left, sentence = min(found, key=lambda pair: pair[0])
            fits.append(Fit(one.name, sentence, left))
    return fits


def residual(e: Evidence, candidate: Array) -> float | None:
    """What the candidate leaves unexplained of what came, relatively; None where that is more than rounding."""
    candidate = np.asarray(candidate)
    if candidate.shape != e.came.shape:
        return None
    a, c = e.came.astype(np.float64), candidate.astype(np.float64)
    if not np.array_equal(np.isfinite(a), np.isfinite(c)) or not np.array_equal(np.isnan(a), np.isnan(c)):
        return None
    if e.kind == Subject.FUNCTION and candidate is not e.came and not np.isfinite(c).any():
        return None  # whatever gives no number fits where there is none
    a, c = (np.where(np.isfinite(x), x, 0.0) for x in (a, c))
    size, left = float(root_mean_square(a)), float(root_mean_square(a - c))
    difference = float(root_mean_square(a - np.nan_to_num(e.expected.astype(np.float64)))) if e.comparable else size
    if left > SHARE * difference or left > FIT.get(str(e.came.dtype), FIT["float64"]) * size:
        return None
    return left / size if size else 0.0
