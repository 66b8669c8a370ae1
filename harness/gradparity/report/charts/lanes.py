"""Where the dots of cases lie: a row a runner with a lane a dtype; of functions, a row a function, a lane a runner."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from ...check.records import CaseResult
from ...texts import plain

LEVELS = (0, 1, -1, 2, -2, 3, -3)  # of dots at the same place, from the middle of their lane
ROW, LANE = 45, 22  # pixels at least: of a row, of a lane
USED = 0.7  # of a lane's height
OUTER = 19 / 45  # of a row's height: how far from its middle dots may lie


@dataclass(frozen=True)
class Lanes:
    """``by`` is the field of a case that says its row, and ``beside`` the one that says its lane in there."""

    by: str
    rows: list[str]
    beside: str
    lanes: list[str]
    dtypes: list[str]  # at most two: filled dots, and hollow ones
    taken: Counter[tuple[str, str, int]] = field(default_factory=Counter)

    @classmethod
    def of(cls, cases: Sequence[CaseResult], runners: Sequence[str], dtypes: Sequence[str]) -> Lanes:
        """Of these cases."""
        functions = [plain(name) for name in dict.fromkeys(case.function for case in cases) if name]
        if functions:
            return cls("function", functions, "runner", list(runners), list(dtypes))
        return cls("runner", list(runners), "dtype", list(dtypes), list(dtypes))

    @property
    def height(self) -> float:
        """Of a row, in pixels."""
        return max(ROW, LANE * len(self.lanes))

    @property
    def how(self) -> str:
        """How they are read."""
        if self.beside == "dtype":
            return " Above and filled is {}, below and hollow {}.".format(*self.dtypes) if len(self.dtypes) == 2 else ""
        told = f" In each row lie, from above: {', '.join(self.lanes)}." if len(self.lanes) > 1 else ""
        return told + (" Filled is {}, hollow {}.".format(*self.dtypes) if len(self.dtypes) == 2 else "")

    def row(self, case: CaseResult) -> str:
        """That of a case."""
        return plain(getattr(case, self.by))

    def offset(self, case: CaseResult, bucket: int) -> float:
        """Pixels below the middle of its row, beside the dots that are in this bucket already."""
        lane = plain(getattr(case, self.beside))
        spot = self.row(case), lane, bucket
        count = len(self.lanes)
        middle = (2 * self.lanes.index(lane) + 1) / count - 1
        offset = middle + USED / count * LEVELS[self.taken[spot] % len(LEVELS)] / max(LEVELS)
        self.taken[spot] += 1
        return round(self.height * OUTER * offset, 1)
