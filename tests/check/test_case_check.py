"""A case is asked so that a port which keeps something from one call to the next cannot hide it."""

from __future__ import annotations

from typing import Any

import gradparity
import pytest
from gradparity.arithmetic.verdicts import Verdict
from gradparity.cases import CaseSpec
from gradparity.check.records import Quantity
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
