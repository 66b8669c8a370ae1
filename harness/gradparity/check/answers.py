"""How an answer is judged, of the network and of functions alike: its shapes, a failure, whether it has changed."""

from __future__ import annotations

from collections.abc import Mapping

from ..arithmetic.verdicts import Figures, Verdict
from ..cases import Array
from ..diagnosis.records import Where
from ..ports.session import Expected, Failure
from ..texts import subscript


def shapes_of(arrays: Mapping[str, Array]) -> Expected:
    """What a reply must have."""
    return {name: (array.shape, array.dtype) for name, array in arrays.items()}


def verdict_of_failure(kind: Failure) -> Verdict:
    """Of a request that gave nothing to compare."""
    found = {Failure.UNSUPPORTED: Verdict.NOT_IMPLEMENTED, Failure.MISSHAPEN: Verdict.WRONG}
    return found.get(kind, Verdict.COULD_NOT_RUN)


def verdict_of_state(figures: Figures) -> Verdict:
    """Of an array asked again or after another case: whether it has changed, not how sharply that could be seen."""
    return Verdict.WRONG if figures.ratio > 1 else Verdict.IDENTICAL if figures.ratio == 0 else Verdict.ROUNDING


def difference_words(
    came: Array, expected: Array, place: tuple[int, ...], where: Where, call: str, but: str = "but should be"
) -> str:
    """Actual, expected, call: in that order."""
    return f"{where.array}{subscript(place)}={came[place]!s}, {but} {expected[place]!s} [{call}, {came.dtype}]"
