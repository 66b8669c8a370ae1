"""What a port declares is what is checked: exactly that, and nothing else."""

from __future__ import annotations

import math
from typing import Any

import gradparity
import numpy as np
import pytest
from gradparity.arithmetic.verdicts import Verdict
from gradparity.check.records import Quantity
from gradparity.functions.declared import KNOWN, NOTHING, Declared
from gradparity.ports.session import Hello
from gradparity.ports.wire import WireError
from gradparity_reference import MultiLayerNet, SoftmaxWithLoss

CASES = ("random-9-6-4-relu-*", "random-6-5-4-3-*")


def changed(own: Any, **changes: Any) -> dict[str, Any]:
    """The reference's gradient, with changes by name."""
    return {name: changes.get(name, lambda value: value)(value) for name, value in own.items()}


class Log10(MultiLayerNet):
    def gradient(self, x: Any, t: Any) -> dict[str, Any]:
        return changed(super().gradient(x, t), loss=lambda loss: loss / x.dtype.type(math.log(10)))

    def trace(self, x: Any, t: Any) -> dict[str, Any]:
        return changed(super().trace(x, t), loss=lambda loss: loss / x.dtype.type(math.log(10)))


class Summed(MultiLayerNet):
    def gradient(self, x: Any, t: Any) -> dict[str, Any]:
        return {name: value * x.dtype.type(len(x)) for name, value in super().gradient(x, t).items()}

    trace = None  # type: ignore[assignment]


class Probable(MultiLayerNet):
    def predict(self, x: Any) -> Any:
        powers = np.exp(super().predict(x) - super().predict(x).max(axis=1, keepdims=True))
        return powers / powers.sum(axis=1, keepdims=True)


class Clipped(SoftmaxWithLoss):
    def forward(self, x: Any, t: Any) -> Any:
        super().forward(x, t)
        p = np.maximum(self.y[self.rows, self.labels], x.dtype.type(1e-7))
        return -np.log(p + x.dtype.type(self.epsilon)).mean()


class Differentiated(SoftmaxWithLoss):
    """By automatic differentiation of -log(p + epsilon)."""

    def backward(self) -> Any:
        if not self.epsilon:
            return super().backward()
        y, n = self.y, self.y.dtype.type(len(self.y))
        slope = np.zeros_like(y)
        slope[self.rows, self.labels] = -1 / (y[self.rows, self.labels] + y.dtype.type(self.epsilon)) / n
        return y * (slope - (slope * y).sum(axis=1, keepdims=True))


def with_loss(loss: type[SoftmaxWithLoss]) -> Any:
    def mine(weights: Any, biases: Any, activation: str, epsilon: float) -> MultiLayerNet:
        net = MultiLayerNet(weights, biases, activation, epsilon)
        net.last = loss(epsilon)
        return net

    return mine


class Half(MultiLayerNet):
    """Slope 1/2 at 0."""

    def __init__(self, weights: Any, biases: Any, activation: str, epsilon: float) -> None:
        super().__init__(weights, biases, activation, epsilon)
        for name, layer in self.layers.items():
            if name.startswith("relu"):
                layer.__class__ = type("HalfRelu", (type(layer),), {"forward": _keeping, "backward": _half})


def _keeping(layer: Any, x: Any) -> Any:
    layer.x = x
    return np.maximum(x, 0)


def _half(layer: Any, dout: Any) -> Any:
    return dout * ((layer.x > 0) + 0.5 * (layer.x == 0)).astype(dout.dtype)


class Percent(MultiLayerNet):
    def accuracy(self, x: Any, t: Any) -> Any:
        return 100 * super().accuracy(x, t)


class Flushing(MultiLayerNet):
    """Each denormal result is zero."""

    def gradient(self, x: Any, t: Any) -> dict[str, Any]:
        found = super().gradient(x, t)
        return {name: np.where(abs(a) < np.finfo(x.dtype).tiny, x.dtype.type(0), a) for name, a in found.items()}

    trace = None  # type: ignore[assignment]


PORTS: dict[str, tuple[Any, Quantity]] = {
    "log_base=10": (Log10, Quantity.LOSS),
    "reduction=sum": (Summed, Quantity.GRADIENT),
    "predict=probabilities": (Probable, Quantity.PREDICT),
    "clip=1e-07": (with_loss(Clipped), Quantity.LOSS),
    "epsilon_in_gradient": (with_loss(Differentiated), Quantity.GRADIENT),
    "slope_at_zero=0.5": (Half, Quantity.GRADIENT),
    "accuracy=percent": (Percent, Quantity.ACCURACY),
    "flush_denormals": (Flushing, Quantity.GRADIENT),
}


def verdicts(result: gradparity.Comparison, quantity: Quantity) -> set[Verdict]:
    return {cell.verdict for case in result.cases for cell in case.cells if cell.quantity is quantity}


@pytest.mark.parametrize("text", PORTS)
def test_who_declares_a_difference_and_has_it_passes_as_declared(text: str) -> None:
    port, where = PORTS[text]
    result = gradparity.compare(port, cases=CASES, declares=text, name="mine")
    assert result, result._message()
    assert Verdict.DECLARED in verdicts(result, where)
    [info] = result.runners
    assert info.declares == [text]
    assert f"mine declares {text}: as declared in" in str(result)


@pytest.mark.parametrize("text", PORTS)
def test_without_the_declaration_it_is_wrong(text: str) -> None:
    port, where = PORTS[text]
    assert Verdict.WRONG in verdicts(gradparity.compare(port, cases=CASES), where)


@pytest.mark.parametrize("text", PORTS)
def test_who_declares_a_difference_and_has_it_not_is_told_so(text: str) -> None:
    _, where = PORTS[text]
    result = gradparity.compare(MultiLayerNet, cases=CASES, declares=text)
    assert Verdict.WRONG in verdicts(result, where) and not result
    bad = [case for case in result.cases if case.verdict is Verdict.WRONG]
    assert {told.explanations[0].name for case in bad for told in case.diagnoses} == {"not as declared"}
    assert f"declares {text}, and this is as without it" in result._message()


def test_a_bug_beside_what_is_declared_is_found_and_named() -> None:
    class Wrong(Log10):
        def gradient(self, x: Any, t: Any) -> dict[str, Any]:
            return changed(super().gradient(x, t), dW1=lambda dW: -dW)

        trace = None  # type: ignore[assignment]

    [case] = gradparity.compare(Wrong, cases="random-9-6-4-relu-n7-float64", declares={"log_base": 10}).cases
    [told] = case.diagnoses
    assert (told.where.key, told.explanations[0].name) == ("dW1", "sign")


def test_probabilities_that_are_not_declared_are_told_once_and_the_rest_is_judged() -> None:
    class Both(Probable, Log10):
        pass

    alone, both = (gradparity.compare(port, cases=CASES) for port in (Probable, Both))
    for result, names in (
        (alone, {"probabilities for logits"}),
        (both, {"logarithm's base", "probabilities for logits"}),
    ):
        for case in (one for one in result.cases if one.verdict is not Verdict.NOT_IMPLEMENTED):
            assert {told.explanations[0].name for told in case.diagnoses} == names
    assert verdicts(alone, Quantity.STATE) <= {Verdict.IDENTICAL, Verdict.NOT_IMPLEMENTED}
    assert any(cell.array.startswith("next case") for cell in alone.cases[0].cells)
    assert "declares={'predict': 'probabilities'}" in alone._message()


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"log_bas": 10}, f"expected some of {', '.join(KNOWN)}, came 'log_bas=10'"),
        ("log_base=ten", "expected log_base=10 or another number above 1, at most 100, came 'log_base=ten'"),
        ("log_base=1", "came 'log_base=1'"),
        (["clip=2"], "came 'clip=2'"),
        ("clip=nan", "came 'clip=nan'"),
        ("accuracy=best", "expected accuracy=last or any or percent"),
        ("reduction=sum,reduction=sum", "expected reduction once"),
    ],
)
def test_what_is_not_known_is_refused_with_what_is(given: Any, words: str) -> None:
    with pytest.raises(ValueError, match="declares: ") as caught:
        gradparity.compare(MultiLayerNet, declares=given)
    assert words in str(caught.value)


def test_texts_and_dicts_say_the_same_and_a_port_says_it_in_hello() -> None:
    declared = Declared.of({"log_base": 10, "flush_denormals": True, "epsilon_in_gradient": False})
    assert declared == Declared.of("flush_denormals,log_base=10") == Declared.of(",".join(declared.texts))
    assert Declared.of("") == NOTHING and not NOTHING.texts
    fields = dict.fromkeys(("name", "language", "version", "blas", "threads", "dtypes", "layers"), "x")
    fields |= {"operations": "load", "optimizers": "", "epsilon": "any"}
    assert Hello.of(fields).declares == NOTHING
    assert Hello.of({**fields, "declares": "log_base=10"}).declares == Declared(log_base=10)
    with pytest.raises(WireError, match="declares: expected some of flush_denormals"):
        Hello.of({**fields, "declares": "quickly"})
