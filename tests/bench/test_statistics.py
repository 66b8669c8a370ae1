"""From turns to verdicts."""

from __future__ import annotations

import math

import numpy as np
import pytest
from gradparity.arithmetic.verdicts import Speed
from gradparity.bench.statistics import centre, half_width, interval, log_ratios, per_round, speed
from hypothesis import given
from hypothesis import strategies as st

TURNS = st.lists(st.lists(st.floats(1.0, 1e9), min_size=4, max_size=4), min_size=2, max_size=40)


def turns(rng: np.random.Generator, rounds: int, typical: float, noise: float) -> list[list[float]]:
    """Lognormal noise, and now and then an interruption."""
    times = typical * np.exp(noise * rng.normal(size=(2 * rounds, 4)))
    times[rng.random(times.shape) < 0.01] *= 3
    found: list[list[float]] = times.tolist()
    return found


@given(TURNS)
def test_the_sample_that_warms_the_caches_does_not_count(samples: list[list[float]]) -> None:
    changed = [[1e12, *turn[1:]] for turn in samples]
    assert np.array_equal(per_round(samples), per_round(changed))


@given(TURNS, st.floats(0.01, 100.0))
def test_a_ratio_knows_no_unit(samples: list[list[float]], factor: float) -> None:
    scaled = [[factor * one for one in turn] for turn in samples]
    assert log_ratios(scaled, samples) == pytest.approx(math.log(factor), abs=1e-9)


def test_a_load_that_weighs_on_a_whole_round_changes_no_ratio() -> None:
    rng = np.random.default_rng(0)
    a, b = turns(rng, 20, 100.0, 0.01), turns(rng, 20, 130.0, 0.01)
    load = np.repeat(rng.uniform(1, 10, 20), 2)
    loaded = [[[factor * one for one in turn] for turn, factor in zip(s, load, strict=True)] for s in (a, b)]
    assert log_ratios(*loaded) == pytest.approx(log_ratios(a, b))


def test_identical_code_is_called_different_in_at_most_two_of_a_hundred_trials() -> None:
    rng = np.random.default_rng(1)
    different = 0
    for _ in range(200):
        port, control, reference = (turns(rng, 15, 500.0, 0.02) for _ in range(3))
        _, low, high = interval(log_ratios(control, reference))
        floor = max(abs(low), abs(high))
        _, low, high = interval(log_ratios(port, reference))
        different += speed(low, high, floor) is not Speed.WITHIN_NOISE
    assert different <= 4, f"seed 1: {different} of 200 (the floor is too low, or the interval too narrow)"


def test_five_percent_are_found_where_the_noise_is_two() -> None:
    rng = np.random.default_rng(2)
    reference, port = turns(rng, 40, 500.0, 0.02), turns(rng, 40, 475.0, 0.02)
    middle, low, high = interval(log_ratios(port, reference))
    assert low < math.log(0.95) < high and speed(low, high, 0.01) is Speed.FASTER
    assert math.exp(middle) == pytest.approx(0.95, abs=0.01)


@pytest.mark.parametrize(
    ("low", "high", "floor", "expected"),
    [
        (-0.30, -0.20, 0.10, Speed.FASTER),
        (0.20, 0.30, 0.10, Speed.SLOWER),
        (-0.30, -0.05, 0.10, Speed.WITHIN_NOISE),  # it reaches into the floor
        (-0.05, 0.05, 0.0, Speed.WITHIN_NOISE),
        (-9.0, -8.0, math.inf, Speed.WITHIN_NOISE),  # no control, no verdict
    ],
)
def test_a_difference_lies_wholly_beyond_the_floor(low: float, high: float, floor: float, expected: Speed) -> None:
    assert speed(low, high, floor) is expected


def test_a_difference_of_two_series_has_an_interval_too() -> None:
    rng = np.random.default_rng(3)
    before, after = rng.normal(0.0, 0.01, 30), rng.normal(0.1, 0.01, 30)
    middle, low, high = interval(after, before)
    assert low < 0.1 < high and middle == pytest.approx(centre(after) - centre(before))


def test_equal_rounds_have_a_point_for_an_interval() -> None:
    assert interval(np.full(10, 0.5)) == (0.5, 0.5, 0.5)


def test_more_rounds_are_known_better() -> None:
    logs = np.random.default_rng(4).normal(0, 0.05, 80)
    assert half_width(logs) < half_width(logs[:20]) < half_width(logs[:3])
