"""What changed between two runs: a verdict, a case, a time beyond noise; and nothing where nothing did."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from gradparity.arithmetic.verdicts import Speed, Verdict
from gradparity.bench.estimates import floors
from gradparity.bench.records import CONTROL, BenchResult, Conditions, GroupResult, Series
from gradparity.cases import CaseSpec
from gradparity.check.records import Quantity
from gradparity.machine import Machine
from gradparity.record.run import Run
from gradparity.report.changes import Outcome, RunComparison, compare_runs
from samples import ALPHA, BETA, PAIRS, RUNS, agreeing, disagreeing, incomplete, recorded

CASE = CaseSpec(sizes=(30, 20, 10), batch=40)
MACHINE = Machine(cpu="Z80", cores=1)


def compared(before: Run, after: Run) -> RunComparison:
    return compare_runs(recorded(before), recorded(after))


def timed(times: dict[str, float], seed: int, **about: Any) -> Run:
    """A benchmark of one operation: these nanoseconds, with 1 % of noise."""
    rng = np.random.default_rng(seed)
    series = [
        Series(
            runner=runner, operation="gradient", samples=(typical * np.exp(0.01 * rng.normal(size=(40, 4)))).tolist()
        )
        for runner, typical in times.items()
    ]
    group = GroupResult(kind="pass", case=CASE, flops=1.0, rounds=20, series=series, floor=floors(series, "python"))
    return Run(bench=BenchResult(machine=MACHINE, method="m", groups=[group]).model_copy(update=about))


BEFORE = timed({"python": 500.0, CONTROL: 500.0, "mine": 250.0}, seed=0)
SAME = timed({"python": 500.0, CONTROL: 500.0, "mine": 250.0}, seed=1)
SLOWER = timed({"python": 400.0, CONTROL: 400.0, "mine": 240.0}, seed=2)


@pytest.mark.parametrize("name", RUNS)
def test_a_run_beside_itself_has_no_changes(name: str) -> None:
    found = compared(RUNS[name](), RUNS[name]())
    lists = (found.verdicts, found.cases, found.beyond_noise, found.not_comparable, found.training, found.environment)
    assert not any(lists) and not found.only_in_one
    assert found.word is Outcome.SAME and found.headline == "Nothing that both runs have has changed beyond noise."


def test_a_port_that_became_wrong_is_worse_and_named() -> None:
    found = compared(agreeing(), disagreeing())
    assert found.word is Outcome.WORSE
    changes = {(one.runner, one.column): (one.before.verdict, one.after.verdict) for one in found.verdicts}
    assert {runner for runner, _ in changes} == {BETA}
    assert {column for _, column in changes} >= {"layers", "trace", "gradient", "update", "training"}
    assert changes[BETA, "gradient"] == (Verdict.ROUNDING, Verdict.WRONG)
    [cases] = found.cases
    assert (cases.runner, cases.what, len(cases.names)) == (BETA, "became wrong", 3)
    assert "random-9-6-4-relu-n2-float64 [0]" in cases.names
    [training] = found.training
    assert training.after.runner == BETA and training.outcome is Outcome.WORSE
    assert found.headline.startswith(f"{BETA} became wrong (layers, ") and "3 cases became wrong" in found.headline


def test_a_port_that_was_mended_is_better() -> None:
    found = compared(disagreeing(), agreeing())
    assert found.word is Outcome.BETTER
    assert [(one.what, one.outcome) for one in found.cases] == [("mended", Outcome.BETTER)]
    assert found.headline.startswith(f"{BETA} went from wrong to rounding (layers, ")


def test_one_that_became_wrong_is_not_made_up_for_by_another_that_was_mended() -> None:
    swapped = {ALPHA: BETA, BETA: ALPHA}
    check = disagreeing().check
    assert check
    cases = [one.model_copy(update={"runner": swapped.get(one.runner, one.runner)}) for one in check.cases]
    after = Run(check=check.model_copy(update={"cases": cases}))
    assert compared(Run(check=check), after).word is Outcome.WORSE


def test_what_can_no_longer_run_is_worse() -> None:
    found = compared(agreeing(), incomplete())
    assert found.word is Outcome.WORSE
    assert [one.what for one in found.cases] == ["rounding before, now could not run"]
    assert f"{ALPHA} went from rounding to could not run (gradient, training)" in found.headline
    assert [(one.what, one.after) for one in found.only_in_one] == [("gamma", True), ("delta", True)]


def test_a_worst_ratio_that_grew_is_no_change_while_rounding_explains_it() -> None:
    check = agreeing().check
    assert check
    grown = [
        case.model_copy(
            update={
                "cells": [
                    cell.model_copy(update={"ratio": 0.99}) if cell.verdict is Verdict.ROUNDING else cell
                    for cell in case.cells
                ]
            }
        )
        for case in check.cases
    ]
    found = compared(agreeing(), agreeing().model_copy(update={"check": check.model_copy(update={"cases": grown})}))
    assert found.word is Outcome.SAME and not found.verdicts


def test_other_bits_are_a_change_and_neither_better_nor_worse() -> None:
    check = agreeing().check
    assert check
    cases = [
        case.model_copy(
            update={
                "cells": [
                    cell.model_copy(update={"verdict": Verdict.ROUNDING})
                    if cell.quantity is Quantity.ACCURACY and cell.verdict is Verdict.IDENTICAL
                    else cell
                    for cell in case.cells
                ]
            }
        )
        for case in check.cases
    ]
    found = compared(agreeing(), agreeing().model_copy(update={"check": check.model_copy(update={"cases": cases})}))
    assert found.word is Outcome.CHANGED
    assert {one.column for one in found.verdicts} == {"accuracy"}
    assert "went from identical to rounding (accuracy)" in found.headline


def test_cases_that_only_one_run_has_are_new_or_gone() -> None:
    check = agreeing().check
    assert check
    names = list(dict.fromkeys(case.case for case in check.cases))
    less = check.model_copy(update={"cases": [case for case in check.cases if case.case != names[0]]})
    found = compared(Run(check=less), Run(check=check))
    assert [(one.runner, one.what, one.names) for one in found.cases] == [("", "new", [f"{names[0]} [0]"])]
    assert found.word is Outcome.CHANGED and "1 case new" in found.headline
    [gone] = compared(Run(check=check), Run(check=less)).cases
    assert gone.what == "gone"


def test_a_port_that_is_20_percent_slower_is_worse_and_noise_is_not() -> None:
    found = compared(BEFORE, SLOWER)
    assert found.word is Outcome.WORSE
    [change] = found.beyond_noise
    assert change.runner == "mine" and change.word is Speed.SLOWER and change.ratio == pytest.approx(1.2, rel=0.02)
    assert found.headline == "mine became slower in 1 of 1 timed operation."
    again = compared(BEFORE, SAME)
    assert again.word is Outcome.SAME and [one.runner for one in again.speed] == ["mine"]
    assert compared(SLOWER, BEFORE).word is Outcome.BETTER


def test_faster_does_not_make_up_for_wrong() -> None:
    before = agreeing().model_copy(update={"bench": SLOWER.bench})
    after = disagreeing().model_copy(update={"bench": BEFORE.bench})
    assert compared(before, after).word is Outcome.WORSE
    mended = compared(disagreeing().model_copy(update={"bench": BEFORE.bench}), before)
    assert mended.word is Outcome.CHANGED, "mended and slower is neither"


@pytest.mark.parametrize(
    ("about", "words"),
    [
        ({"machine": Machine(cpu="6502", cores=1)}, "another machine (cpu: Z80, now 6502)"),
        ({"method": "n"}, "another benchmark"),
        ({"conditions": Conditions(threads=4)}, "another number of threads (1, now 4)"),
    ],
)
def test_times_of_unlike_benchmarks_are_shown_with_a_warning_and_decide_nothing(
    about: dict[str, Any], words: str
) -> None:
    after = timed({"python": 400.0, CONTROL: 400.0, "mine": 240.0}, 2, **about)
    found = compared(BEFORE, after)
    assert words in found.not_comparable[0]
    assert len(found.beyond_noise) == 1 and found.word is Outcome.SAME


def test_a_record_without_a_part_says_so_and_compares_the_rest() -> None:
    for part in ("check", "bench", "train"):
        less = agreeing().model_copy(update={part: None})
        found = compared(agreeing(), less)
        assert [(one.what, one.after) for one in found.only_in_one] == [(part, False)]
        assert found.word is Outcome.CHANGED and found.headline == f"{part} is only in the first run."
        assert not found.environment


def test_runs_with_nothing_in_common_are_not_called_the_same() -> None:
    found = compared(Run(check=agreeing().check), BEFORE)
    assert found.word is Outcome.CHANGED and "bench is only in the second run" in found.headline
    assert compared(Run(), Run()).word is Outcome.SAME


def trained(**about: Any) -> Run:
    """The training, with its results changed."""
    train = agreeing().train
    assert train
    results = [one.model_copy(update=about) if one.runner == BETA else one for one in train.results]
    return Run(train=train.model_copy(update={"results": results}))


def test_another_accuracy_is_another_trajectory_and_another_time_is_nothing() -> None:
    assert compared(trained(), trained(seconds=1e6)).word is Outcome.SAME
    train = agreeing().train
    assert train
    last = next(one for one in train.results if one.runner == BETA).epochs[-1]
    other = last.model_copy(update={"accuracy": {**last.accuracy, "test": 0.5}})
    found = compared(trained(), trained(epochs=[other]))
    [change] = found.training
    assert change.accuracies == {"test": (last.accuracy["test"], 0.5)}
    assert found.word is Outcome.CHANGED and found.headline == "1 training ended with another accuracy."


def test_another_recipe_of_the_same_name_is_not_compared() -> None:
    train = disagreeing().train
    assert train
    recipe = replace(train.recipes[0], batch=1)
    found = compared(trained(), Run(train=train.model_copy(update={"recipes": [recipe]})))
    assert found.not_comparable == [f"training {recipe.name}: another recipe"]
    assert not found.training and [one.column for one in found.verdicts] == ["update"]


def test_the_environment_tells_what_differs_and_grades_nothing() -> None:
    check = agreeing().check
    assert check
    infos = [one.model_copy(update={"blas": "MKL"}) if one.runner == ALPHA else one for one in check.runners]
    after = Run(
        gradparity="9",
        machine=agreeing().machine.model_copy(update={"cores": 64}),
        packages={"python": "3.99"},
        check=check.model_copy(update={"runners": infos}),
    )
    before = agreeing().model_copy(update={"bench": None, "train": None})
    found = compared(before, after)
    assert {one.what: (one.before, one.after) for one in found.environment} == {
        "gradparity": ("0.1.0", "9"),
        "machine, cores": ("2", "64"),
        "harness, python": ("3.11.7", "3.99"),
        "harness, numpy": ("2.4.6", ""),
        f"{ALPHA}, BLAS": ("OpenBLAS of alpha", "MKL"),
    }
    assert found.word is Outcome.SAME


@pytest.mark.parametrize(("before", "after"), PAIRS)
def test_any_two_runs_can_be_compared(before: str, after: str) -> None:
    found = compared(RUNS[before](), RUNS[after]())
    assert found.word is not Outcome.SAME
    assert found.headline.endswith(".")


@pytest.mark.parametrize(
    "samples", [[], [[1.0]], [[1.0], [2.0]], [[1.0, 1.0]] * 3, [[1.0, 0.0]] * 4, [[1.0, np.nan]] * 6]
)
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_samples_cut_short_are_no_change(samples: list[list[float]]) -> None:
    series = [Series(runner=runner, operation="gradient", samples=samples) for runner in ("python", "mine")]
    group = GroupResult(kind="pass", case=CASE, flops=1.0, rounds=1, series=series)
    cut = Run(bench=BenchResult(machine=MACHINE, method="m", groups=[group]))
    assert compared(BEFORE, cut).word is Outcome.SAME
