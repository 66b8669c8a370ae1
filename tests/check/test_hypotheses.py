"""Each hypothesis names the numbers that its bug gives, and none names numbers that no bug gave."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from gradparity.arithmetic.verdicts import Allowance
from gradparity.cases import CaseSpec, draw
from gradparity.diagnosis.answers import mutated, repeated
from gradparity.diagnosis.bugs import KNOWN
from gradparity.diagnosis.explain import explain
from gradparity.diagnosis.pursuit import Pursuit
from gradparity.diagnosis.records import Asked, Where
from gradparity.diagnosis.steps import of_trace
from gradparity.diagnosis.variants import Inapplicable, results
from gradparity.functions.evidence import Evidence, Subject
from gradparity.reference import Reference
from gradparity.suite import ANY_LAYERS, SMALL
from hypothesis import given
from hypothesis import strategies as st

KEYS = ["affine1.out", "relu1.out", "affine2.out", "softmax.y", "loss", "softmax.dx", "affine2.dx", "affine2.dW",
        "affine2.db", "relu1.dx", "affine1.dW"]  # fmt: skip


def evidence(key: str, seed: int = 0, **spec: Any) -> Evidence:
    """A right step of the reference's own trace."""
    reference = Reference(draw(CaseSpec(sizes=(9, 6, 4), **spec), seed))
    return dict(of_trace(reference.case, 0.0, reference.trace))[key].evidence


def names(e: Evidence) -> list[str]:
    return [fit.name for fit in explain(e)]


def test_every_hypothesis_has_a_name_of_its_own_purpose() -> None:
    assert len({(one.name, one.kinds, one.results) for one in KNOWN}) == len(KNOWN)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@given(key=st.sampled_from(KEYS), seed=st.integers(0, 50), noise=st.sampled_from([1e-3, 0.1, 10.0]))
def test_numbers_that_no_bug_gave_are_not_explained(dtype: Any, key: str, seed: int, noise: float) -> None:
    """No guess is printed as a finding: a random disturbance has no name."""
    e = evidence(key, seed, dtype=dtype)
    if e.expected.size < 8:
        return
    rng = np.random.default_rng(seed)
    scale = np.abs(e.expected).max()
    came = (e.expected + noise * scale * rng.normal(size=e.expected.shape)).astype(dtype)
    assert explain(replace(e, came=came)) == []


@pytest.mark.parametrize("key", KEYS)
def test_what_is_right_needs_no_explanation(key: str) -> None:
    assert explain(evidence(key)) == []


@pytest.mark.parametrize("network", [*SMALL, *ANY_LAYERS[:-1]])
def test_every_bug_can_be_put_into_a_network_or_is_said_to_be_none_there(network: str) -> None:
    reference = Reference(draw(CaseSpec(network=network), 0))
    variants = Pursuit(reference, {("predict", "out"): reference.predict["out"]}).variants()
    given = set()
    for one in variants:
        try:
            given.add(frozenset(results(reference, [one])))
        except Inapplicable:
            continue
    assert len(variants) > 50
    assert given == {frozenset(results(reference, []))}


def test_nan_alone_is_a_nan_and_no_other_bug_that_would_give_one() -> None:
    e = evidence("loss")
    minus = -np.abs(e.expected)  # the root of which is a NaN, too
    e = replace(e, kind=Subject.FUNCTION, expected=minus, came=np.full_like(e.came, np.nan))
    assert names(e) == ["not a number"]


FACTORS = {"sign": -1.0, "sum for mean": 7.0, "mean for sum": 1 / 7, "batch - 1": 7 / 6, "constant factor": 2.0}


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("name", FACTORS)
@pytest.mark.parametrize("key", ["softmax.dx", "affine2.dW", "affine1.dW", "affine2.db"])
def test_factors(key: str, name: str, dtype: Any) -> None:
    e = evidence(key, dtype=dtype)
    assert names(replace(e, came=(e.expected * FACTORS[name]).astype(dtype)))[0] == name


@pytest.mark.parametrize(
    ("key", "name", "bug"),
    [
        ("affine1.dW", "transposed", lambda e: e.expected.T),
        ("affine1.dW", "memory order", lambda e: e.expected.T.reshape(e.expected.shape)),
        ("affine1.dW", "zero", lambda e: np.zeros_like(e.expected)),
        ("affine1.dW", "not a number", lambda e: e.expected * np.nan),
        ("affine1.dW", "rows shifted", lambda e: np.roll(e.expected, 1, axis=0)),
        ("affine1.dW", "rows permuted", lambda e: e.expected[::-1]),
        ("affine1.dW", "classes permuted", lambda e: e.expected[:, [2, 0, 1, 5, 4, 3]]),
        ("affine1.out", "missing bias", lambda e: e.inputs["x"] @ e.inputs["W"]),
        ("affine1.out", "single precision inside", lambda e: e.expected.astype("f4").astype("f8")),
        ("affine2.db", "wrong axis", lambda e: e.inputs["dout"].sum(axis=1)),
        ("relu1.out", "mask inverted", lambda e: np.minimum(e.inputs["x"], 0)),
        ("relu1.dx", "mask missing", lambda e: e.inputs["dout"]),
        ("softmax.dx", "missing target", lambda e: e.inputs["y"] / e.batch),
        ("softmax.dx", "mean over classes too", lambda e: e.expected / 4),
        ("loss", "logarithm's base", lambda e: e.expected / np.log(10)),
        ("loss", "sum for mean", lambda e: e.expected * 7),
    ],
)
def test_bugs(key: str, name: str, bug: Any) -> None:
    e = evidence(key)
    fits = explain(replace(e, came=np.asarray(bug(e))))
    assert fits[0].name == name
    assert (fits[0].residual or 0.0) < 1e-12
    assert fits[0].sentence


def test_one_wrong_element_is_no_known_bug() -> None:
    e = evidence("affine1.dW")
    came = e.expected.copy()
    came[0, 0] *= 1.001
    assert explain(replace(e, came=came)) == []


def test_a_changed_argument_says_how_it_was_changed() -> None:
    sent = np.array([[1.0, 2.0], [3.0, 4.0]])
    after = np.array([[0.0, 2.0], [3.0, 4.0]])
    where = Where(operation="layer", layer="relu1", array="dout", asked=Asked.ARGUMENT)
    [fit] = explain(mutated(where, after, sent).evidence)
    assert fit.name == "argument mutated"
    assert "zeros were written into it (1 of 4 elements)" in fit.sentence


def test_a_second_answer_that_is_twice_the_first_accumulates() -> None:
    where = Where(operation="gradient", array="db1", asked=Asked.AGAIN)
    first = np.array([1.0, -2.0, 5.0])
    assert names(repeated(where, 2 * first, first, Allowance(spread=1e-9), first).evidence)[0] == "accumulates"


def test_a_step_from_the_case_before_is_stale() -> None:
    a, b = (Reference(draw(CaseSpec(sizes=(9, 6, 4), activation="sigmoid"), seed)) for seed in (0, 1))
    stale = dict(b.trace)
    old = a.trace["sigmoid1.out"]
    stale["sigmoid1.dx"] = b.trace["affine2.dx"] * old * (1 - old)
    e = dict(of_trace(b.case, 0.0, stale, (a.case, a.trace)))["sigmoid1.dx"].evidence
    assert e.wrong
    assert names(e) == ["stale state"]


def test_weights_from_the_case_before_are_stale_weights() -> None:
    a, b = (Reference(draw(CaseSpec(sizes=(9, 6, 4)), seed)) for seed in (0, 1))
    stale = dict(b.trace)
    stale["affine1.out"] = b.case.x @ a.case.params["W1"] + a.case.params["b1"]
    e = dict(of_trace(b.case, 0.0, stale, (a.case, a.trace)))["affine1.out"].evidence
    assert names(e) == ["stale weights"]
