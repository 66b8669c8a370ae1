"""The ladder and its figures, each rung from both sides."""

from __future__ import annotations

import math

import numpy as np
import pytest
from gradparity.arithmetic.verdicts import RESOLVED, Allowance, Verdict, judge, ulps
from gradparity.check.records import worst
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

ONES = np.ones((2, 3))


def allow(spread: float) -> Allowance:
    return Allowance(spread=spread)


@pytest.mark.parametrize(
    ("came", "spread", "verdict"),
    [
        (ONES, 0.0, Verdict.IDENTICAL),
        (ONES, 10.0, Verdict.IDENTICAL),  # equal bits need no resolution
        (ONES + 1e-9, 1e-8, Verdict.ROUNDING),
        (ONES + 1e-9, 1e-10, Verdict.WRONG),
        (ONES + 1e-9, 0.0, Verdict.WRONG),
        (ONES + 1e-9, 2 * RESOLVED, Verdict.UNRESOLVED),
        (ONES * 3, 2 * RESOLVED, Verdict.WRONG),
        (ONES * np.nan, 1e9, Verdict.WRONG),
        (ONES * np.inf, 1e9, Verdict.WRONG),
    ],
)
def test_ladder(came: np.ndarray, spread: float, verdict: Verdict) -> None:
    assert judge(came, ONES, allow(spread)).verdict is verdict


def test_what_passes_stands_above_what_does_not_and_what_is_noted_passes() -> None:
    ladder = list(Verdict)
    passing = [verdict for verdict in Verdict if verdict.passes]
    assert passing == ladder[: len(passing)] and Verdict.NOT_IMPLEMENTED not in passing
    assert [one for one in passing if one.noted] == [Verdict.BY_NORM, Verdict.MUTATES]
    assert all(one.agrees != one.noted for one in passing)


def test_a_small_error_of_many_elements_may_be_one_by_norm_and_that_of_one_element_is_not() -> None:
    expected, rng = np.ones(60), np.random.default_rng(0)
    expected[::3] = 1e-9  # where the limit is so small, too
    allowance = Allowance(limit=1e-15 * abs(expected), spread=1e-15)
    scattered = judge(expected + 1e-16 * rng.normal(size=60), expected, allowance)
    assert scattered.accurate_by_norm and scattered.scattered and 0.1 < scattered.units < 10
    one = expected.copy()
    one[0] += 1e-15
    assert not judge(one, expected, allowance).scattered
    assert not judge(expected + 1e-14 * rng.normal(size=60), expected, allowance).accurate_by_norm
    flushed = np.where(expected < 1, 0, expected)
    assert not judge(flushed, expected, allowance).accurate_by_norm


def test_the_worst_decides_and_not_implemented_only_alone() -> None:
    assert worst([Verdict.IDENTICAL, Verdict.NOT_IMPLEMENTED, Verdict.ROUNDING]) is Verdict.ROUNDING
    assert worst([Verdict.UNRESOLVED, Verdict.WRONG, Verdict.COULD_NOT_RUN]) is Verdict.WRONG
    assert worst([Verdict.NOT_IMPLEMENTED]) is Verdict.NOT_IMPLEMENTED
    assert worst([]) is Verdict.NOT_IMPLEMENTED


@pytest.mark.parametrize("special", [np.nan, np.inf, -np.inf])
def test_nan_and_infinity_are_equal_to_themselves_only(special: float) -> None:
    expected = np.array([1.0, special])
    assert judge(expected.copy(), expected, allow(0.1)).verdict is Verdict.IDENTICAL
    assert judge(np.array([1.0 + 1e-9, special]), expected, allow(1e-8)).verdict is Verdict.ROUNDING
    for other in (0.0, 1e300, -special if math.isinf(special) else np.inf):
        figures = judge(np.array([1.0, other]), expected, allow(0.1))
        assert figures.ratio == math.inf
        assert figures.verdict is Verdict.WRONG


def test_a_limit_is_elementwise_and_a_spread_is_not() -> None:
    came = ONES.copy()
    came[1, 2] += 1e-6
    assert judge(came, ONES, Allowance(limit=np.full(ONES.shape, 0.9e-6))).verdict is Verdict.WRONG
    assert judge(came, ONES, allow(0.9e-6)).verdict is Verdict.ROUNDING
    figures = judge(came, ONES, Allowance(np.full(ONES.shape, 1e-7), 0.9e-6))
    assert figures.ratio == pytest.approx(10)
    assert figures.worst == (1, 2)


def test_resolution_is_the_smallest_relative_error_with_a_ratio_of_1() -> None:
    allowance = allow(2e-5)
    resolution = allowance.resolution(2 * ONES)
    assert resolution == pytest.approx(1e-5)
    assert allowance.ratio(2 * ONES * 1e-5) == pytest.approx(1)


def test_of_two_allowances_the_sharper_resolves_and_the_stricter_judges() -> None:
    both = Allowance(np.full(ONES.shape, 1e-3), 1e-6)
    assert both.resolution(ONES) == pytest.approx(1e-6)
    assert both.ratio(np.full(ONES.shape, 1e-5)) == pytest.approx(10)


def test_nothing_can_be_said_of_an_array_of_zeros_unless_it_is_exact() -> None:
    assert allow(1e-9).resolution(np.zeros(3)) is None
    assert allow(0.0).resolution(np.zeros(3)) == 0
    assert judge(np.full(3, 1e-12), np.zeros(3), allow(1e-9)).verdict is Verdict.UNRESOLVED
    assert judge(np.zeros(3), np.zeros(3), allow(1e-9)).verdict is Verdict.IDENTICAL


@pytest.mark.parametrize("came", [np.ones(3), np.ones((3, 2)), np.ones((2, 3), np.float32)])
def test_nothing_is_broadcast_or_cast(came: np.ndarray) -> None:
    with pytest.raises(ValueError, match=r"expected float64 \(2, 3\), came"):
        judge(came, ONES, allow(1.0))


def test_negative_zero_is_equal_but_not_identical() -> None:
    figures = judge(np.array([-0.0, 1.0]), np.array([0.0, 1.0]), allow(0.0))
    assert (figures.ratio, figures.bit_equal, figures.ulp) == (0.0, 0.5, 0.0)
    assert figures.verdict is Verdict.ROUNDING
    zeros = np.zeros(3)  # of which nothing can be resolved
    assert judge(-zeros, zeros, allow(1e-9)).verdict is Verdict.ROUNDING


@given(hnp.arrays(np.float64, 5, elements=st.floats(-1e307, 1e307)), st.integers(0, 1000))
def test_ulps_count_the_numbers_in_between(a: np.ndarray, steps: int) -> None:
    b = a.copy()
    for _ in range(steps % 7):
        b = np.nextafter(b, 1e308)
    assert ulps(a, b).tolist() == [float(steps % 7)] * 5
    assert ulps(a, a).tolist() == [0] * 5


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_ulps_at_the_ends(dtype: type) -> None:
    info = np.finfo(dtype)
    tiny, most = info.smallest_subnormal, info.max
    assert ulps(np.array([-tiny, 0, 1], dtype), np.array([tiny, -0.0, 1], dtype)).tolist() == [2, 0, 0]
    assert ulps(np.array([most]), np.array([-most]))[0] > 2.0**31
    assert ulps(np.array([np.nan, np.nan], dtype), np.array([np.nan, 1], dtype)).tolist() == [0, math.inf]
