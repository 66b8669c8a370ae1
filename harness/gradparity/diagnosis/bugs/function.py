"""What may be wrong with any function, whatever it computes."""

from __future__ import annotations

from itertools import permutations

import numpy as np

from ...arithmetic.precision import root_mean_square
from ...functions.evidence import Bugs, Candidates, Evidence, Subject

bug = Bugs(Subject.FUNCTION)
MOST_AXES = 4  # 24 orders


@bug("one change")
def _one_change(e: Evidence) -> Candidates:
    yield from ()  # prepared, as it takes the reference


@bug("axes exchanged")
def _axes_exchanged(e: Evidence) -> Candidates:
    if 2 < e.expected.ndim <= MOST_AXES:
        for axes in list(permutations(range(e.expected.ndim)))[1:]:
            if e.expected.transpose(axes).shape == e.came.shape:
                yield f"its axes are in another order: {', '.join(map(str, axes))}", e.expected.transpose(axes)


@bug("reversed")
def _reversed(e: Evidence) -> Candidates:
    for axis in range(e.expected.ndim):
        yield f"it runs backwards along axis {axis}", np.flip(e.expected, axis)


@bug("shifted")
def _shifted(e: Evidence) -> Candidates:
    for axis in range(e.expected.ndim):
        for shift in (1, -1):
            moved = np.roll(e.expected, shift, axis)
            yield f"it is shifted by one along axis {axis}", moved
            inside = [slice(None)] * e.expected.ndim
            inside[axis] = slice(0, 1) if shift > 0 else slice(-1, None)
            cut = moved.copy()
            cut[tuple(inside)] = 0
            yield f"it is shifted by one along axis {axis}, and 0 at the end", cut


@bug("argument left out")
def _left_out(e: Evidence) -> Candidates:
    yield from ()


@bug("arguments exchanged")
def _exchanged(e: Evidence) -> Candidates:
    yield from ()


@bug("stale argument")
def _stale(e: Evidence) -> Candidates:
    yield from ()


@bug("number of terms")
def _number_of_terms(e: Evidence) -> Candidates:
    """A mean has been taken for a sum, or the other way round, or with another number of terms."""
    if e.expected.dtype.kind != "f":
        return
    for n in e.sizes:
        if n > 1:
            yield f"{n} times as large: a sum, where the mean over {n} is meant", e.expected * n
            yield f"divided by {n}: a mean, where the sum over {n} is meant", e.expected / n
            yield f"divided by {n} - 1, for {n}: ddof is 1, for 0", e.expected * (n / (n - 1))
            yield f"divided by {n}, for {n} - 1: ddof is 0, for 1", e.expected * ((n - 1) / n)


@bug("power")
def _power(e: Evidence) -> Candidates:
    if e.expected.dtype.kind == "f":
        with np.errstate(all="ignore"):
            yield "it is squared", np.square(e.expected)
            yield "its square root is taken", np.sqrt(e.expected)
            yield "its logarithm is taken", np.log(e.expected)
            yield "its exponential is taken", np.exp(e.expected)
            yield "it is without its sign", abs(e.expected)


@bug("small elements")
def _small_elements(e: Evidence) -> Candidates:
    """What is said of each element is not true, and what is said of the array is."""
    spread = e.allowance.spread
    if not e.comparable or spread is None or not (np.isfinite(e.came) & np.isfinite(e.expected)).all():
        return
    if float(root_mean_square(e.came.astype(np.float64) - e.expected)) <= spread:
        sentence = "the array as a whole is right to its rounding, its small elements are not right to theirs"
        yield f"{sentence}: computed by a formula that loses their digits", e.came


@bug("another constant")
def _constant(e: Evidence) -> Candidates:
    if e.comparable and e.expected.dtype.kind == "f" and e.expected.size > 1:
        c = float(np.median(e.came.astype(np.float64) - e.expected))
        if not np.isfinite(c):
            return
        yield f"off by {c:.6g} everywhere", e.expected + e.came.dtype.type(c)
