"""Cases of a runner with diagnoses in them, made up: for tests of what is put together over cases, and of its words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from gradparity.arithmetic.verdicts import Verdict
from gradparity.check.records import CaseResult, Cell, CheckResult, Quantity
from gradparity.diagnosis.records import Alone, Diagnosis, Explanation, Where
from gradparity.functions.layers import Phase
from gradparity.ports.info import RunnerInfo, State

READY = RunnerInfo(runner="a", port="a", language="A", state=State.READY)
LOSS = Where(operation="trace", layer="softmax", phase=Phase.FORWARD, array="loss")


def at(layer: str, array: str = "out") -> Where:
    """A place in the trace."""
    return Where(operation="trace", layer=layer, phase=Phase.FORWARD, array=array)


def fit(name: str, numbers: int = 1, constant: float | None = None) -> Explanation:
    """A known bug that gives so many numbers."""
    sentence = f"this is {name}"
    return Explanation(name=name, sentence=sentence, residual=0.0, numbers=numbers, constant=constant)


def told(where: Where, *fits: Explanation, **more: Any) -> Diagnosis:
    """Something wrong there."""
    return Diagnosis(where=where, alone=Alone.NOT_ASKED, explanations=list(fits), **more)


def check(cases: Sequence[Sequence[Diagnosis]]) -> CheckResult:
    """A runner's cases, each with what is wrong in it; batches are 1, 2, ..."""
    found = []
    for batch, diagnoses in enumerate(cases, 1):
        wrong = [_cell(one.where.key, Verdict.WRONG) for one in diagnoses]
        cells = [*wrong, *(_cell(key, Verdict.ROUNDING) for key in ("affine1.out", "loss"))]
        about = {"runner": "a", "case": f"random-5-4-3-relu-n{batch}-float64", "dtype": "float64", "seed": 0}
        found.append(
            CaseResult.model_validate({**about, "command": f"c{batch}", "cells": cells, "diagnoses": diagnoses})
        )
    return CheckResult(runners=[READY], cases=found)


def _cell(array: str, verdict: Verdict) -> Cell:
    return Cell(quantity=Quantity.TRACE, array=array, verdict=verdict, ratio=5.0, detail=f"{array}=1, but should be 2")
