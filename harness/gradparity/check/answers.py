"""How an answer is judged, of the network and of functions alike: its shapes, a failure, whether it has changed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from ..arithmetic.verdicts import Figures, Verdict
from ..cases import Array
from ..diagnosis.records import Where
from ..ports.session import Expected, Failure
from ..texts import subscript
from .records import Cell


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


@dataclass
class ByNorm:
    """Cells that are wrong element by element, and accurate by norm, by their place among all: candidates."""

    figures: dict[int, Figures] = field(default_factory=dict)

    def note(self, at: int, verdict: Verdict, figures: Figures) -> None:
        """Keep the figures of the cell at this place, if it is one."""
        if verdict is Verdict.WRONG and figures.accurate_by_norm:
            self.figures[at] = figures

    def settled(self, cells: Sequence[Cell], explained: Callable[[], bool]) -> list[Cell]:
        """The cells, the candidates as accurate by norm where nothing else is wrong, and no known bug explains it.

        An array of few elements cannot show that its difference is scattered as rounding is: others must.
        """
        wrong = {at for at, cell in enumerate(cells) if cell.verdict is Verdict.WRONG}
        if not wrong or not wrong <= self.figures.keys():
            return list(cells)
        if not any(self.figures[at].scattered for at in wrong) or explained():
            return list(cells)
        return [self._as_accurate(at, cell) if at in wrong else cell for at, cell in enumerate(cells)]

    def _as_accurate(self, at: int, cell: Cell) -> Cell:
        figures = self.figures[at]
        units = figures.units if figures.accurate_by_norm else None  # None: a comparison went the other way
        return cell.model_copy(update={"verdict": Verdict.BY_NORM, "units": units})


def difference_words(
    came: Array, expected: Array, place: tuple[int, ...], where: Where, call: str, but: str = "but should be"
) -> str:
    """Actual, expected, call: in that order."""
    return f"{where.array}{subscript(place)}={came[place]!s}, {but} {expected[place]!s} [{call}, {came.dtype}]"
