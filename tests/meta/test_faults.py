"""Random faults: the same on every machine, each in its place alone; and what makes a name true of one."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from gradparity.cases import draw
from gradparity.diagnosis.records import Alone, Diagnosis, Explanation, Where
from gradparity.meta.faults.anywhere import ANYWHERE
from gradparity.meta.faults.drawing import composed
from gradparity.meta.faults.fault import Fault, FaultKind
from gradparity.meta.faults.formulas import FORMULAS
from gradparity.meta.faults.measure import CASES, FaultResult, Naming, checked, measured
from gradparity.meta.faults.named import Named, names_in
from gradparity.meta.faults.network import Asks, as_port
from gradparity.meta.faults.truth import foretold, is_true
from gradparity.suite import select_cases
from hypothesis import given
from hypothesis import strategies as st

SOME = CASES[:3]
NOTHING = Fault(FaultKind.OPERATOR, "nothing", {})


def sign(place: str) -> Fault:
    return Fault(FaultKind.OPERATOR, "the sign", {place: lambda s: -s.right})


@given(st.integers(0, 10_000))
def test_the_same_index_is_the_same_faults(index: int) -> None:
    one, again = composed(3, index), composed(3, index)
    assert [fault.words for fault in one.faults] == [fault.words for fault in again.faults]
    assert one.asks is again.asks and 1 <= len(one.faults) <= 2


def test_all_kinds_and_all_that_may_be_asked_for_are_drawn() -> None:
    some = [composed(0, index) for index in range(100)]
    assert {fault.kind for one in some for fault in one.faults} == set(FaultKind)
    assert {one.asks for one in some} == set(Asks)


@pytest.mark.parametrize("asks", Asks)
def test_without_a_fault_all_agrees(asks: Asks) -> None:
    assert checked([NOTHING], asks, SOME)


@pytest.mark.parametrize("index", range(3))
def test_no_fault_breaks_the_port(index: int) -> None:
    result = checked(list(composed(1, index).faults), Asks.LAYERS, SOME)
    assert result.exit_code in (0, 1), result.report()


@pytest.mark.parametrize("activation", ["relu", "sigmoid"])
def test_every_slip_answers(activation: str) -> None:
    name = f"random-6-5-3-{activation}-n7-float64"
    case = draw(select_cases((name,))[name], 0)
    for slip in [*FORMULAS, *ANYWHERE]:
        made, _ = as_port([slip(np.random.default_rng(0))], Asks.TRACE)
        weights, biases = ([np.array(case.params[f"{name}{i}"]) for i in (1, 2)] for name in "Wb")
        network = made(weights, biases, activation, 0.0)
        for _ in range(2):
            with np.errstate(all="ignore"):
                assert network.gradient(case.x, case.t).keys() == {"loss", "dW1", "db1", "dW2", "db2"}


LAST = {
    "border left out": {"softmax.dx": lambda s: np.vstack([s.right[:-1], 0 * s.right[-1:]])},
    "term left out": {"affine.db": lambda s: s.dout[:-1].sum(axis=0)},
}


@pytest.mark.parametrize("name", LAST)
def test_a_last_one_that_is_left_out_is_no_tail_of_a_block(name: str) -> None:
    found = names_in(checked([Fault(FaultKind.INDEX, "the last", LAST[name])], Asks.PREDICT, SOME))
    assert {one.name for one in found} == {name}


def test_two_divisors_at_once_are_no_constant_factor() -> None:
    mean = Fault(FaultKind.OPERATOR, "a mean", {"affine.db": lambda s: s.right / len(s.dout)})
    n = Fault(FaultKind.CONSTANT, "N + 1e-7", {"softmax.dx": lambda s: s.right * (len(s.y) / (len(s.y) + 1e-7))})
    found = names_in(checked([mean, n], Asks.PREDICT, SOME))
    assert {one.name for one in found} == {"another divisor", "mean for sum"}


def test_what_is_named_is_true_of_its_fault_and_of_no_other() -> None:
    fault, other = sign("softmax.dx"), sign("affine.db")
    [name] = names_in(checked([fault], Asks.TRACE, SOME))
    assert name.name == "sign"
    assert is_true(name, [fault], lambda: checked([fault], Asks.TRACE, SOME, (1,)))
    assert not is_true(name, [other], lambda: checked([other], Asks.TRACE, SOME, (1,)))


def test_another_constant_is_another_name() -> None:
    fault = Fault(FaultKind.CONSTANT, "twice", {"softmax.dx": lambda s: 2 * s.right})
    result = checked([fault], Asks.TRACE, SOME)
    place = "trace softmax dx in the pass"

    def said(constant: float) -> Diagnosis:
        one = Explanation(name="x", sentence="x", residual=0, constant=constant)
        where = Where(operation="trace", layer="softmax", array="dx")
        return Diagnosis(where=where, alone=Alone.NOT_ASKED, explanations=[one])

    fresh = result.model_copy(
        update={"cases": [case.model_copy(update={"diagnoses": [said(2.0)]}) for case in result.cases]}
    )
    assert foretold(Named(place, "x", 2.0001), fresh)
    assert not foretold(Named(place, "x", 3.0), fresh)
    assert not foretold(Named(place, "x"), fresh)
    assert not foretold(Named("elsewhere", "x", 2.0), fresh)


def test_precision_is_true_of_a_fault_of_about_so_many_bits() -> None:
    for name, of in (("single precision inside", {24}), ("reduced precision inside", {11, 8})):
        for bits in (24, 11, 8, None):
            said = Named("trace affine dW in the pass", name)
            assert is_true(said, [replace(NOTHING, bits=bits)], pytest.fail) is (bits in of)


def test_a_result_says_what_was_named_and_how_to_see_it_again() -> None:
    one = measured(0, 35)
    assert one.outcome is Naming.RIGHTLY and one.command.endswith("--seed 0 --from 35")
    assert FaultResult.model_validate_json(one.model_dump_json()) == one
