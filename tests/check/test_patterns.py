"""Patterns in wrong numbers: told where they are there, and not of noise."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from gradparity.cases import CaseSpec, draw
from gradparity.diagnosis.patterns import another_each_time, patterns
from gradparity.diagnosis.records import Fact, Pattern
from gradparity.diagnosis.steps import of_trace
from gradparity.functions.evidence import Evidence
from gradparity.reference import Reference
from hypothesis import given
from hypothesis import strategies as st

DTYPES = ["float64", "float32"]


def evidence(array: str, dtype: Any, seed: int = 0) -> Evidence:
    reference = Reference(draw(CaseSpec(sizes=(9, 6, 4), dtype=dtype), seed))
    step = dict(of_trace(reference.case, 0.0, reference.trace))[f"affine1.{array}"].evidence
    return replace(step, allowance=reference.allowance("gradient", f"{array}1"))


def found(e: Evidence, came: Any) -> list[Fact]:
    return patterns(replace(e, came=np.asarray(came).astype(e.expected.dtype)))


@pytest.mark.parametrize("dtype", DTYPES)
@given(factor=st.sampled_from([1 + 3e-5, 0.5, -1.0, 1000.0]), array=st.sampled_from(["dW", "db"]))
def test_a_factor_is_told_with_the_digits_that_are_known(dtype: Any, factor: float, array: str) -> None:
    e = evidence(array, dtype)
    [fact] = found(e, e.expected * factor)
    assert fact.pattern is Pattern.ONE_FACTOR
    assert fact.value == pytest.approx(factor, rel=1e-6)
    assert f"is {factor:g} times" in fact.sentence


@pytest.mark.parametrize("dtype", DTYPES)
def test_an_offset(dtype: Any) -> None:
    e = evidence("dW", dtype)
    [fact] = found(e, e.expected + 0.0625)
    assert fact.pattern is Pattern.ONE_OFFSET
    assert fact.value == pytest.approx(0.0625, rel=1e-5)


def test_errors_of_one_sign() -> None:
    e, rng = evidence("dW", "float64"), np.random.default_rng(0)
    noise = 1e-5 * (0.1 + rng.random(e.expected.shape))
    for came, sign in ((e.expected + noise, 1), (e.expected - noise, -1), (e.expected * (1 - noise), -1)):
        [fact] = found(e, came)
        assert (fact.pattern, fact.value) == (Pattern.ONE_SIGN, sign)


@pytest.mark.parametrize("dtype", DTYPES)
@given(seed=st.integers(0, 1000), size=st.sampled_from([1e-5, 1e-2, 10.0]), array=st.sampled_from(["dW", "db"]))
def test_noise_has_no_pattern(dtype: Any, seed: int, size: float, array: str) -> None:
    e, rng = evidence(array, dtype), np.random.default_rng(seed)
    noise = rng.normal(size=e.expected.shape)
    assert found(e, e.expected * (1 + size * noise)) == []
    assert found(e, e.expected + size * abs(e.expected).max() * noise) == []


def test_one_wrong_element_and_right_numbers_have_none() -> None:
    e = evidence("dW", "float64")
    came = e.expected.copy()
    assert found(e, came) == []
    came[0, 0] *= 1.001
    assert found(e, came) == []


@pytest.mark.parametrize(
    ("places", "sentence"),
    [
        ((slice(None),), "NaN in all elements"),
        (([2, 5],), "NaN in rows 2 and 5"),
        ((slice(None), 3), "NaN in column 3"),
        (([0, 1], [3, 2]), "NaN at [0, 3] and [1, 2]"),
        (([0, 1, 2, 3], [3, 2, 1, 0]), "NaN in 4 of 54 elements"),
    ],
)
def test_nan_is_told_by_its_places(places: Any, sentence: str) -> None:
    e = evidence("dW", "float64")
    came = e.expected.copy()
    came[places] = np.nan
    [fact] = found(e, came)
    assert (fact.pattern, fact.sentence) == (Pattern.NOT_A_NUMBER, sentence)


def test_answers_that_are_others_each_time_are_no_evidence_of_anything() -> None:
    e = evidence("dW", "float64")
    g, rng = e.expected, np.random.default_rng(0)
    unlike = [g * (1 + 1e-9 * rng.normal()) for _ in range(3)]
    fact = another_each_time(unlike, g, e.allowance)
    assert fact
    assert (fact.pattern, fact.value) == (Pattern.ANOTHER_EACH_TIME, 3)
    assert another_each_time([2 * g] * 3, g, e.allowance) is None
    assert another_each_time([2 * g, 2 * g * (1 + 1e-9)], g, e.allowance) is None  # twice is seen in either
    assert another_each_time([g, np.nextafter(g, 9)], g, e.allowance) is None  # another order of summation
    assert another_each_time([g, g * np.nan], g, e.allowance)
