"""Every port trains the reference's network: its updates, its gradient check, and short trainings on the digits."""

from __future__ import annotations

from dataclasses import replace

import pytest
from conftest import RUNNERS, required
from gradparity.arithmetic.verdicts import Verdict
from gradparity.ports.info import State
from gradparity.train.images import load_images
from gradparity.train.recipes import RECIPES
from gradparity.train.records import TrainRun
from gradparity.train.rules import RULES
from gradparity.train.train import TrainOptions, train_ports

NAMES = ("python-post", "rust-ch6-momentum", "rust-ch6-adagrad")


@pytest.fixture(scope="module")
def everywhere() -> TrainRun:
    digits = load_images("digits", None)
    recipes = [replace(RECIPES[name].on(digits), steps=45, epochs=3, gradient_check=False) for name in NAMES]
    checked = replace(RECIPES["julia-post"].on(digits), sizes=(64, 6, 10), steps=15, epochs=1)
    return train_ports([*RUNNERS.values()], [], [*recipes, checked], (0,), digits, [], TrainOptions())


def ready(label: str, everywhere: TrainRun) -> None:
    """Skip the test where the runner is not here."""
    [info] = [info for info in everywhere.runners if info.runner == label]
    if info.state is not State.READY:
        assert info.state is State.NOT_AVAILABLE, info.reason
        others = [one for one in everywhere.runners if one.port == info.port and one.state is State.READY]
        assert others or not required(), info.reason
        pytest.skip(f"{label}: {info.reason}")


@pytest.mark.parametrize("label", RUNNERS)
def test_every_port_trains_the_references_network(label: str, everywhere: TrainRun) -> None:
    ready(label, everywhere)
    own = [one for one in everywhere.results if one.runner == label]
    assert len(own) == len(NAMES) + 1
    for one in own:
        if one.verdict is Verdict.NOT_IMPLEMENTED:
            assert one.detail.startswith("the port has no float32")
            continue
        assert one.verdict.passes, f"{one.recipe}: {one.detail}"
        assert one.epochs and len(one.losses) == one.epochs[-1].steps
        assert len(one.epochs) == 1 or one.epochs[-1].summed_loss < one.epochs[0].summed_loss
        assert one.seconds and one.gradient_seconds


@pytest.mark.parametrize("label", RUNNERS)
def test_every_port_updates_as_the_formulas_say(label: str, everywhere: TrainRun) -> None:
    ready(label, everywhere)
    [updates] = [one for one in everywhere.updates if one.runner == label]
    assert {cell.array.split(" ")[0] for cell in updates.cells} == set(RULES)
    assert [cell for cell in updates.cells if not cell.verdict.passes] == []


@pytest.mark.parametrize("label", RUNNERS)
def test_backpropagation_and_differences_agree_better_than_in_the_post(label: str, everywhere: TrainRun) -> None:
    ready(label, everywhere)
    [found] = [one for one in everywhere.gradient_checks if one.runner == label]
    assert list(found.differences) == ["W1", "b1", "W2", "b2"]
    assert all(0 < value < 1e-8 for value in found.differences.values())
