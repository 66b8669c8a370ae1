"""How much of an array is wrong: one element, a row, a column, the end of a blocked loop, the border, all of it?"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..arithmetic.precision import Array
from ..functions.evidence import Evidence
from .records import Extent

FEW = 3  # places along an axis that are named
BLOCKS = (64, 32, 16, 8, 4)  # as loops are blocked or unrolled: what is left over at the end has code of its own


def extent_of(e: Evidence) -> Extent:
    """Of two arrays of one shape and dtype."""
    wrong = _wrong(e)
    found = Extent(wrong=int(wrong.sum()), size=wrong.size)
    if not 0 < found.wrong < wrong.size:
        return found
    one = [int(i) for i in np.argwhere(wrong)[0]] if found.wrong == 1 else []
    found = found.model_copy(update={"index": one, "border": _at_the_border(wrong)})
    along = [(axis, _places(wrong, axis)) for axis, length in enumerate(wrong.shape) if length > 1]
    for axis, at in along:
        if block := _block(wrong, axis, at):
            return found.model_copy(update=_in(wrong, axis, at) | {"block": block})
    for axis, at in along:
        if len(at) <= min(FEW, wrong.shape[axis] // 2):
            return found.model_copy(update=_in(wrong, axis, at))
    return found


def blocks_of(start: int, length: int) -> set[int]:
    """The blocks of a loop over ``length`` that leave over what begins at ``start``."""
    return {block for block in BLOCKS if 0 < start < length and length // block * block == start}


def _places(wrong: Array, axis: int) -> list[int]:
    others = tuple(other for other in range(wrong.ndim) if other != axis)
    return [int(i) for i in np.flatnonzero(wrong.any(axis=others))]


def _in(wrong: Array, axis: int, places: list[int]) -> dict[str, Any]:
    return {"axis": axis, "places": places, "length": wrong.shape[axis], "border": False}


def _block(wrong: Array, axis: int, places: list[int]) -> int:
    """The largest block that leaves over these places, where all there is wrong; 0 where none does."""
    length = wrong.shape[axis]
    whole = places == [*range(places[0], length)] and bool(np.take(wrong, places, axis).all())
    return max(blocks_of(places[0], length), default=0) if whole else 0


def _at_the_border(wrong: Array) -> bool:
    inner = wrong[tuple(slice(1, -1) for _ in wrong.shape)]
    return wrong.ndim > 1 and inner.size > 0 and not inner.any()


def _wrong(e: Evidence) -> Array:
    """Which elements rounding does not explain; of an array that is wrong as a whole, those that differ most."""
    a, b = e.came.astype(np.float64), e.expected.astype(np.float64)
    alike = (a == b) | (np.isnan(a) & np.isnan(b))
    with np.errstate(invalid="ignore"):
        difference = np.where(alike, 0.0, abs(a - b))
        limit = np.zeros(a.shape) if e.allowance.limit is None else e.allowance.limit
        found = ~(difference <= limit)
        return np.asarray(found if found.any() else difference > 0)
