"""Every case of a check as data for the page's table: the figures of its worst array, and on demand of the others."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

from ..arithmetic.verdicts import Verdict
from ..check.findings import Symptom, explained_cases
from ..check.records import CaseResult, Cell, CheckResult
from ..check.wording import cell_words, first_divergence, smallest_words, symptom_words
from ..texts import last_lines

MOST_ARRAYS = 60  # of one case that are shown: the record has them all


def case_data(result: CheckResult) -> list[dict[str, Any]]:
    """A dictionary for each runner, case and seed. Numbers that JSON has not are texts: "inf", "nan"."""
    told = explained_cases(result)
    return [_case(case, told.get((case.runner, case.case, case.seed), [])) for case in result.cases]


def _case(case: CaseResult, symptoms: list[Symptom]) -> dict[str, Any]:
    judged = [cell for cell in case.cells if cell.verdict is not Verdict.NOT_IMPLEMENTED] or case.cells
    failing = [cell for cell in judged if not cell.verdict.passes]
    return {
        "runner": case.runner,
        "case": case.case,
        "seed": case.seed,
        "dtype": case.dtype,
        "command": case.command,
        "wrong": [{"first": first_divergence(one.diagnosis), "why": symptom_words(one)} for one in symptoms],
        "function": case.function,
        "smallest": smallest_words(case),
        "stderr": last_lines(case.stderr),
        "verdict": case.verdict,
        "worst": _cell(_worst(judged)) if judged else None,
        "arrays": [_cell(cell) for cell in _by_quantity(judged, failing)[:MOST_ARRAYS]],
    }


def _by_quantity(judged: Iterable[Cell], failing: list[Cell]) -> list[Cell]:
    """The worst array of each quantity, and every one that is no pass."""
    quantities: dict[str, list[Cell]] = {}
    for cell in judged:
        quantities.setdefault(cell.quantity, []).append(cell)
    worst = [_worst(cells) for cells in quantities.values()]
    return [*worst, *(cell for cell in failing if cell not in worst)]


def _worst(cells: Iterable[Cell]) -> Cell:
    order = list(Verdict)

    def badness(cell: Cell) -> tuple[int, float]:  # of what passes, the ratio alone decides
        return (0 if cell.verdict.passes else order.index(cell.verdict), -1.0 if cell.ratio is None else cell.ratio)

    return max(cells, key=badness)


def _cell(cell: Cell) -> dict[str, Any]:
    figures = ("ratio", "resolution", "ulp", "bit_equal", "relative", "relative_max")
    shown: dict[str, Any] = {name: _figure(getattr(cell, name)) for name in figures}
    words = "" if cell.verdict.passes else cell_words(cell)
    return {"quantity": cell.quantity, "array": cell.array, "verdict": cell.verdict, "words": words, **shown}


def _figure(value: float | None) -> float | str | None:
    if value is None:
        return None
    return float(f"{value:.3g}") if math.isfinite(value) else f"{value:g}"
