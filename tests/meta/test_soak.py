"""The soak: no false alarm, nothing vacuous, and what it finds is shrunk and shown again by its own command."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from gradparity.cases import CaseSpec, read_case_file
from gradparity.meta.correct import CORRECT, Correct
from gradparity.meta.soak import Alarm, check_case, random_spec, run_soak, soak_cases
from gradparity_oracle import LAYERS, Relu, SoftmaxWithLoss
from threadpoolctl import threadpool_limits

Array = np.ndarray[Any, Any]


class OfTheSum(SoftmaxWithLoss):
    """The usual bug: the gradient of the sum of the losses, not of their mean."""

    def backward(self) -> Array:
        return super().backward() * len(self.y)


class ActiveAtZero(Relu):
    """Wrong at exact zeros only."""

    def forward(self, x: Array) -> Array:
        out = super().forward(x)
        self.inactive = x < 0
        return out


class NotDivided(Correct):
    name = "not divided by the batch"
    loss = OfTheSum


class WrongAtZero(Correct):
    name = "active at zero"
    layers = LAYERS | {"relu": ActiveAtZero}


@pytest.mark.parametrize("workers", [0, 2])
def test_a_small_soak_finds_no_alarm(workers: int) -> None:
    told: list[int] = []
    result = run_soak(101, 0, told.append, workers=workers)
    assert result.alarms == []
    assert (result.checks, result.cases, sum(told), result.exit_code) == (101, 13, 101, 0)
    assert {tally.question for tally in result.tallies} == {"layers", "elements", "arrays", "accuracy"}
    assert all(tally.ratio <= 1 for tally in result.tallies)


def test_the_same_seed_draws_the_same_cases() -> None:
    drawn = [random_spec(7, i) for i in range(50)]
    assert drawn == [random_spec(7, i) for i in range(50)]
    assert drawn != [random_spec(8, i) for i in range(50)]
    assert len({spec.name for spec, _ in drawn}) == 50


def test_the_cases_are_of_every_kind() -> None:
    specs = [random_spec(0, i)[0] for i in range(1000)]
    assert {len(spec.sizes) for spec in specs} == set(range(2, 11))
    for option in ("data", "activation", "dtype", "labels", "order", "epsilon", "quirk"):
        assert len({getattr(spec, option) for spec in specs}) >= 2, option
    assert min(spec.scale for spec in specs) < 0.01
    assert max(spec.scale for spec in specs) > 10
    assert any(784 in spec.sizes for spec in specs)
    assert {min(spec.batch, 200) for spec in specs} >= {1, 200}


@pytest.mark.parametrize("implementation", CORRECT, ids=lambda one: one.name)
def test_each_implementation_differs_from_the_oracle_in_bits(implementation: Correct) -> None:
    specs = [CaseSpec(sizes=(30, 20, 15, 10), batch=25, activation="sigmoid", dtype="float32")]
    if implementation.name == "two threads":  # they need something to share
        specs.append(CaseSpec(sizes=(784, 120, 10), batch=100))
    with threadpool_limits(1):
        outcomes = [check_case(spec, 0, [implementation]) for spec in specs]
    tallies = [tally for outcome in outcomes for tally in outcome.tallies.values()]
    if implementation.name == "two threads" and not any(tally.differing for tally in tallies):
        pytest.skip("this BLAS gives the same bits with two threads")
    assert any(tally.differing for tally in tallies)
    assert [alarm for outcome in outcomes for alarm in outcome.alarms] == []


@pytest.mark.parametrize("wrong", [NotDivided(), WrongAtZero()], ids=lambda one: one.name)
def test_a_wrong_implementation_is_found_shrunk_and_shown_again(wrong: Correct, tmp_path: Path) -> None:
    result = run_soak(60, 1, implementations=[wrong], workers=0)
    assert result.exit_code == 1
    assert {alarm.implementation for alarm in result.alarms} == {wrong.name}
    for alarm in result.alarms:
        assert len(alarm.spec.sizes) <= 3
        assert max(alarm.spec.sizes) <= 4
        assert alarm.spec.batch <= 4
        again = shown_again(alarm, tmp_path, wrong)
        assert (again.question, again.array, again.ratio) == (alarm.question, alarm.array, alarm.ratio)


def shown_again(alarm: Alarm, folder: Path, implementation: Correct) -> Alarm:
    """What the alarm's command does, with the implementation that is not among the package's own."""
    program, command, *options = shlex.split(alarm.command)
    assert (program, command, options[0], options[2]) == ("gradparity", "soak", "--case", "--seeds")
    path = folder / options[1]
    path.write_text(alarm.toml, encoding="utf-8")
    assert read_case_file(path) == alarm.spec
    result = soak_cases([(read_case_file(path), int(options[3]))], implementations=[implementation], workers=0)
    return next(one for one in result.alarms if one.question == alarm.question)


def test_a_case_by_itself_is_put_to_every_implementation() -> None:
    result = soak_cases([(CaseSpec(sizes=(5, 4, 3)), seed) for seed in (0, 1)], workers=0)
    assert (result.checks, result.alarms) == (2 * len(CORRECT), [])
