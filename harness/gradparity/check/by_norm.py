"""Results that are accurate as a whole and not by element, as those of a fast matrix product are."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from ..arithmetic.verdicts import Figures, Verdict
from .records import Cell

Fast = Callable[[], Figures | None]
"""The figures of a result if matrix products were accurate by norm alone; None where nobody knows."""


@dataclass
class ByNorm:
    """Cells that are wrong element by element, and accurate by norm, by their place among all: candidates.

    ``beyond`` are other wrong cells, with their figures if products were fast: a number that is 0 may be decided by it.
    """

    figures: dict[int, Figures] = field(default_factory=dict)
    beyond: dict[int, Fast] = field(default_factory=dict)

    def note(self, at: int, verdict: Verdict, figures: Figures, fast: Fast | None = None) -> None:
        """Keep the figures of the cell at this place, if it is one; ``fast`` are those if products were fast."""
        if verdict is Verdict.WRONG and figures.accurate_by_norm:
            self.figures[at] = figures
        elif verdict is Verdict.WRONG and fast:
            self.beyond[at] = fast

    def settled(self, cells: Sequence[Cell], explained: Callable[[], bool]) -> list[Cell]:
        """The cells, the candidates as accurate by norm where nothing else is wrong, and no known bug explains it.

        An array of few elements cannot show that its difference is scattered as rounding is: others must.
        """
        if any(one.scattered for one in self.figures.values()):
            explained_too = {at: figures for at, fast in self.beyond.items() if (figures := fast())}
            self.figures |= {at: one for at, one in explained_too.items() if one.verdict is not Verdict.WRONG}
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
