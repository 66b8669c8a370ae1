"""Where a fault is, or when: one element, one row, the tail of a block, large batches alone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from ...cases import Array
from .fault import Fault, FaultKind, Given, Situation, Spoil

Part = Callable[[Array], Array]  # which elements, of those of an array
When = Callable[[Situation], bool]


def _one(a: Array) -> Array:
    found = np.zeros(a.shape, bool)
    found.flat[a.size // 2] = True
    return found


def _rows(first: int, last: int | None) -> Part:
    def part(a: Array) -> Array:
        found = np.zeros(a.shape, bool)
        if a.ndim:
            found[first:last] = True
        return found

    return part


def _tail(block: int) -> Part:
    def part(a: Array) -> Array:
        found = np.zeros(a.shape, bool)
        if a.ndim and len(a) >= block:
            found[len(a) // block * block :] = True
        return found

    return part


PARTS: dict[str, Part] = {
    "in one element": _one,
    "in the first row": _rows(0, 1),
    "in the last row": _rows(-1, None),
    **{f"past the last multiple of {block}": _tail(block) for block in (8, 16, 64)},
}
TIMES: dict[str, When] = {
    "for batches above 50": lambda s: s.batch > 50,
    "from depth 3 on": lambda s: s.depth >= 3,
    "in float32": lambda s: s.dtype == "float32",
    "for integer labels": lambda s: s.integer_labels,
    "in Fortran order": lambda s: s.fortran,
}


def extended(fault: Fault, rng: np.random.Generator) -> Fault:
    """The fault in one part, or at some times, alone."""
    words = str(rng.choice([*PARTS, *TIMES]))
    spoils = {place: _in_part(spoil, words) for place, spoil in fault.spoils.items()}
    return replace(fault, kind=FaultKind.EXTENT, words=f"{fault.words}, only {words}", spoils=spoils)


def _in_part(spoil: Spoil, words: str) -> Spoil:
    def spoiled(s: Given) -> Array:
        if words in TIMES:
            return np.asarray(spoil(s) if TIMES[words](s.situation) else s.right)
        return np.where(PARTS[words](np.asarray(s.right)), spoil(s), s.right)

    return spoiled
