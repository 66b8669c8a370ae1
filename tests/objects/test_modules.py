"""Modules: parameters in the order in which they are listed, in the layout that was said and in no guessed one."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import gradparity
import numpy as np
import pytest
from gradparity.arithmetic.verdicts import Verdict
from gradparity.check.records import Quantity
from own_networks import Module, Tensor, cross_entropy

KEYWORDS: dict[str, Any] = {"layout": "out_in", "loss": cross_entropy}


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_a_module_is_judged_in_its_own_sizes_and_dtype_and_stays_as_it_is(dtype: str) -> None:
    module = Module(9, 6, 4, dtype=dtype)
    module.weights[0].grad = mine = Tensor(np.ones(1))
    result = gradparity.compare(module, **KEYWORDS)
    result.assert_agrees()
    assert {case.dtype for case in result.cases} == {dtype}
    assert {case.verdict for case in result.cases} <= {Verdict.IDENTICAL, Verdict.ROUNDING}
    asked = {c.quantity for c in result.cases[0].cells if c.verdict.passes}
    assert asked == {Quantity.GRADIENT, Quantity.LOSS, Quantity.PREDICT, Quantity.STATE}
    assert not module.weights[0].array.any() and module.weights[0].grad is mine


def test_a_function_that_makes_modules_is_judged_in_the_suite() -> None:
    def make(sizes: tuple[int, ...], activation: str, dtype: str) -> Module:
        return Module(*sizes, activation=activation, dtype=dtype)

    result = gradparity.compare(make, cases=["random-9-6-4-*", "random-12-10-*"], activation="tanh", **KEYWORDS)
    assert {case.verdict for case in result.cases} <= {Verdict.IDENTICAL, Verdict.ROUNDING}


def test_the_other_layout_does_not_fit_and_where_it_does_it_is_wrong() -> None:
    with pytest.raises(ValueError, match=r"came W1 \(6, 9\), b1 \(6,\), W2 \(4, 6\), b2 \(4,\) \(layout in_out\)"):
        gradparity.compare(Module(9, 6, 4), layout="in_out", loss=cross_entropy)
    square = gradparity.compare(Module(5, 5, 5), layout="in_out", loss=cross_entropy)
    assert square.exit_code == 1


@pytest.mark.parametrize("lacking", ["layout", "loss"])
def test_a_module_needs_both(lacking: str) -> None:
    with pytest.raises(ValueError, match=f"{lacking}: a module needs one"):
        gradparity.compare(Module(5, 4, 3), **{**KEYWORDS, lacking: None})


def test_a_module_without_a_bias_says_what_was_expected() -> None:
    module = Module(5, 4, 3)
    module.biases.pop()
    module.weights.pop()
    module.biases[0] = Tensor(np.zeros((4, 1)))
    with pytest.raises(
        ValueError, match=r"a weight and a bias for each layer, in order, came 0.weight \(4, 5\), 0.bias"
    ):
        gradparity.compare(module, **KEYWORDS)


def test_a_parameter_without_a_gradient_is_a_gradient_that_is_missing() -> None:
    def forgetful(logits: Any, labels: Any) -> Tensor:
        loss = cross_entropy(logits, labels)
        backward = loss.backward
        assert backward

        def then_forget() -> None:
            backward()
            logits.module.biases[0].grad = None

        loss.backward = then_forget
        return loss

    result = gradparity.compare(Module(5, 4, 3), layout="out_in", loss=forgetful)
    assert result.exit_code == 1
    assert "expected the arrays loss, dW1, db1, dW2, db2, came loss, dW1, dW2, db2" in str(result)


def test_a_module_that_changes_its_input_is_found() -> None:
    class Careless(Module):
        def __call__(self, x: Tensor) -> Any:
            found = super().__call__(Tensor(x.array))
            x.array *= 2
            return found

    result = gradparity.compare(Careless(5, 4, 3), **KEYWORDS)
    changed = {c.array for case in result.cases for c in case.cells if c.verdict is Verdict.MUTATES}
    assert changed >= {"gradient x"}


def test_pytorch_itself() -> None:
    torch = pytest.importorskip("torch")
    nn = torch.nn
    net = nn.Sequential(nn.Linear(9, 6), nn.ReLU(), nn.Linear(6, 4))
    before = [p.detach().clone() for p in net.parameters()]
    gradparity.compare(net, layout="out_in", loss=nn.functional.cross_entropy).assert_agrees()
    assert all(torch.equal(a, b) for a, b in zip(before, net.parameters(), strict=True))

    def make(sizes: tuple[int, ...], activation: str, dtype: str) -> Any:
        between = nn.ReLU if activation == "relu" else nn.Sigmoid
        pairs = [(nn.Linear(m, n), between()) for m, n in pairwise(sizes)]
        return nn.Sequential(*[layer for pair in pairs for layer in pair][:-1]).to(getattr(torch, dtype))

    gradparity.compare(make, layout="out_in", loss=nn.functional.cross_entropy).assert_agrees()
