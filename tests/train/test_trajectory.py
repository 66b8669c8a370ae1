"""The trajectory: correct implementations stay in the envelope, wrong ones leave it, and the step is named."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from gradparity.arithmetic.verdicts import Verdict
from gradparity.cases import Dtype
from gradparity.train.images import load_images
from gradparity.train.recipes import RECIPES, Recipe
from gradparity.train.trajectory import (
    TrainingEnvelope,
    Trajectory,
    envelope,
    network_of,
    reference_optimizer,
    reference_run,
    stray,
)
from gradparity_reference import Images

DIGITS = load_images("digits", None)
STEPS = 60


def recipe_of(name: str, dtype: Dtype) -> Recipe:
    return replace(RECIPES[name].on(DIGITS), dtype=dtype, steps=STEPS, epochs=STEPS // 15)


def made(recipe: Recipe) -> tuple[TrainingEnvelope, Any]:
    batches = recipe.batches(len(DIGITS.sets["train"][1]), 0)[:STEPS]
    rngs = [np.random.default_rng(k) for k in range(4)]
    runs = [reference_run(recipe, DIGITS, recipe.parameters(0), batches, lambda: None, rng) for rng in (None, *rngs)]
    return envelope(runs[0], runs[1:]), batches


def another(recipe: Recipe, batches: Any, wrong_from: int = 10**9) -> Trajectory:
    """A correct implementation that adds in another order: hidden units, and the batch, from the last to the first.

    From step ``wrong_from`` on its gradients are 1e-4 too large.
    """
    parameters = recipe.parameters(0)
    parameters |= {"W1": parameters["W1"][:, ::-1], "b1": parameters["b1"][::-1], "W2": parameters["W2"][::-1]}
    network, optimizer = network_of(recipe, parameters), reference_optimizer(recipe)
    images, losses = Images(*DIGITS.sets["train"], DIGITS.scale), []
    for step, rows in enumerate(batches):
        x, t = images.batch(rows[::-1], recipe.dtype)
        gradient = network.gradient(x, t)
        if step >= wrong_from:
            gradient = {name: g * g.dtype.type(1.0001) for name, g in gradient.items()}
        optimizer.update(network.params, gradient)
        losses.append(gradient["loss"] if step < wrong_from else gradient["loss"] / gradient["loss"].dtype.type(1.0001))
    p = network.params
    back = {"W1": p["W1"][:, ::-1], "b1": p["b1"][::-1], "W2": p["W2"][::-1], "b2": p["b2"]}
    return Trajectory(np.array(losses, recipe.dtype), back)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("name", ["python-post", "rust-ch6-momentum", "rust-ch6-adagrad"])
def test_another_order_of_summation_stays_inside(name: str, dtype: Dtype) -> None:
    recipe = recipe_of(name, dtype)
    env, batches = made(recipe)
    run = another(recipe, batches)
    found = stray(env, run.losses, run.params)
    assert found.verdict is Verdict.ROUNDING and found.left_at is None and found.ratio < 1, found


@pytest.mark.parametrize("name", ["python-post", "rust-ch6-momentum"])
def test_a_gradient_that_is_wrong_by_a_ten_thousandth_leaves_it_within_a_few_steps(name: str) -> None:
    recipe = recipe_of(name, "float64")
    env, batches = made(recipe)
    run = another(recipe, batches, wrong_from=20)
    found = stray(env, run.losses, run.params)
    assert found.verdict is Verdict.WRONG and found.left_at is not None and 20 < found.left_at <= 23, found
    assert f"the loss of step {found.left_at + 1} is" in found.detail


def test_the_reference_itself_is_identical() -> None:
    env, _ = made(recipe_of("python-post", "float64"))
    assert stray(env, env.trajectory.losses, env.trajectory.params).verdict is Verdict.IDENTICAL


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_nan_is_never_inside(bad: float) -> None:
    env, _ = made(recipe_of("python-post", "float64"))
    losses = env.trajectory.losses.copy()
    losses[30] = bad
    found = stray(env, losses, env.trajectory.params)
    assert found.verdict is Verdict.WRONG and found.left_at == 30


def test_wrong_parameters_at_the_end_are_found_though_every_loss_is_right() -> None:
    env, _ = made(recipe_of("python-post", "float64"))
    params = {**env.trajectory.params, "b2": env.trajectory.params["b2"] + 1e-6}
    found = stray(env, env.trajectory.losses, params)
    assert found.verdict is Verdict.WRONG and "b2 at the end" in found.detail


def test_an_interrupted_training_is_compared_as_far_as_it_went() -> None:
    env, _ = made(recipe_of("python-post", "float64"))
    assert stray(env, env.trajectory.losses[:10], None).verdict is Verdict.ROUNDING
