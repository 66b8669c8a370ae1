"""The estimates of a group."""

from __future__ import annotations

import math

import numpy as np
import pytest
from gradparity.arithmetic.verdicts import Speed
from gradparity.bench.estimates import estimates, floors
from gradparity.bench.records import CONTROL, Series


def series(runner: str, operation: str, typical: float, seed: int) -> Series:
    times = typical * np.exp(0.01 * np.random.default_rng(seed).normal(size=(40, 4)))
    return Series(runner=runner, operation=operation, calls=1, samples=times.tolist())


ALL = [
    series("python", "gradient", 500.0, 0),
    series("python", "products", 400.0, 1),
    series(CONTROL, "gradient", 500.0, 2),
    series(CONTROL, "products", 400.0, 3),
    series("mine", "gradient", 250.0, 4),
    series("mine", "products", 200.0, 5),
]


def test_the_floor_is_how_far_the_control_strays() -> None:
    floor = floors(ALL, "python")
    assert 0 < floor["gradient"] < 0.02
    assert floors([ALL[0], ALL[4]], "python") == {"gradient": math.inf}


def test_each_runner_is_compared_with_the_reference_and_with_its_own_products() -> None:
    found = {(e.runner, e.operation, e.against): e for e in estimates(ALL, "python", floors(ALL, "python"))}
    assert set(found) == {
        ("python", "gradient", "products"),
        (CONTROL, "gradient", "python"),
        (CONTROL, "gradient", "products"),
        (CONTROL, "products", "python"),
        ("mine", "gradient", "python"),
        ("mine", "gradient", "products"),
        ("mine", "products", "python"),
    }
    assert found["mine", "gradient", "python"].ratio == pytest.approx(0.5, rel=0.02)
    assert found["mine", "gradient", "python"].word is Speed.FASTER
    assert found["mine", "gradient", "products"].ratio == pytest.approx(1.25, rel=0.02)
    assert found[CONTROL, "gradient", "python"].word is Speed.WITHIN_NOISE


def test_without_a_control_nothing_is_ranked() -> None:
    alone = [one for one in ALL if one.runner != CONTROL]
    words = {e.word for e in estimates(alone, "python", floors(alone, "python"))}
    assert words == {Speed.WITHIN_NOISE}
