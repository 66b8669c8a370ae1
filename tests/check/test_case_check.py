"""A case is asked so that a port which keeps something from one call to the next cannot hide it."""

from __future__ import annotations

from typing import Any

import gradparity
import numpy as np
import pytest
from conftest import RUNNERS
from gradparity.arithmetic.verdicts import Verdict
from gradparity.cases import CaseSpec, draw
from gradparity.check.case_check import CaseCheck
from gradparity.check.records import Quantity, Reason
from gradparity.diagnosis.records import Where
from gradparity.ports.session import Session
from gradparity.reference import Reference
from gradparity_reference import MultiLayerNet

SMALL = CaseSpec(sizes=(5, 4, 3), batch=2)


class Accumulating(MultiLayerNet):
    """It adds to its gradients, and forgets to begin at zero: the first answer of each new network is right."""

    def gradient(self, x: Any, t: Any) -> dict[str, Any]:
        found = super().gradient(x, t)
        self.db1 = getattr(self, "db1", 0) + found["db1"]
        return {**found, "db1": self.db1}


@pytest.mark.parametrize("lacks", [(), ("trace",), ("trace", "accuracy")])
def test_a_gradient_that_accumulates_is_found_though_each_load_makes_a_new_network(lacks: tuple[str, ...]) -> None:
    port = type("Mine", (Accumulating,), dict.fromkeys(lacks))
    [case] = gradparity.compare(port, cases=SMALL).cases
    wrong = {(cell.quantity, cell.array) for cell in case.cells if cell.verdict is Verdict.WRONG}
    assert wrong == {(Quantity.STATE, "gradient db1")}


def test_an_operation_that_is_asked_again_has_one_cell_for_each_array() -> None:
    [case] = gradparity.compare(MultiLayerNet, cases=SMALL).cases
    names = [cell.array for cell in case.cells if cell.array.startswith(("gradient ", "predict ", "trace "))]
    assert len(set(names)) == len(names) > 10


def test_a_ports_own_step_is_what_it_is_asked_for() -> None:
    case = draw(SMALL.model_copy(update={"numerical": True}), 0)
    reference = Reference(case, step=1e-4)
    with Session(RUNNERS["python"]) as session:
        check = CaseCheck(session, reference)
        check.run()
    numerical = [cell for cell in check.cells if cell.quantity is Quantity.NUMERICAL]
    assert {cell.verdict for cell in numerical} == {Verdict.IDENTICAL}
    assert max(cell.resolution or 0 for cell in numerical) < 1e-9
    with_large_steps = Reference(case).numerical_gradient
    assert not any(np.array_equal(reference.numerical_gradient[name], a) for name, a in with_large_steps.items())


@pytest.mark.parametrize(("relative", "verdict"), [(1e-4, Verdict.NOT_IMPLEMENTED), (1e4, Verdict.WRONG)])
def test_a_step_that_is_too_small_to_show_an_error_of_a_thousandth_is_no_pass(
    relative: float, verdict: Verdict
) -> None:
    case = draw(SMALL.model_copy(update={"numerical": True, "dtype": "float32"}), 0)
    reference = Reference(case, step=1e-4)
    with Session(RUNNERS["python"]) as session:
        check = CaseCheck(session, reference)
        where, expected = Where(operation="numerical_gradient", array="dW1"), reference.numerical_gradient["dW1"]
        allowance = reference.allowance("numerical_gradient", "dW1")
        came = expected * np.float32(1 + relative)
        check.compare(Quantity.NUMERICAL, where, came, expected, allowance)
    [cell] = check.cells
    assert cell.verdict is verdict
    assert (cell.reason is Reason.OTHER_STEP) == (verdict is Verdict.NOT_IMPLEMENTED)


def test_layers_with_a_test_phase_are_asked_in_both() -> None:
    case = draw(CaseSpec(network="6-affine5-batch_norm-relu-dropout-affine3", batch=4), 0)
    with Session(RUNNERS["python"]) as session:
        check = CaseCheck(session, Reference(case))
        check.run()
    alone = {cell.array.partition(".")[0] for cell in check.cells if cell.quantity is Quantity.LAYERS}
    assert {"batch_norm2", "batch_norm2:test", "dropout2", "dropout2:test", "affine1"} <= alone
    assert {cell.verdict for cell in check.cells} == {Verdict.IDENTICAL}
