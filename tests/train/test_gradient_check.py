"""The gradient check of the Julia post."""

from __future__ import annotations

from dataclasses import replace

import pytest
from conftest import RUNNERS, Sessions
from gradparity.train.gradient_check import check_gradient
from gradparity.train.images import load_images
from gradparity.train.recipes import RECIPES


@pytest.mark.parametrize("label", RUNNERS)
def test_backpropagation_and_differences_agree_better_than_in_the_post(label: str, sessions: Sessions) -> None:
    digits = load_images("digits", None)
    recipe = replace(RECIPES["julia-post"].on(digits), sizes=(64, 6, 10))
    found = check_gradient(sessions.get(label), recipe, digits)
    assert list(found.differences) == ["W1", "b1", "W2", "b2"]
    assert all(0 < value < 1e-8 for value in found.differences.values())
