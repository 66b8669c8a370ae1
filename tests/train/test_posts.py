"""Our figures beside the posts'."""

from __future__ import annotations

import math

import pytest
from gradparity.arithmetic.verdicts import Verdict
from gradparity.train.posts import beside_the_posts
from gradparity.train.recipes import RECIPES
from gradparity.train.records import Epoch, TrainResult


def result(recipe: str, seed: int, test: float) -> TrainResult:
    epochs = [
        Epoch(steps=500, summed_loss=500 * math.log(10), accuracy={"train": 0.5, "test": 0.4}, seconds=1.0),
        Epoch(steps=1000, summed_loss=50 * math.log(10), accuracy={"train": 0.9, "test": test}, seconds=2.0),
    ]
    return TrainResult(
        runner="mine",
        recipe=recipe,
        seed=seed,
        verdict=Verdict.ROUNDING,
        epochs=epochs,
        losses=[1.0],
        first_1000=0.7,
        seconds=2.0,
    )


def test_each_figure_of_a_post_has_ours_of_every_seed() -> None:
    rows = beside_the_posts([RECIPES["r-post"]], [result("r-post", 0, 0.8), result("r-post", 1, 0.9)])
    assert [(row.printed.figure, row.ours) for row in rows] == [
        ("train accuracy", {"mine": [0.9, 0.9]}),
        ("test accuracy", {"mine": [0.8, 0.9]}),
        ("seconds", {"mine": [2.0, 2.0]}),
    ]


def test_the_rust_posts_losses_are_sums_in_base_10() -> None:
    rows = beside_the_posts([RECIPES["rust-ch5"]], [result("rust-ch5", 0, 0.8)])
    assert [row.printed.value for row in rows] == [182.5, 13.6, 0.977]
    assert [row.ours["mine"][0] for row in rows] == pytest.approx([500.0, 50.0, 0.7])


def test_what_was_not_trained_has_no_row() -> None:
    assert beside_the_posts(RECIPES.values(), []) == []
