"""Results that are accurate as a whole and not by element, as those of a fast matrix product are."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from ..arithmetic.verdicts import Figures, Verdict
from .records import Cell


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
