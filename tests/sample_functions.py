"""A small run in which functions were checked: two of them, of a port that has them right and of one that has not."""

from __future__ import annotations

from functools import cache

import gradparity
import numpy as np
from gradparity.arithmetic.precision import Array
from gradparity.check.records import CaseResult, CheckResult
from gradparity.record.run import Run
from sample_run import ALPHA, BETA, agreeing, info

COMMAND = "gradparity check --reference reference.py --port alpha --port beta"


@gradparity.function(x="n d")
def center(x: Array) -> Array:
    """Each column about its mean."""
    return np.asarray(x - x.mean(axis=0))


@gradparity.function(x="n", y="n", dtypes=("float64",))
def slope(x: Array, y: Array) -> dict[str, Array]:
    """The slope of a line through 0."""
    return {"slope": (x @ y) / (x @ x)}


def by_rows(x: Array) -> Array:
    """Wrong: the means are those of the rows."""
    return np.asarray(x - x.mean(axis=1, keepdims=True))


@cache
def called() -> Run:
    """The second port has the means of the rows in place of the columns'."""
    cases = [
        *_of(ALPHA, center.reference, center, "center-n5-d4-*"),
        *_of(ALPHA, slope.reference, slope, "slope-n5-*"),
        *_of(BETA, by_rows, center, "center-n5-d4-*"),
        *_of(BETA, slope.reference, slope, "slope-n5-*"),
    ]
    check = CheckResult(command=COMMAND, runners=[info(ALPHA), info(BETA)], cases=cases)
    return agreeing().model_copy(update={"command": COMMAND, "check": check, "bench": None, "train": None})


def _of(runner: str, port: object, reference: object, cases: str) -> list[CaseResult]:
    found = gradparity.compare(port, reference=reference, cases=cases)
    return [case.model_copy(update={"runner": runner}) for case in found.cases]


@cache
def right() -> Run:
    """The first port alone."""
    check = called().check
    assert check
    cases = [case for case in check.cases if case.runner == ALPHA]
    return called().model_copy(update={"check": check.model_copy(update={"runners": [info(ALPHA)], "cases": cases})})
