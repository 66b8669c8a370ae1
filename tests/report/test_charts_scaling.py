"""The points on each axis, the headline case among them, and what is said of them."""

from __future__ import annotations

from typing import Any

from gradparity.arithmetic.verdicts import Speed
from gradparity.bench.records import BenchResult, Estimate, GroupResult, Series, Timed
from gradparity.cases import CaseSpec
from gradparity.record.run import Run
from gradparity.report.charts.scaling import scaling
from sample_run import ALPHA, BETA, REFERENCE, agreeing, info

SAMPLES = [[9e5, 2e6, 2e6, 2e6], [9e5, 2e6, 2e6, 2e6]]


def group(ratio: float = 0.5, dtype: str = "float64", **more: Any) -> GroupResult:
    """Of 5-4-3 and a batch of 2: the second runner takes so much of the reference's time."""
    word = Speed.FASTER if ratio < 1 else Speed.SLOWER
    about = {"operation": "gradient", "against": REFERENCE, "low": ratio * 0.9, "high": ratio * 1.1, "word": word}
    case = CaseSpec.model_validate({"sizes": (5, 4, 3), "batch": 2, "dtype": dtype})
    series = [Series(runner=name, operation="gradient", samples=SAMPLES) for name in (REFERENCE, ALPHA)]
    estimates = [Estimate.model_validate({"runner": ALPHA, "ratio": ratio, **about})]
    whole = {"kind": "pass", "flops": 1.0, "rounds": 10, "series": series, "estimates": estimates, **more}
    return GroupResult.model_validate({"case": case, **whole})


def point(along: str, at: int, ratio: float = 0.5) -> GroupResult:
    return group(ratio, kind="scaling", along=along, at=at)


def timed(*groups: GroupResult) -> Run:
    return Run(bench=BenchResult(runners=[Timed(info=info(name)) for name in (REFERENCE, ALPHA)], groups=list(groups)))


def places(run: Run) -> dict[str, list[int]]:
    return {chart.id: sorted({row["x"] for row in chart.spec["data"]["values"]}) for chart in scaling(run)}


def test_the_headline_case_is_a_point_on_each_axis() -> None:
    along = [point("batch", 50), point("width", 9), point("depth", 3)]
    headline, other = group(), group(dtype="float32")  # 5-4-3, batch 2
    assert places(timed(headline, other, *along)) == {
        "scaling-batch": [2, 50],
        "scaling-width": [4, 9],
        "scaling-depth": [1, 3],
    }


def test_one_point_is_no_chart() -> None:
    assert scaling(timed(point("batch", 50))) == []
    assert scaling(timed(group())) == []


def test_what_was_measured_there_stands_before_the_headline() -> None:
    assert places(timed(group(), point("batch", 2), point("batch", 50))) == {"scaling-batch": [2, 50]}


def test_an_unknown_axis_is_left_out() -> None:
    assert scaling(timed(point("<b>", 1), point("<b>", 2))) == []


def test_it_tells_who_is_fastest_where() -> None:
    [chart] = scaling(timed(point("batch", 1), point("batch", 1000, ratio=1.5)))
    assert chart.told == "Fastest, with its time relative to python's: batch 1, alpha 0.500; batch 1000, python."


def test_everyone_has_the_median_and_the_ratio_beside_it() -> None:
    [chart] = scaling(agreeing())
    rows = {(row["runner"], row["x"]): row for row in chart.spec["data"]["values"]}
    assert {runner for runner, _ in rows} == {REFERENCE, ALPHA, BETA}
    assert rows[REFERENCE, 100]["ratio"] == "1: the reference"
    assert rows[ALPHA, 100]["ratio"].startswith("0.70")
    assert rows[ALPHA, 100]["median"].endswith(" µs")
    assert abs(rows[ALPHA, 100]["y"] - 0.354) < 0.01  # ms


def test_a_series_without_samples_that_count_has_no_point() -> None:
    first, second = point("batch", 1), point("batch", 9)
    cold = [Series(runner=ALPHA, operation="gradient", samples=[[1.0]])]
    [chart] = scaling(timed(first.model_copy(update={"series": [*cold, first.series[0]]}), second))
    assert (ALPHA, 1) not in {(row["runner"], row["x"]) for row in chart.spec["data"]["values"]}
