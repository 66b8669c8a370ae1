"""A check in a few rows: for each runner and quantity the worst of its arrays."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from statistics import fmean

from .results import CaseResult, Cell, CheckResult, Quantity, worst
from .verdicts import Verdict


@dataclass(frozen=True)
class Row:
    """One runner and quantity over all cases. Figures are None where nothing was compared."""

    runner: str
    quantity: Quantity
    verdict: Verdict
    judged: int
    cases: int
    ratio: float | None
    resolution: dict[str, float | None]  # by dtype
    ulp: float | None
    bit_equal: float | None


def rows(result: CheckResult) -> list[Row]:
    """The rows in the order of the runners and quantities."""
    found = []
    for info in result.runners:
        cases = [case for case in result.cases if case.runner == info.runner]
        for quantity in Quantity:
            by_case = [(case.dtype, [c for c in case.cells if c.quantity is quantity]) for case in cases]
            by_case = [(dtype, cells) for dtype, cells in by_case if cells]
            if by_case:
                found.append(_row(info.runner, quantity, by_case))
    return found


def _row(runner: str, quantity: Quantity, by_case: list[tuple[str, list[Cell]]]) -> Row:
    cells = [cell for _, cells in by_case for cell in cells]
    judged = [cells for _, cells in by_case if any(c.verdict is not Verdict.NOT_IMPLEMENTED for c in cells)]
    resolution = {
        dtype: _most(cell.resolution for of, cells in by_case if of == dtype for cell in cells)
        for dtype in dict.fromkeys(dtype for dtype, _ in by_case)
    }
    equal = [cell.bit_equal for cell in cells if cell.bit_equal is not None]
    return Row(
        runner=runner,
        quantity=quantity,
        verdict=worst(cell.verdict for cell in cells),
        judged=len(judged),
        cases=len(by_case),
        ratio=_most(cell.ratio for cell in cells),
        resolution=resolution,
        ulp=_most(cell.ulp for cell in cells),
        bit_equal=fmean(equal) if equal else None,
    )


def _most(values: Iterable[float | None]) -> float | None:
    return max((value for value in values if value is not None), default=None)


@dataclass(frozen=True)
class Finding:
    """A runner's worst trouble of one kind, in the case that shows it best, and how many cases share it."""

    case: CaseResult
    cell: Cell
    count: int


def findings(result: CheckResult) -> list[Finding]:
    """For each runner and each verdict that is no pass, the cell with the largest ratio."""
    found = []
    for info in result.runners:
        own = [(case, cell) for case in result.cases if case.runner == info.runner for cell in case.cells]
        for verdict in (Verdict.WRONG, Verdict.COULD_NOT_RUN, Verdict.UNRESOLVED):
            matching = [(case, cell) for case, cell in own if cell.verdict is verdict]
            if matching:
                case, cell = max(matching, key=lambda pair: pair[1].ratio or 0.0)
                found.append(Finding(case, cell, len({(c.case, c.seed) for c, _ in matching})))
    return found


def closest_call(result: CheckResult) -> tuple[CaseResult, Cell] | None:
    """The cell with the largest ratio of all that passed."""
    passed = [(case, cell) for case in result.cases for cell in case.cells if cell.verdict.passes and cell.ratio]
    return max(passed, key=lambda pair: pair[1].ratio or 0.0, default=None)


def counts(cases: Iterable[CaseResult]) -> Counter[Verdict]:
    """How many cases have each verdict."""
    return Counter(case.verdict for case in cases)
