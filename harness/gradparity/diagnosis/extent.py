"""How much of an array is wrong: one row, one column, the border, all of it?"""

from __future__ import annotations

import numpy as np

from ..arithmetic.precision import Array
from ..functions.evidence import Evidence
from .records import Extent

FEW = 3  # places along an axis that are named


def extent_of(e: Evidence) -> Extent:
    """Of two arrays of one shape and dtype."""
    wrong = _wrong(e)
    found = Extent(wrong=int(wrong.sum()), size=wrong.size)
    if not 0 < found.wrong < wrong.size:
        return found
    for axis, length in enumerate(wrong.shape):
        at = np.flatnonzero(wrong.any(axis=tuple(other for other in range(wrong.ndim) if other != axis)))
        if length > 1 and len(at) <= min(FEW, length // 2):
            return found.model_copy(update={"axis": axis, "places": [int(i) for i in at], "length": length})
    inner = wrong[tuple(slice(1, -1) for _ in wrong.shape)]
    return found.model_copy(update={"border": wrong.ndim > 1 and inner.size > 0 and not inner.any()})


def _wrong(e: Evidence) -> Array:
    """Which elements rounding does not explain; of an array that is wrong as a whole, those that differ most."""
    a, b = e.came.astype(np.float64), e.expected.astype(np.float64)
    alike = (a == b) | (np.isnan(a) & np.isnan(b))
    with np.errstate(invalid="ignore"):
        difference = np.where(alike, 0.0, abs(a - b))
        limit = np.zeros(a.shape) if e.allowance.limit is None else e.allowance.limit
        found = ~(difference <= limit)
        return np.asarray(found if found.any() else difference > 0)
