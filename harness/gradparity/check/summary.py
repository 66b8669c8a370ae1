"""A check in a few rows: for each runner and quantity the worst of its arrays."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from statistics import fmean

from ..arithmetic.verdicts import Verdict
from ..tables import Table, Value, row
from ..texts import number
from .records import CaseResult, Cell, CheckResult, Quantity, worst


@dataclass(frozen=True)
class Row:
    """One runner and quantity over all cases, of the network or of one function. Figures are None where nothing was
    compared.
    """

    runner: str
    function: str
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
    by_case: dict[tuple[str, str, Quantity], list[tuple[str, list[Cell]]]] = {}
    for case in result.cases:
        cells: dict[Quantity, list[Cell]] = {}
        for cell in case.cells:
            cells.setdefault(cell.quantity, []).append(cell)
        for quantity, of in cells.items():
            by_case.setdefault((case.runner, case.function, quantity), []).append((case.dtype, of))
    functions = dict.fromkeys(case.function for case in result.cases)
    keys = [(info.runner, name, quantity) for info in result.runners for name in functions for quantity in Quantity]
    return [_row(*key, by_case[key]) for key in keys if key in by_case]


def check_table(result: CheckResult) -> Table:
    """Per runner and quantity, the worst figures over all cases."""
    dtypes = sorted({case.dtype for case in result.cases}, reverse=True)
    resolves = [f"resolves\n{dtype}" for dtype in dtypes]
    headings = ("port", "quantity", "cases", "worst\nratio", *resolves, "max\nULP", "bit-\nequal", "verdict")
    lines = []
    for one in rows(result):
        cases = str(one.cases) if one.judged == one.cases else f"{one.judged} of {one.cases}"
        resolution = [number(one.resolution.get(dtype)) for dtype in dtypes]
        figures = (number(one.ratio), *resolution, number(one.ulp), share(one.bit_equal))
        lines.append(row(one.runner, f"{one.function} {one.quantity}".strip(), cases, *figures, Value.of(one.verdict)))
    return Table("", headings, lines, names=2)


def share(part: float | None) -> str:
    """In percent, rounded down: only all is 100 %."""
    return "-" if part is None or not 0 <= part <= 1 else f"{math.floor(part * 1000) / 10:g} %"


def _row(runner: str, function: str, quantity: Quantity, by_case: list[tuple[str, list[Cell]]]) -> Row:
    cells = [cell for _, cells in by_case for cell in cells]
    judged = [cells for _, cells in by_case if any(c.verdict is not Verdict.NOT_IMPLEMENTED for c in cells)]
    resolution = {
        dtype: _most(cell.resolution for of, cells in by_case if of == dtype for cell in cells)
        for dtype in dict.fromkeys(dtype for dtype, _ in by_case)
    }
    equal = [cell.bit_equal for cell in cells if cell.bit_equal is not None]
    return Row(
        runner=runner,
        function=function,
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


def closest_call(result: CheckResult) -> tuple[CaseResult, Cell] | None:
    """The cell with the largest ratio of all that passed."""
    passed = [(case, cell) for case in result.cases for cell in case.cells if cell.verdict.passes and cell.ratio]
    return max(passed, key=lambda pair: pair[1].ratio or 0.0, default=None)


def counts(cases: Iterable[CaseResult]) -> Counter[Verdict]:
    """How many cases have each verdict."""
    return Counter(case.verdict for case in cases)
