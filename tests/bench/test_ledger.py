"""The cost ledger."""

from __future__ import annotations

import numpy as np
import pytest
from conftest import RUNNERS
from gradparity.bench.ledger import measure_ledger, steady_from
from gradparity.bench.operation import Operation
from gradparity.cases import CaseSpec, draw
from gradparity.ports.session import Session
from hypothesis import given
from hypothesis import strategies as st


def curve(warm: int, slow: float = 3.0, calls: int = 100) -> list[float]:
    noise = 1 + 0.01 * np.random.default_rng(0).normal(size=calls)
    found: list[float] = (np.where(np.arange(calls) < warm, slow, 1.0) * noise * 1000).tolist()
    return found


@pytest.mark.parametrize("warm", [0, 5, 20, 40])
def test_the_steady_state_begins_where_the_slow_calls_end(warm: int) -> None:
    assert steady_from(curve(warm)) == pytest.approx(warm, abs=2)


def test_a_slow_first_call_alone_is_the_whole_warm_up() -> None:
    assert steady_from([5e6, *curve(0)]) == 1


def test_one_interruption_is_no_warm_up() -> None:
    interrupted = curve(10)
    interrupted[60] = 1e9
    assert steady_from(interrupted) == pytest.approx(10, abs=2)


def test_what_is_still_slow_in_the_second_half_has_no_steady_state() -> None:
    assert steady_from(curve(60, slow=10.0)) is None
    assert steady_from([1.0, 2.0]) is None


@given(st.lists(st.floats(1.0, 1e9), min_size=10, max_size=60), st.floats(0.001, 1000.0))
def test_the_unit_does_not_matter(times: list[float], factor: float) -> None:
    scaled = [factor * one for one in times]
    if not np.isclose(np.sort(times)[:, None] / np.sort(times), 1.1).any():  # on the very limit rounding decides
        assert steady_from(scaled) == steady_from(times)


def test_the_reference_has_a_ledger() -> None:
    case = draw(CaseSpec(sizes=(30, 20, 10), batch=40), 0)
    with Session(RUNNERS["python"]) as session:
        session.request("load", case.fields, case.arrays)
        ledger = measure_ledger(session, Operation("gradient", "gradient"))
    assert ledger.process > 0 and ledger.runtime > 0 and ledger.round_trip > 0
    assert len(ledger.warm_up) >= 10 and all(one > 0 for one in ledger.warm_up)
