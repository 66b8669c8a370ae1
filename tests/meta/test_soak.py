"""The soak: its cases are of every kind, and its implementations are others. Whole soaks are in tests/whole."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from gradparity.cases import CaseSpec
from gradparity.functions.layers import LAYERS
from gradparity.meta.correct import CORRECT, Correct
from gradparity.meta.random_cases import random_spec
from gradparity.meta.soak import check_case, soak_cases
from threadpoolctl import threadpool_limits

Array = np.ndarray[Any, Any]


def test_the_same_seed_draws_the_same_cases() -> None:
    drawn = [random_spec(7, i) for i in range(50)]
    assert drawn == [random_spec(7, i) for i in range(50)]
    assert drawn != [random_spec(8, i) for i in range(50)]
    assert len({spec.name for spec, _ in drawn}) == 50


def test_the_cases_are_of_every_kind() -> None:
    specs = [random_spec(0, i)[0] for i in range(1000)]
    assert {len(spec.sizes) for spec in specs} == {0, *range(2, 11)}
    assert {kind for spec in specs for kind in spec.described.kinds} == set(LAYERS) - {"multiply", "add"}
    for option in ("data", "activation", "dtype", "labels", "order", "epsilon", "quirk"):
        assert len({getattr(spec, option) for spec in specs}) >= 2, option
    assert min(spec.scale for spec in specs) < 0.01
    assert max(spec.scale for spec in specs) > 10
    assert any(784 in spec.sizes for spec in specs)
    assert {min(spec.batch, 200) for spec in specs} >= {1, 200}


@pytest.mark.parametrize("implementation", CORRECT, ids=lambda one: one.name)
def test_each_implementation_differs_from_the_reference_in_bits(implementation: Correct) -> None:
    specs = [CaseSpec(sizes=(30, 20, 15, 10), batch=25, activation="sigmoid", dtype="float32")]
    if implementation.name == "two threads":  # they need something to share
        specs.append(CaseSpec(sizes=(784, 120, 10), batch=100))
    with threadpool_limits(1):
        outcomes = [check_case(spec, 0, [implementation]) for spec in specs]
    tallies = [tally for outcome in outcomes for tally in outcome.tallies.values()]
    if implementation.name == "two threads" and not any(tally.differing for tally in tallies):
        pytest.skip("this BLAS gives the same bits with two threads")
    assert any(tally.differing for tally in tallies)
    assert [alarm for outcome in outcomes for alarm in outcome.alarms] == []


def test_a_case_by_itself_is_put_to_every_implementation() -> None:
    result = soak_cases([(CaseSpec(sizes=(5, 4, 3)), seed) for seed in (0, 1)], workers=0)
    assert (result.checks, result.alarms) == (2 * len(CORRECT), [])
