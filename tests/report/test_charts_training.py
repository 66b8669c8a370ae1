"""What the curves of a training say and show, on trainings whose answer is known."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from gradparity.arithmetic.verdicts import Verdict
from gradparity.record.run import Run
from gradparity.report.charts import training
from gradparity.report.charts.chart import Chart
from gradparity.report.charts.trainings import BINS
from gradparity.train.records import EnvelopeResult, Epoch, TrainResult, TrainRun
from sample_run import ALPHA, BETA, RECIPE, REFERENCE, agreeing, info

LOSSES = [2.0, 1.5, 1.0, 0.5]


def result(runner: str, losses: Sequence[float] = LOSSES, **more: Any) -> TrainResult:
    about = {"runner": runner, "recipe": RECIPE.name, "seed": 3, "verdict": Verdict.ROUNDING}
    return TrainResult.model_validate({**about, "losses": list(losses), **more})


def trained(*results: TrainResult, allowed: Sequence[float] = (1e-3,) * 4, resolved: int = 4, name: str = "") -> Run:
    envelope = EnvelopeResult(
        recipe=name or RECIPE.name, seed=3, losses=LOSSES, allowed=list(allowed), resolved=resolved
    )
    return Run(
        train=TrainRun(
            command="gradparity train --lr 0.2",
            recipes=[replace(RECIPE, name=name or RECIPE.name)],
            runners=[info(one) for one in dict.fromkeys(one.runner for one in results)],
            envelopes=[envelope],
            results=[one.model_copy(update={"recipe": name or RECIPE.name}) for one in results],
        )
    )


def rows(chart: Chart) -> dict[str, dict[str, Any]]:
    return {row["runner"]: row for row in chart.spec["data"]["values"]}


def marks(chart: Chart, kind: str) -> list[dict[str, Any]]:
    layers = [layer for layer in chart.spec["layer"] if layer["mark"]["type"] == kind and "data" in layer]
    return [row for layer in layers for row in layer["data"]["values"]]


def test_the_loss_is_told_from_the_first_to_the_last_step() -> None:
    [chart] = training.loss(trained(result(REFERENCE), result(ALPHA, [2.0, 1.5, 1.0, 0.25])))
    assert chart.told == ("In 4 steps the loss goes from 2 to 0.500; the runners' last losses differ by 0.250 at most.")
    assert rows(chart)[ALPHA] == {"runner": ALPHA, "x": [1, 2, 3, 4], "y": [2.0, 1.5, 1.0, 0.25]}


def test_who_stopped_early_is_named() -> None:
    [chart] = training.loss(trained(result(REFERENCE), result(ALPHA, LOSSES[:2])))
    assert chart.told == "In 4 steps the loss goes from 2 to 0.500. alpha stopped after 2 steps."
    assert rows(chart)[ALPHA]["x"] == [1, 2]


def test_many_steps_are_means_of_as_many_and_the_chart_says_so() -> None:
    count = 10 * BINS
    [chart] = training.loss(trained(result(REFERENCE, [float(1 + step % 10) for step in range(count)])))
    row = rows(chart)[REFERENCE]
    assert len(row["x"]) == BINS and row["x"][:2] == [10, 20]
    assert set(row["y"]) == {5.5}
    assert "the mean of 10 steps" in chart.how


@pytest.mark.parametrize("bad", [math.nan, math.inf])
def test_a_loss_that_is_none_is_at_the_upper_edge(bad: float) -> None:
    [chart] = training.loss(trained(result(REFERENCE), result(ALPHA, [2.0, 1.5, bad, bad])))
    assert rows(chart)[ALPHA]["y"][-1] > 2.0
    assert chart.told.endswith("not every runner's last loss is finite.")


def test_a_loss_of_zero_is_at_the_lower_edge() -> None:
    [chart] = training.loss(trained(result(REFERENCE, [1.0, 0.5, 0.0])))
    assert 0 < rows(chart)[REFERENCE]["y"][-1] < 0.5


def test_only_the_first_seed_is_drawn() -> None:
    second = result(ALPHA, [9.0]).model_copy(update={"seed": 4})
    [chart] = training.loss(trained(result(ALPHA), second))
    assert chart.command.endswith("--seeds 3")
    assert rows(chart)[ALPHA]["y"] == LOSSES


def test_the_command_names_every_recipe_of_a_merged_one() -> None:
    [chart] = training.loss(trained(result(REFERENCE)))
    assert chart.command == "gradparity train --recipe python-post --recipe r-post --seeds 3"


def test_ones_own_recipe_has_the_command_it_was_given_with() -> None:
    [chart] = training.loss(trained(result(REFERENCE), name="own"))
    assert chart.command == "gradparity train --lr 0.2"


def test_each_recipe_has_charts_of_its_own() -> None:
    whole = agreeing().train
    assert whole
    recipes = [*whole.recipes, replace(RECIPE, name="other")]
    results = [*whole.results, *(one.model_copy(update={"recipe": "other"}) for one in whole.results)]
    run = Run(train=whole.model_copy(update={"recipes": recipes, "results": results}))
    assert [chart.id for chart in training.loss(run)] == ["loss-1", "loss-2"]
    assert [chart.id for chart in training.deviation(run)] == ["deviation-1"]  # the other has no envelope


def epochs(*shares: float) -> list[Epoch]:
    return [
        Epoch(steps=2 * i, summed_loss=1.0, accuracy={"train": share, "test": share / 2}, seconds=1.0)
        for i, share in enumerate(shares, start=1)
    ]


def test_the_accuracy_is_told_after_the_last_epoch() -> None:
    same = [result(name, epochs=epochs(0.5, 0.9)) for name in (REFERENCE, ALPHA)]
    other = result(BETA, epochs=epochs(0.5, 0.8))
    [alike] = training.accuracy(trained(*same))
    assert alike.told == "After the last epoch, train 90.00% for all 2 runners; test 45.00% for all 2 runners."
    [unlike] = training.accuracy(trained(*same, other))
    assert unlike.told.startswith("After the last epoch, train from 80.00% (beta:native) to 90.00% (python);")


def test_each_set_is_named_at_its_end_and_the_names_do_not_meet() -> None:
    level = [epoch.model_copy(update={"accuracy": {"a": 0.9, "b": 0.9, "c": 0.9}}) for epoch in epochs(0.1, 0.2)]
    [chart] = training.accuracy(trained(result(REFERENCE, epochs=level)))
    words = marks(chart, "text")
    assert [word["set"] for word in words] == ["a", "b", "c"]
    assert len({word["y"] for word in words}) == 3
    assert max(word["y"] for word in words) < chart.spec["layer"][0]["encoding"]["y"]["scale"]["domain"][1]


def test_a_single_epoch_is_no_curve() -> None:
    assert training.accuracy(trained(result(REFERENCE, epochs=epochs(0.5)))) == []


def test_the_distance_is_told_with_who_is_furthest_and_who_identical() -> None:
    [chart] = training.deviation(trained(result(REFERENCE), result(ALPHA, [2.0, 1.5, 1.0, 0.5 + 2**-12])))
    assert chart.told == (
        "No loss leaves what rounding explains. The largest difference is 2e-04, of alpha; "
        "identical in every step: python."
    )
    assert rows(chart)[ALPHA]["y"][-1] == pytest.approx(2**-12, rel=1e-4)
    low = rows(chart)[REFERENCE]["y"]
    assert len(set(low)) == 1 and low[0] < 2**-12
    assert "at the lower edge" in chart.how


def test_no_difference_at_all() -> None:
    [chart] = training.deviation(trained(result(REFERENCE), result(ALPHA)))
    assert chart.told == "No loss leaves what rounding explains. No loss differs at all."


def test_who_leaves_is_named_with_the_step_and_marked() -> None:
    strayed = result(ALPHA, [2.0, 1.5, 1.25, 0.75], left_at=2, verdict=Verdict.WRONG)
    [chart] = training.deviation(trained(result(REFERENCE), strayed))
    assert chart.told.startswith("Outside of what rounding explains: alpha from step 3 on.")
    assert marks(chart, "point") == [{"runner": ALPHA, "x": 3, "y": 0.25}]


def test_a_point_is_the_largest_difference_and_the_edge_the_smallest_limit() -> None:
    count = 2 * BINS
    reference, own = [1.0] * count, [1.0 + (step % 2 + 1) / 1024 for step in range(count)]
    envelope = EnvelopeResult(
        recipe=RECIPE.name, seed=3, losses=reference, allowed=[1.0 + step % 2 for step in range(count)], resolved=count
    )
    run = trained(result(ALPHA, own))
    assert run.train
    [chart] = training.deviation(Run(train=run.train.model_copy(update={"envelopes": [envelope]})))
    assert rows(chart)[ALPHA]["y"] == pytest.approx([2 / 1024] * BINS, rel=1e-4)
    [area] = marks(chart, "area")
    assert set(area["y"]) == {1.0} and area["y2"] < 2 / 1024


def test_where_resolution_ends_there_is_a_line() -> None:
    [chart] = training.deviation(trained(result(REFERENCE), resolved=2))
    assert [line["x"] for line in marks(chart, "rule")] == [2]
    assert chart.told.endswith("Losses are resolved to 1e-3 for 2 steps.")
    [chart] = training.deviation(trained(result(REFERENCE), resolved=4))
    assert marks(chart, "rule") == []


def test_a_loss_that_is_no_number_is_infinitely_far() -> None:
    [chart] = training.deviation(trained(result(REFERENCE), result(ALPHA, [2.0, math.nan, 1.0, 0.5], left_at=1)))
    assert "The largest difference is inf, of alpha" in chart.told
    assert rows(chart)[ALPHA]["y"][1] == max(rows(chart)[ALPHA]["y"])


def test_who_was_not_trained_is_not_drawn() -> None:
    absent = result(ALPHA, [], verdict=Verdict.COULD_NOT_RUN)
    [chart] = training.loss(trained(result(REFERENCE), absent))
    assert list(rows(chart)) == [REFERENCE]
    assert training.loss(trained(absent)) == training.deviation(trained(absent)) == []
