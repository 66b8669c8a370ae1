"""Wrong everywhere, whatever it is: another type, zero, no numbers, another order in memory."""

from __future__ import annotations

import numpy as np

from ...functions.evidence import Bugs, Candidates, Evidence

bug = Bugs()


@bug("another type")
def _another_type(e: Evidence) -> Candidates:
    if e.came.dtype != e.expected.dtype:
        yield f"the elements are {e.came.dtype}, where the case has {e.expected.dtype}", e.came


@bug("zero")
def _zero(e: Evidence) -> Candidates:
    if np.any(e.expected):
        yield "it is 0 throughout", np.zeros_like(e.expected)


@bug("transposed")
def _transposed(e: Evidence) -> Candidates:
    if e.expected.ndim == 2:
        yield "rows and columns are exchanged", e.expected.T


@bug("memory order")
def _memory_order(e: Evidence) -> Candidates:
    if e.expected.ndim == 2:
        sentence = "the elements are in the other order: row by row read column by column, or back"
        yield sentence, e.expected.ravel(order="C").reshape(e.expected.shape, order="F")
        yield sentence, e.expected.ravel(order="F").reshape(e.expected.shape, order="C")


@bug("rows shifted", results=("loss", "dx", "out", "y", "dW"))
def _rows_shifted(e: Evidence) -> Candidates:
    if e.expected.ndim == 2:
        for shift in (1, -1):
            yield "rows are shifted by one", np.roll(e.expected, shift, axis=0)


@bug("border left out")
def _border_left_out(e: Evidence) -> Candidates:
    for axis, what in enumerate(("row", "column")) if e.expected.ndim == 2 else ():
        for which, at in (("last", -1), ("first", 0)):
            found = e.expected.copy()
            found[(slice(None),) * axis + (at,)] = 0
            yield f"the {which} {what} is 0: a loop that is one too short", found
