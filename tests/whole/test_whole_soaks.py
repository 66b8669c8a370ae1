"""A soak finds no false alarm; and what it finds is shrunk, and shown again by its own command."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from gradparity.cases import read_case_file
from gradparity.meta.correct import Correct
from gradparity.meta.soak import Alarm, run_soak, soak_cases
from gradparity_reference import LAYERS, LOSS, LOSSES, Relu, SoftmaxWithLoss

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
    losses = LOSSES | {LOSS: OfTheSum}


class WrongAtZero(Correct):
    name = "active at zero"
    layers = LAYERS | {"relu": ActiveAtZero}


@pytest.mark.parametrize("workers", [0, 2])
def test_a_small_soak_finds_no_alarm(workers: int) -> None:
    told: list[int] = []
    result = run_soak(29, 0, told.append, workers=workers)
    assert result.alarms == []
    assert (result.checks, result.cases, sum(told), result.exit_code) == (29, 4, 29, 0)
    assert {tally.question for tally in result.tallies} == {"layers", "elements", "arrays", "accuracy"}
    assert all(tally.ratio <= 1 for tally in result.tallies)


@pytest.mark.parametrize(("wrong", "seed"), [(NotDivided(), 1), (WrongAtZero(), 5)], ids=["mean", "at zero"])
def test_a_wrong_implementation_is_found_shrunk_and_shown_again(
    wrong: Correct, seed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gradparity.meta.soak.SHRINK_SEEDS", 2)  # of each simpler case: enough for these
    result = run_soak(20, seed, implementations=[wrong], workers=0)
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
