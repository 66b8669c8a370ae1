"""`assert_same` on pairs from public test suites: right ones pass, faults fail, less accurate ones are refused."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from gradparity.functions.results import named_results
from gradparity.same import NotTheSame, assert_same
from same_pairs import PAIRS
from same_pairs.refused import REFUSED


def rng(seed: int) -> np.random.Generator:
    return np.random.default_rng(seed)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("name", PAIRS)
def test_another_way_is_the_same(name: str, seed: int) -> None:
    pair = PAIRS[name]
    inputs = pair.drawn(rng(seed))
    assert_same(pair.other(*inputs), pair.reference, *inputs)


@pytest.mark.parametrize("name", PAIRS)
def test_a_planted_fault_is_not(name: str) -> None:
    pair = PAIRS[name]
    inputs = pair.drawn(rng(0))
    wrong = pair.fault(*inputs)
    with pytest.raises(NotTheSame, match="should be"):
        assert_same(wrong, pair.reference, *inputs)
    expected = named_results(pair.reference(*inputs))
    close = (np.allclose(one, expected[key], rtol=1e-6, atol=1e-6) for key, one in named_results(wrong).items())
    assert all(close) == pair.hidden


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_refused_is_less_accurate(name: str) -> None:
    reference, other, exact, drawn = REFUSED[name]
    inputs = drawn(rng(0))
    came = other(*inputs)
    with pytest.raises(NotTheSame, match="should be"):
        assert_same(came, reference, *inputs)
    if np.finfo(np.longdouble).eps < np.finfo(np.float64).eps:
        wide = exact(*(np.longdouble(one) if isinstance(one, np.ndarray) else one for one in inputs))
        assert _error(came, wide) > 16 * _error(reference(*inputs), wide)


def _error(of: Any, exact: Any) -> float:
    """The largest relative error of an element."""
    true = named_results(exact)
    parts = ((one[true[name] != 0], true[name][true[name] != 0]) for name, one in named_results(of).items())
    return max(float(abs(one / wide - 1).max()) for one, wide in parts)
