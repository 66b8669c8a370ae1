"""`gradparity.compare(optimizers=...)`: classes with update(params, grads), beside their formulas."""

from __future__ import annotations

from typing import Any

import gradparity
import numpy as np
import pytest
from gradparity.arithmetic.verdicts import Verdict
from gradparity.check.records import Quantity
from gradparity_reference import OPTIMIZERS, MultiLayerNet


class Momentum:
    """In the other convention."""

    def __init__(self, lr: float, momentum: float = 0.5) -> None:
        self.lr, self.momentum = lr, momentum
        self.v: dict[str, Any] = {}

    def update(self, params: dict[str, Any], grads: dict[str, Any]) -> None:
        for key, g in grads.items():
            self.v[key] = self.momentum * self.v.get(key, 0) + self.seen(g, params[key])
            params[key] -= self.lr * self.v[key]

    def seen(self, g: Any, p: Any) -> Any:
        return g


class Decayed(Momentum):
    def seen(self, g: Any, p: Any) -> Any:
        return g + p.dtype.type(1e-3) * p


class OneVelocity(Momentum):
    """Of all parameters, as only one that keeps several apart can be seen to do."""

    def update(self, params: dict[str, Any], grads: dict[str, Any]) -> None:
        for key, g in grads.items():
            self.v[""] = self.momentum * np.resize(self.v.get("", 0 * g), g.shape) + g
            params[key] -= self.lr * self.v[""]


def in_books_shape(name: str) -> Any:
    """The reference's own, whose gradients are called dW1, ..."""

    class Books:
        def __init__(self, lr: float, **numbers: float) -> None:
            self.own = OPTIMIZERS[name](learning_rate=lr)  # type: ignore[call-arg]

        def update(self, params: dict[str, Any], grads: dict[str, Any]) -> None:
            self.own.update(params, {f"d{key}": g for key, g in grads.items()})

    return Books


def test_the_references_optimizers_agree_beside_a_network() -> None:
    names = {name: in_books_shape(name) for name in OPTIMIZERS}
    result = gradparity.compare(MultiLayerNet, optimizers=names, cases="random-9-6-4-relu-n7-*", dtypes="float64")
    own = [case for case in result.cases if case.function]
    assert [case.function for case in own] == list(names) and len(own) < len(result.cases)
    assert {cell.quantity for case in own for cell in case.cells} == {Quantity.UPDATE}
    assert {case.verdict.passes for case in own} == {True}
    result.assert_agrees()


def test_what_is_wrong_is_named_with_an_element_and_the_call() -> None:
    assert gradparity.compare(optimizers={"momentum": Momentum})
    result = gradparity.compare(optimizers={"momentum": Decayed})
    assert {case.dtype for case in result.cases} == {"float64", "float32"}
    for case in result.cases:
        assert case.diagnosis and case.verdict is Verdict.WRONG
        [found] = case.diagnosis.explanations
        assert found.name == "weight decay" and found.constant == pytest.approx(1e-3, rel=1e-3)
    with pytest.raises(AssertionError, match=r"(?s)W1\[.*\]=.*, but should be .*weight decay 0.001 \(L2\).*Decayed"):
        result.assert_agrees()
    assert "weight decay 0.001" in str(result)


def test_a_number_that_it_has_one_of_is_the_books() -> None:
    [case] = gradparity.compare(optimizers={"momentum": lambda lr: Momentum(lr, 0.5)}, dtypes="float64").cases
    assert case.diagnosis and [one.constant for one in case.diagnosis.explanations] == [0.5]


def test_parameters_are_kept_apart_and_a_failure_is_none_of_the_others() -> None:
    def broken(lr: float) -> Any:
        raise RuntimeError("no optimizer yet")

    result = gradparity.compare(optimizers={"momentum": OneVelocity, "sgd": broken}, dtypes="float64")
    wrong, failed = result.cases
    assert wrong.verdict is Verdict.WRONG and wrong.diagnosis and not wrong.diagnosis.explanations
    assert failed.verdict is Verdict.COULD_NOT_RUN and "no optimizer yet" in failed.cells[0].detail


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ([Momentum], "a dict such as"),
        ({"adamw": Momentum}, "came 'adamw'"),
        ({"momentum": Momentum(0.1)}, "made already"),
    ],
)
def test_what_is_no_dict_of_optimizers_is_refused(given: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        gradparity.compare(optimizers=given)
