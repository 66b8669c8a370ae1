"""A check in a few rows: for each runner and quantity the worst of its arrays."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from statistics import fmean

from ..arithmetic.verdicts import Verdict
from ..diagnosis.bugs import KNOWN
from ..diagnosis.records import Diagnosis, Explanation
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


@dataclass(frozen=True)
class Finding:
    """A runner's worst trouble of one kind, in the case that shows it best, and how many cases share it."""

    case: CaseResult
    cell: Cell
    count: int


TOLD = (Verdict.WRONG, Verdict.COULD_NOT_RUN, Verdict.UNRESOLVED, Verdict.MUTATES, Verdict.BY_NORM)


def findings(result: CheckResult) -> list[Finding]:
    """For each runner and each verdict that is to be told: the diagnosed case, else the cell with the largest ratio."""
    found = []
    functions = dict.fromkeys(case.function for case in result.cases)
    for runner, function in [(info.runner, name) for info in result.runners for name in functions]:
        mine = [case for case in result.cases if (case.runner, case.function) == (runner, function)]
        own = [(case, cell) for case in mine for cell in case.cells]
        diagnosed = diagnosis(result, runner, function)
        for verdict in TOLD:
            matching = [(case, cell) for case, cell in own if cell.verdict is verdict]
            if matching:
                count = len({(c.case, c.seed) for c, _ in matching})
                if diagnosed and verdict is Verdict.WRONG:
                    shown = [(case, cell) for case, cell in matching if case is diagnosed.case]
                    matching = _of_first(shown, diagnosed.diagnosis) or matching
                case, cell = max(matching, key=lambda pair: _badness(pair[1]))
                found.append(Finding(case, cell, count))
    return found


def _badness(cell: Cell) -> float:
    return (cell.units if cell.verdict is Verdict.BY_NORM else cell.ratio) or 0.0


def first_wrong(case: CaseResult) -> Cell:
    """The cell of what is wrong first in a wrong case."""
    wrong = [(case, cell) for cell in case.cells if cell.verdict is Verdict.WRONG]
    return (_of_first(wrong, case.diagnosis) if case.diagnosis else wrong)[0][1]


def _of_first(cells: list[tuple[CaseResult, Cell]], told: Diagnosis) -> list[tuple[CaseResult, Cell]]:
    """The cells of the array that is wrong first, where it has some; or of what it belongs to."""
    where = told.where
    state = f"{where.layer or where.operation} {where.array}"
    for name in (where.key, state, f"{where.operation} {state}", where.layer or where.operation):
        found = [(case, cell) for case, cell in cells if cell.array == name]
        if found:
            return found
    return [(case, cell) for case, cell in cells if cell.quantity == where.operation and not cell.array] or cells


@dataclass(frozen=True)
class RunnerDiagnosis:
    """What all of a runner's wrong cases have in common, and the first case that shows it.

    ``explanation`` is the known bug that explains most of them, None where none explains any.
    """

    case: CaseResult
    diagnosis: Diagnosis
    explanation: Explanation | None
    explained: int
    wrong: int


def diagnosis(result: CheckResult, runner: str, function: str = "") -> RunnerDiagnosis | None:
    """The vote of a runner's wrong cases of the network, or of a function; between equals, the order of the hypotheses
    decides. What explains less than half of a function's is a coincidence.
    """
    mine = [case for case in result.cases if (case.runner, case.function) == (runner, function)]
    wrong = [(case, case.diagnosis) for case in mine if case.diagnosis]
    if not wrong:
        return None
    votes: Counter[str] = Counter()
    for _, told in wrong:
        votes.update({one.name for one in told.explanations or told.also})
    if not votes or (function and max(votes.values()) * 2 < len(wrong)):
        case, told = wrong[0]
        return RunnerDiagnosis(case, told, None, 0, len(wrong))
    order = [one.name for one in KNOWN]
    name = max(votes, key=lambda name: (votes[name], -order.index(name)))
    for case, told in wrong:
        for one in [*told.explanations, *told.also]:
            if one.name == name:
                return RunnerDiagnosis(case, told, one, votes[name], len(wrong))
    raise AssertionError("a vote has a voter")


def changed_arguments(result: CheckResult, runner: str, function: str = "") -> list[str]:
    """What a runner changes of its arguments, by what its cells call it: "layer relu1 dout", "gradient x"."""
    mine = (case for case in result.cases if (case.runner, case.function) == (runner, function))
    return list(dict.fromkeys(cell.array for case in mine for cell in case.cells if cell.verdict is Verdict.MUTATES))


def closest_call(result: CheckResult) -> tuple[CaseResult, Cell] | None:
    """The cell with the largest ratio of all that agree."""
    passed = [(case, cell) for case in result.cases for cell in case.cells if cell.verdict.agrees and cell.ratio]
    return max(passed, key=lambda pair: pair[1].ratio or 0.0, default=None)


def counts(cases: Iterable[CaseResult]) -> Counter[Verdict]:
    """How many cases have each verdict."""
    return Counter(case.verdict for case in cases)
