"""The bars until the first gradient and the warm-up curves, of ledgers whose answer is known."""

from __future__ import annotations

import math
from typing import Any

import pytest
from gradparity.bench.records import BenchResult, Ledger, Timed
from gradparity.record.run import Run
from gradparity.report.charts import costs
from sample_run import ALPHA, BETA, info

QUICK = Ledger(process=0.001, runtime=0.002, operation="gradient", warm_up=[1e6] * 20, steady_from=0, round_trip=1e5)
LATE = QUICK.model_copy(update={"runtime": 2.0, "warm_up": [40e6, *[2e6] * 399], "steady_from": None})


def run_of(**ledgers: Ledger) -> Run:
    runners = [Timed(info=info(name), ledger=ledger) for name, ledger in ledgers.items()]
    return Run(bench=BenchResult(command="gradparity bench", runners=runners))


def rows(run: Run) -> list[dict[str, Any]]:
    [chart] = costs.startup(run)
    found: list[dict[str, Any]] = chart.spec["data"]["values"]
    return found


def test_the_phases_follow_each_other_up_to_the_total() -> None:
    found = rows(run_of(alpha=QUICK))
    assert [(row["phase"], row["x"], row["x2"]) for row in found] == [
        ("process", 0.0, 0.001),
        ("runtime", 0.001, 0.003),
        ("first call", 0.003, 0.004),
    ]
    assert {row["total"] for row in found} == {"4 ms"}


def test_the_first_to_be_ready_is_on_top_and_told() -> None:
    [chart] = costs.startup(run_of(late=LATE, alpha=QUICK))
    assert chart.spec["layer"][0]["encoding"]["y"]["scale"]["domain"] == [ALPHA, "late"]
    assert chart.told == "alpha has its first gradient after 4 ms, late after 2.04 s."
    assert not chart.has_log


def test_a_single_runner_is_told_alone() -> None:
    [chart] = costs.startup(run_of(alpha=QUICK))
    assert chart.told == "alpha has its first gradient after 4 ms."


def test_the_warm_up_tells_the_first_call_over_a_later_one() -> None:
    [chart] = costs.warm_up(run_of(alpha=QUICK, late=LATE))
    assert chart.told == (
        "The first call of the gradient takes, times a later one: alpha 1 (at rest from call 1), late 20 (not at rest)."
    )


def test_a_curve_has_single_calls_first_and_few_points_in_all() -> None:
    [chart] = costs.warm_up(run_of(late=LATE))
    [row] = chart.spec["data"]["values"]
    assert row["x"][:5] == [1, 2, 3, 4, 5] and row["y"][:2] == [40.0, 2.0]
    assert len(row["x"]) == len(row["y"]) <= costs.POINTS
    assert row["x"] == sorted(set(row["x"])) and row["x"][-1] <= 400


def test_the_mark_is_where_it_has_come_to_rest_and_nowhere_else() -> None:
    [chart] = costs.warm_up(run_of(alpha=QUICK.model_copy(update={"steady_from": 6}), late=LATE))
    [mark] = chart.spec["layer"][-1]["data"]["values"]
    assert (mark["runner"], mark["x"], mark["y"], mark["since"]) == (ALPHA, 7, 1.0, "call 7")


@pytest.mark.parametrize("ledger", [QUICK.model_copy(update={"warm_up": []}), None])
def test_who_was_not_measured_is_not_drawn(ledger: Ledger | None) -> None:
    run = Run(bench=BenchResult(runners=[Timed(info=info(BETA), ledger=ledger)]))
    assert costs.startup(run) == costs.warm_up(run) == []


def test_a_time_that_is_none_is_left_out() -> None:
    broken = QUICK.model_copy(update={"runtime": math.nan, "warm_up": [math.inf, 1e6, math.nan, 2e6]})
    assert {row["runner"] for row in rows(run_of(alpha=QUICK, beta=broken))} == {ALPHA}
    [chart] = costs.warm_up(run_of(beta=broken))
    assert chart.spec["data"]["values"][0]["y"] == [1.0, 2.0]


def test_a_steady_state_outside_of_the_curve_has_no_mark() -> None:
    [chart] = costs.warm_up(run_of(alpha=QUICK.model_copy(update={"steady_from": 10**400})))
    assert chart.spec["layer"][-1]["data"]["values"] == []
