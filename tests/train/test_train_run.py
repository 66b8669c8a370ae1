"""Whole trainings on the digits: right ports agree, and a wrong one is told where, and of what kind."""

from __future__ import annotations

from dataclasses import replace

import pytest
from conftest import PATIENCE, RUNNERS, MakePort
from gradparity.arithmetic.verdicts import Verdict
from gradparity.ports.manifest import Runner
from gradparity.train.images import load_images
from gradparity.train.recipes import RECIPES, Recipe
from gradparity.train.records import TrainRun
from gradparity.train.run import Trainer, make_envelope
from gradparity.train.show import train_report
from gradparity.train.train import TrainOptions, train_ports
from rich.console import Console

DIGITS = load_images("digits", None)


def short(name: str) -> Recipe:
    return replace(RECIPES[name].on(DIGITS), steps=45, epochs=3)


def run(*runners: Runner, recipes: tuple[str, ...] = ("python-post",), seeds: tuple[int, ...] = (0,)) -> TrainRun:
    chosen = [short(name) for name in recipes]
    return train_ports(list(runners), [], chosen, seeds, DIGITS, ["on digits"], TrainOptions())


def printed(result: TrainRun) -> str:
    console = Console(width=160)
    with console.capture() as capture:
        console.print(train_report(result))
    return capture.get()


@pytest.fixture(scope="module")
def right() -> TrainRun:
    return run(RUNNERS["python"])


def test_the_reference_behind_the_pipe_is_identical(right: TrainRun) -> None:
    [one] = right.results
    assert one.verdict is Verdict.IDENTICAL


def test_each_seed_is_another_training() -> None:
    result = run(RUNNERS["python"], seeds=(0, 1))
    assert [one.seed for one in result.results] == [0, 1]
    assert result.results[0].losses != result.results[1].losses
    assert "seed" in printed(result)


@pytest.mark.parametrize(("bug", "first"), [("uphill", 1), ("gradient", 1), ("stale", 15)])
def test_a_wrong_training_is_told_from_its_first_step(make_port: MakePort, bug: str, first: int) -> None:
    result = run(make_port("training.py", bug).runners[0])
    [one] = result.results
    assert one.verdict is Verdict.WRONG and one.left_at == first
    assert result.exit_code == 1
    text = printed(result)
    assert "fake wrong in python-post, seed 0, from step" in text and "disagreement" in text
    if bug == "gradient":
        assert one.diagnosis and "sum for mean" in text
    else:
        assert "the gradient of that step is right" in text
    if bug == "uphill":
        assert "sign: the step goes uphill" in text


def test_a_port_that_dies_keeps_what_it_had_learnt(make_port: MakePort) -> None:
    result = run(make_port("training.py", "dies").runners[0], RUNNERS["python"])
    broken, right = result.results
    assert broken.verdict is Verdict.COULD_NOT_RUN and "exited with status 5" in broken.detail
    assert len(broken.epochs) == 1 and len(broken.losses) == 15
    assert right.verdict.passes and result.exit_code == 3
    assert "could not run" in printed(result)


def test_a_loss_with_an_epsilon_of_its_own_is_held_against_that(make_port: MakePort) -> None:
    result = run(make_port("training.py", "own-epsilon").runners[0], RUNNERS["python"])
    assert {one.verdict for one in result.results} == {Verdict.IDENTICAL}
    own, other = (one.losses for one in result.results)
    assert own != other and len(result.envelopes) == 1


def test_an_interrupt_leaves_what_was_trained_until_then() -> None:
    def interrupt(what: str, done: int, total: int) -> None:
        if "python-post: python" in what and done >= 30:
            raise KeyboardInterrupt

    recipe = short("python-post")
    batches = recipe.batches(len(DIGITS.sets["train"][1]), 0)
    env, _ = make_envelope(recipe, 0, DIGITS, batches, lambda *_: None)
    trainer = Trainer(RUNNERS["python"], 1, PATIENCE)
    trainer.start()
    one = trainer.train(recipe, 0, DIGITS, env, batches, interrupt)
    assert trainer.interrupted and trainer.attended.session is None
    assert len(one.epochs) == 2 and len(one.losses) == 30 and one.verdict.passes


def test_a_port_without_training_is_not_implemented(make_port: MakePort) -> None:
    [one] = run(make_port("clock.py", "fast").runners[0]).results
    assert one.verdict is Verdict.NOT_IMPLEMENTED
    assert one.detail == "the port has no operation data, evaluate, params, train"


def test_what_no_port_can_run_is_told_before_the_reference_trains(make_port: MakePort) -> None:
    result = run(make_port("wrong.py", "no-float32").runners[0], recipes=("rust-ch6-momentum",), seeds=(0, 1))
    assert [one.verdict for one in result.results] == [Verdict.NOT_IMPLEMENTED] * 2 and not result.envelopes
    why = "fake not implemented: the port has no float32: add --dtype float64, in place of any --recipe"
    assert printed(result).count(why) == 1


def test_the_record_survives_its_own_json(right: TrainRun) -> None:
    assert TrainRun.model_validate_json(right.model_dump_json()) == right


def test_the_report_has_curves_and_the_notes(right: TrainRun) -> None:
    text = printed(right)
    assert "note: on digits" in text and "test accuracy by step" in text and "updates" in text
