"""What the charts of the speed say and show, on benchmarks whose answer is known."""

from __future__ import annotations

import math
from typing import Any

import pytest
from gradparity.arithmetic.verdicts import Speed
from gradparity.bench.records import BenchResult, Estimate, GroupResult, Series, Timed
from gradparity.cases import CaseSpec
from gradparity.record.run import Run
from gradparity.report.charts import speed
from gradparity.report.charts.chart import Chart
from sample_run import ALPHA, BETA, REFERENCE, agreeing, info

FAST = Estimate(runner=ALPHA, operation="gradient", against=REFERENCE, ratio=0.5, low=0.4, high=0.6, word=Speed.FASTER)
EVEN = FAST.model_copy(update={"runner": BETA, "ratio": 1.01, "low": 0.9, "high": 1.1, "word": Speed.WITHIN_NOISE})
LEAN = FAST.model_copy(update={"against": "products", "ratio": 1.1, "low": 1.05, "high": 1.2, "word": Speed.SLOWER})
HEAVY = LEAN.model_copy(update={"runner": BETA, "ratio": 2.5, "low": 2.4, "high": 2.6})
SAMPLES = [[9e5, 2e6, 2e6, 2e6], [9e5, 2e6, 2e6, 2e6]]


def group(*estimates: Estimate, floor: float = 0.05, kind: str = "pass", dtype: str = "float64") -> GroupResult:
    operations = dict.fromkeys((one.operation for one in estimates), 0)
    series = [
        Series(runner=name, operation=op, samples=SAMPLES) for name in (REFERENCE, ALPHA, BETA) for op in operations
    ]
    case = CaseSpec.model_validate({"sizes": (5, 4, 3), "batch": 2, "dtype": dtype})
    floors = dict.fromkeys(operations, floor)
    return GroupResult(
        kind=kind, case=case, flops=1.0, rounds=10, series=series, estimates=list(estimates), floor=floors
    )


def timed(*groups: GroupResult) -> Run:
    runners = [Timed(info=info(name)) for name in (REFERENCE, ALPHA, BETA)]
    return Run(bench=BenchResult(command="gradparity bench", runners=runners, groups=list(groups)))


def rows(chart: Chart) -> dict[str, dict[str, Any]]:
    return {row["runner"]: row for row in chart.spec["data"]["values"]}


def own_data(chart: Chart, mark: str) -> list[dict[str, Any]]:
    layers = [layer for layer in chart.spec["layer"] if layer["mark"]["type"] == mark and "data" in layer]
    return [row for layer in layers for row in layer["data"]["values"]]


def test_the_gradient_is_told_with_who_is_faster_and_the_noise() -> None:
    [chart] = speed.gradients(timed(group(EVEN, FAST)))
    assert chart.told == (
        "Faster than python, the fastest first: alpha. Times its time: alpha 0.500, beta:native 1.010. "
        "What differs by less than 5.0% is noise."
    )
    assert (chart.id, chart.command) == ("gradient-ratio-float64", "gradparity bench")


def test_nobody_is_called_faster_within_noise() -> None:
    [chart] = speed.gradients(timed(group(EVEN)))
    assert chart.told.startswith("None is faster than python. ")


def test_the_fastest_is_on_top_with_its_interval() -> None:
    [chart] = speed.gradients(timed(group(EVEN, FAST)))
    assert chart.spec["layer"][-1]["encoding"]["y"]["scale"]["domain"] == [ALPHA, BETA]
    fast = rows(chart)[ALPHA]
    assert (fast["low"], fast["x"], fast["high"]) == (0.4, 0.5, 0.6)
    assert (fast["ratio"], fast["word"], fast["median"]) == ("0.500 [0.400, 0.600]", "faster", "2 ms")


def test_the_noise_is_a_band_around_one_and_none_where_it_is_not_known() -> None:
    [chart] = speed.gradients(timed(group(FAST, floor=0.25)))
    [band] = own_data(chart, "rect")
    assert (band["x"], band["x2"], band["says"]) == (0.8, 1.25, "25.0%")
    [chart] = speed.gradients(timed(group(FAST, floor=math.inf)))
    assert own_data(chart, "rect") == []
    assert "noise" not in chart.told and "band" not in chart.how


def test_all_dtypes_share_one_scale() -> None:
    slow = FAST.model_copy(update={"ratio": 3.0, "low": 2.9, "high": 3.1})
    charts = speed.gradients(timed(group(FAST), group(slow, dtype="float32")))
    domains = [chart.spec["layer"][-1]["encoding"]["x"]["scale"]["domain"] for chart in charts]
    assert domains[0] == domains[1] and domains[0][0] < 0.4 and domains[0][1] > 3.1


def test_two_cases_of_a_dtype_are_two_charts() -> None:
    first, second = speed.gradients(timed(group(FAST), group(EVEN)))
    assert (first.id, second.id) == ("gradient-ratio-float64", "gradient-ratio-float64-2")
    assert "5-4-3, relu, batch 2" in first.title
    forward = [group(one.model_copy(update={"operation": "forward"})) for one in (FAST, EVEN)]
    [operations] = speed.operations(timed(*forward))
    names = {row["operation"] for row in operations.spec["data"]["values"]}
    assert names == {"forward", "forward, 5-4-3, relu, batch 2"}


def test_who_has_no_float32_is_named() -> None:
    _, single = speed.gradients(agreeing())
    assert single.told.endswith(" beta:native: not implemented.")
    assert list(rows(single)) == [ALPHA]


def test_the_control_is_not_drawn() -> None:
    assert all("control" not in rows(chart) for chart in speed.gradients(agreeing()))


def test_the_roofline_is_told_with_who_adds_least_and_most() -> None:
    [chart] = speed.roofline(timed(group(LEAN, HEAVY)))
    assert chart.told == "alpha adds least to its matrix products, 10.0%, and beta:native most, 150.0%."
    assert chart.id == "roofline-float64"
    [line] = own_data(chart, "rule")
    assert (line["x"], line["says"]) == (1, "1: the products alone; it cannot be beaten")


def test_the_roofline_has_the_reference_too() -> None:
    double, _ = speed.roofline(agreeing())
    assert set(rows(double)) == {REFERENCE, ALPHA, BETA}


def test_operations_are_rows_and_the_gradient_is_none_of_them() -> None:
    forward = [one.model_copy(update={"operation": "forward"}) for one in (FAST, EVEN)]
    relu = FAST.model_copy(update={"operation": "relu", "ratio": 0.1, "low": 0.09, "high": 0.11})
    run = timed(group(*forward, FAST), group(relu, kind="layers"), group(FAST, kind="scaling"))
    [chart] = speed.operations(run)
    found = [(row["operation"], row["runner"]) for row in chart.spec["data"]["values"]]
    assert found == [("forward", ALPHA), ("forward", BETA), ("relu", ALPHA)]
    assert chart.told == (
        "Of 2 operations, fastest is alpha in 2. "
        "Times python's, the least is alpha's relu, 0.100, the most beta:native's forward, 1.010."
    )


@pytest.mark.parametrize("bad", [math.nan, math.inf, 0.0, -1.0])
def test_an_estimate_that_is_none_is_not_drawn(bad: float) -> None:
    [chart] = speed.gradients(timed(group(FAST, EVEN.model_copy(update={"high": bad}))))
    assert list(rows(chart)) == [ALPHA]
