"""The default suite covers what it promises, and selection by name finds it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, get_args

import gradparity
import numpy as np
import pytest
from gradparity.arithmetic.verdicts import Verdict
from gradparity.cases.spec import OfSizes
from gradparity.check.records import Quantity
from gradparity.errors import UsageError
from gradparity.functions.layers import ACTIVATIONS, LAYERS
from gradparity.suite import default_suite, select_cases
from gradparity_reference import Affine, MultiLayerNet, Sigmoid, SoftmaxWithLoss

SUITE = default_suite()


def test_at_least_60_cases_each_with_a_name_of_its_own() -> None:
    assert len(SUITE) >= 60
    assert len({spec.name for spec in SUITE}) == len(SUITE)


@pytest.mark.parametrize("spec", SUITE, ids=lambda spec: spec.name)
def test_batch_and_sizes_differ_pairwise(spec) -> None:  # type: ignore[no-untyped-def]
    """Of networks of any layers the outputs of the layers that learn, and the rows and columns of an image."""
    learnt = [
        shape[0] if len(shape) == 4 else shape[-1] for name, shape in spec.described.arrays.items() if name[0] == "W"
    ]
    given = spec.described.input if spec.data == "random" else spec.described.input[:1]
    sizes = [spec.batch, *given, *learnt] if spec.network else [spec.batch, *spec.sizes]
    assert len(set(sizes)) == len(sizes)


def test_the_suite_covers_depths_activations_dtypes_data_and_edges() -> None:
    assert {len(spec.sizes) - 1 for spec in SUITE if spec.sizes} == set(range(2, 9))
    assert {kind for spec in SUITE for kind in spec.described.kinds} == set(LAYERS) - {"multiply", "add"}
    for attribute, values in {
        "activation": set(ACTIVATIONS),
        "dtype": {"float64", "float32"},
        "data": {"random", "digits", "mnist"},
        "labels": {"onehot", "integer"},
        "order": {"C", "F"},
        "quirk": {None, "zero-rows", "denormals", "ties", *get_args(OfSizes)},
        "numerical": {True, False},
    }.items():
        assert {getattr(spec, attribute) for spec in SUITE} == values
    assert any(spec.batch == 1 for spec in SUITE)
    assert any(spec.classes == 1 for spec in SUITE)
    assert any(spec.epsilon for spec in SUITE)
    assert any(spec.weight_decay for spec in SUITE)


def test_selection() -> None:
    assert list(select_cases(()).values()) == SUITE
    assert {spec.data for spec in select_cases(("mnist-*",)).values()} == {"mnist"}
    assert select_cases((SUITE[3].name, SUITE[3].name)) == {SUITE[3].name: SUITE[3]}
    assert {spec.dtype for spec in select_cases((), ("float32",)).values()} == {"float32"}


def test_a_case_that_is_not_in_the_suite_is_selected_by_its_name() -> None:
    [(option, spec)] = select_cases(("random-784-50-10-relu-n100-float64",)).items()
    assert option == spec.name == "random-784-50-10-relu-n100-float64" and spec not in SUITE


def test_a_case_file_is_selected_by_its_path(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text("sizes = [6, 5, 2]")
    [(option, spec)] = select_cases((str(path),)).items()
    assert option == str(path)
    assert spec.sizes == (6, 5, 2)


def test_what_matches_nothing_is_wrong_usage() -> None:
    with pytest.raises(UsageError, match="--case nope: no such case"):
        select_cases(("nope",))
    with pytest.raises(UsageError, match="none of the chosen cases has it"):
        select_cases((SUITE[0].name,), ("float32",))


def replaced(wrong: type[Any]) -> type[Any]:
    """A network with this layer or loss in the place of the one that it is made from."""

    class Mine(MultiLayerNet):
        def __init__(self, weights: Any, biases: Any, activation: str = "relu") -> None:
            super().__init__(weights, biases, activation)
            for name, layer in self.layers.items():
                if isinstance(layer, wrong.__mro__[1]):
                    arrays = {key: getattr(layer, key) for key in layer.arrays()}
                    self.layers[name] = wrong(**arrays)
            if isinstance(self.last, wrong.__mro__[1]):
                self.last = wrong()

    return Mine


def with_gradient(change: Callable[[Affine, Any], None]) -> type[Affine]:
    """An affine layer whose gradients are changed after the fact, in place: it holds x, W, dW and db."""

    class WrongAffine(Affine):
        def backward_parameters(self, dout: Any) -> None:
            super().backward_parameters(dout)
            change(self, dout)

    return WrongAffine


def no_tail(block: int) -> type[Affine]:
    def change(layer: Affine, dout: Any) -> None:
        whole = len(dout) // block * block or len(dout)
        layer.db = dout[:whole].sum(axis=0)

    return with_gradient(change)


def double(array: Any, first: int) -> None:
    array[first:] *= 2


def max_from(start: float) -> type[SoftmaxWithLoss]:
    class Loss(SoftmaxWithLoss):
        def forward(self, x: Any, t: Any) -> Any:
            loss = super().forward(x, t)
            with np.errstate(all="ignore"):
                e = np.exp(x - np.maximum(x.max(axis=1, keepdims=True), x.dtype.type(start)))
                self.y = e / e.sum(axis=1, keepdims=True)
            return loss

    return Loss


class Labels8(SoftmaxWithLoss):
    def forward(self, x: Any, t: Any) -> Any:
        return super().forward(x, t.astype(np.uint8) if t.ndim == 1 else t)


def sigmoid(of: Callable[[Any], Any], slope: Callable[[Any, Any], Any] = lambda y, x: y * (1 - y)) -> type[Sigmoid]:
    class Curve(Sigmoid):
        def forward(self, x: Any) -> Any:
            with np.errstate(all="ignore"):
                self.x, self.out = x, of(x)
            return self.out

        def backward(self, dout: Any) -> Any:
            with np.errstate(all="ignore"):
                return dout * slope(self.out, self.x)

    return Curve


def curve(x: Any) -> Any:
    return 1 / (1 + np.exp(-x))


WRONG = {
    "from batch 51 on": with_gradient(lambda a, dout: double(a.dW, 0 if len(dout) > 50 else len(a.dW))),
    "past the last 8 rows": no_tail(8),
    "past the last 16 rows": no_tail(16),
    "past the last 32 rows": no_tail(32),
    "past the last 64 rows": no_tail(64),
    "past 20 classes": with_gradient(lambda a, dout: double(a.db, 20 if len(a.db) > 20 else len(a.db))),
    "labels in 8 bits": Labels8,
    "past 1,000 inputs": with_gradient(lambda a, dout: double(a.dW, 1000)),
    "past 256 units": with_gradient(lambda a, dout: double(a.db, 256)),
    "exp(z) / (1 + exp(z))": sigmoid(lambda x: np.exp(x) / (1 + np.exp(x))),
    "slope e / (1 + e)^2": sigmoid(curve, lambda y, x: np.exp(-x) / (1 + np.exp(-x)) ** 2),
    "clipped at 20": sigmoid(lambda x: curve(np.clip(x, -20, 20))),
    "maximum from 0": max_from(0.0),
    "maximum from the smallest": max_from(5e-324),
}
RIGHT = {
    "clipped at 500": sigmoid(lambda x: curve(np.clip(x, -500, 500))),
    "without overflow": sigmoid(
        lambda x: np.where(x < 0, np.exp(-abs(x)) / (1 + np.exp(-abs(x))), 1 / (1 + np.exp(-abs(x))))
    ),
    "by tanh": sigmoid(lambda x: (1 + np.tanh(x / 2)) / 2),
}
NEW = ["*-logits", "*-steep", "*-n300-*", "random-1100-*", "random-7-257-*", "random-13-9-300-*"]


@pytest.mark.parametrize("wrong", WRONG.values(), ids=WRONG)
def test_what_is_wrong_only_there_is_found_without_mnist(wrong: type[Any]) -> None:
    """By gradient and predict alone, as hardly anybody's class has a trace."""
    port = type("Mine", (replaced(wrong),), {"trace": None})
    assert not gradparity.compare(port, cases=NEW)
    assert gradparity.compare(port, cases="random-9-6-4-*-n7-float64")


@pytest.mark.parametrize("right", RIGHT.values(), ids=RIGHT)
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_another_formula_is_as_right_there(right: type[Any], dtype: str) -> None:
    port = type("Mine", (replaced(right),), {"trace": None})
    assert gradparity.compare(port, cases="*-steep", dtypes=dtype, seeds=range(5))


ARGMAX = {
    "from 0": lambda a: np.concatenate([np.zeros_like(a[:, :1]), a], axis=1).argmax(axis=1) - 1,
    "the last of a tie": lambda a: a.shape[1] - 1 - a[:, ::-1].argmax(axis=1),
    "NaN left out": lambda a: np.nanargmax(a, axis=1),
    "none beside NaN": lambda a: np.where(np.isnan(a).any(axis=1), -1, a.argmax(axis=1)),
}


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("largest", ARGMAX.values(), ids=ARGMAX)
def test_another_largest_logit_is_found(largest: Callable[[Any], Any], dtype: str) -> None:
    class Mine(MultiLayerNet):
        def accuracy(self, x: Any, t: Any) -> float:
            labels = t if t.ndim == 1 else t.argmax(axis=1)
            return float((largest(self.predict(x)) == labels).mean())

    found = gradparity.compare(Mine, cases="*-logits", dtypes=dtype)
    wrong = {cell.quantity for case in found.cases for cell in case.cells if cell.verdict is Verdict.WRONG}
    assert wrong == {Quantity.ACCURACY}
