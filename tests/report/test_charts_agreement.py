"""What the charts of the agreement say and show, on small checks whose answer is known."""

from __future__ import annotations

import math
from typing import Any

import pytest
from gradparity.arithmetic.verdicts import Verdict
from gradparity.check.records import CaseResult, Cell, CheckResult, Quantity
from gradparity.record.run import Run
from gradparity.report.charts import agreement
from sample_run import ALPHA, BETA, REFERENCE, agreeing, info

Ratios = dict[str, list[float | None]]


def case(runner: str, name: str, ratio: float | None, verdict: Verdict, dtype: str = "float64") -> CaseResult:
    cell = Cell(quantity=Quantity.GRADIENT, array="dW1", verdict=verdict, ratio=ratio, resolution=2e-15)
    return CaseResult(runner=runner, case=name, seed=0, dtype=dtype, command="gradparity check", cells=[cell])


def checked(*cases: CaseResult) -> Run:
    names = dict.fromkeys(one.runner for one in cases)
    return Run(check=CheckResult(command="gradparity check", runners=[info(name) for name in names], cases=list(cases)))


def dots(run: Run) -> list[dict[str, Any]]:
    [chart] = agreement.of_cases(run)
    rows: list[dict[str, Any]] = chart.spec["data"]["values"]
    return rows


SAME = case(REFERENCE, "a", 0.0, Verdict.IDENTICAL)
NEAR = case(ALPHA, "a", 0.25, Verdict.ROUNDING)
NEARER = case(ALPHA, "b", 0.5, Verdict.ROUNDING)


def test_it_tells_who_comes_nearest_and_the_worst_of_each() -> None:
    [chart] = agreement.of_cases(checked(SAME, NEAR, NEARER))
    assert chart.told == (
        "No case is beyond the limit of 1: the nearest is 0.500, alpha in b, gradient dW1. "
        "The worst ratios are: python 0 (identical), alpha 0.500."
    )
    assert chart.command == "gradparity check"


def test_it_tells_who_is_beyond_the_limit_and_what_could_not_run() -> None:
    broken = case(BETA, "b", None, Verdict.COULD_NOT_RUN)
    wrong = [case(BETA, name, ratio, Verdict.WRONG) for name, ratio in (("a", 3.0), ("c", math.inf))]
    [chart] = agreement.of_cases(checked(NEAR, *wrong, broken))
    assert chart.told == (
        "Beyond the limit: beta:native in 2 cases. The worst ratios are: alpha 0.250, beta:native infinite. "
        "1 could not run."
    )


def test_it_tells_what_is_unresolved() -> None:
    [chart] = agreement.of_cases(checked(NEAR, case(ALPHA, "b", 0.1, Verdict.UNRESOLVED)))
    assert chart.told.endswith(" 1 resolved too little.")


@pytest.mark.parametrize(("ratio", "said"), [(math.inf, "infinite"), (math.nan, "nan"), (None, "nothing to compare")])
def test_what_has_no_finite_ratio_but_is_wrong_is_at_the_right_edge(ratio: float | None, said: str) -> None:
    near, wrong = dots(checked(NEAR, case(BETA, "a", ratio, Verdict.WRONG)))
    assert wrong["x"] > 1 > near["x"]
    assert (wrong["ratio"], wrong["verdict"]) == (said, "wrong")


def test_identical_bits_are_at_the_left_edge() -> None:
    same, near = dots(checked(SAME, NEAR))
    assert same["x"] < near["x"] and same["ratio"] == "0 (identical)"


def test_what_was_not_compared_is_no_dot() -> None:
    assert len(dots(checked(NEAR, case(ALPHA, "b", None, Verdict.NOT_IMPLEMENTED)))) == 1
    assert agreement.of_cases(checked(case(ALPHA, "b", None, Verdict.NOT_IMPLEMENTED))) == []


def test_the_dot_is_the_worst_of_the_cells() -> None:
    cells = [NEAR.cells[0], NEARER.cells[0].model_copy(update={"array": "db2"})]
    [dot] = dots(checked(NEAR.model_copy(update={"cells": cells})))
    assert (dot["x"], dot["array"], dot["resolves"]) == (0.5, "gradient db2", "2e-15")


def test_dots_at_the_same_place_lie_beside_each_other_and_dtypes_apart() -> None:
    double = [case(ALPHA, name, 0.25, Verdict.ROUNDING) for name in "abc"]
    single = [case(ALPHA, name, 0.25, Verdict.ROUNDING, "float32") for name in "abc"]
    offsets = [dot["offset"] for dot in dots(checked(*double, *single))]
    assert len(set(offsets)) == 6
    assert max(offsets[:3]) < 0 < min(offsets[3:])


def test_several_seeds_are_named() -> None:
    other = NEAR.model_copy(update={"seed": 4})
    assert [dot["case"] for dot in dots(checked(NEAR, other))] == ["a, seed 0", "a, seed 4"]


def test_right_and_fast_puts_both_figures_of_a_dtype_on_one_point() -> None:
    double, single = agreement.beside_speed(agreeing())
    assert (double.id, single.id) == ("agreement-and-speed-float64", "agreement-and-speed-float32")
    rows = {row["runner"]: row for row in double.spec["data"]["values"]}
    assert rows[REFERENCE]["x"] == 1 and rows[REFERENCE]["ratio"] == "0 (identical)"
    assert rows[ALPHA]["x"] == pytest.approx(0.7, rel=0.01)
    assert rows[BETA]["x"] == pytest.approx(1.24, rel=0.01)
    assert rows[ALPHA]["low"] <= rows[ALPHA]["x"] <= rows[ALPHA]["high"]
    assert {row["runner"] for row in single.spec["data"]["values"]} == {REFERENCE, ALPHA}  # the third has no float32
    assert double.told.startswith("alpha takes the least time, 0.7")
    assert double.told.endswith("No gradient is beyond the limit.")


def test_a_fast_wrong_gradient_is_called_that() -> None:
    whole = agreeing()
    assert whole.check
    cases = [*whole.check.cases, case(ALPHA, "x", 1e6, Verdict.WRONG)]
    run = whole.model_copy(update={"check": whole.check.model_copy(update={"cases": cases})})
    double, single = agreement.beside_speed(run)
    assert double.told.endswith("come to 1e+06 of what rounding explains. Beyond the limit: alpha.")
    assert single.told.endswith("No gradient is beyond the limit.")


def test_it_needs_both_a_check_and_a_benchmark() -> None:
    whole = agreeing()
    assert agreement.beside_speed(whole.model_copy(update={"check": None})) == []
    assert agreement.beside_speed(whole.model_copy(update={"bench": None})) == []
