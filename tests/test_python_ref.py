"""The reference against routes of its own: complex step, longdouble, an autodiff library, and the posts' examples."""

from __future__ import annotations

import doctest
from types import ModuleType
from typing import Any

import autograd
import autograd.numpy as anp
import gradparity_reference
import numpy as np
import pytest
from gradparity.cases import Case, CaseSpec, draw
from gradparity_reference import (
    Add,
    Affine,
    MultiLayerNet,
    Multiply,
    Relu,
    Sigmoid,
    SoftmaxWithLoss,
    central_difference,
    complex_step,
    network,
)
from hypothesis import given
from hypothesis import strategies as st

specs = st.builds(
    CaseSpec,
    sizes=st.lists(st.integers(1, 7), min_size=2, max_size=6).map(tuple),
    activation=st.sampled_from(["relu", "sigmoid"]),
    batch=st.integers(1, 6),
    labels=st.sampled_from(["onehot", "integer"]),
    epsilon=st.sampled_from([0.0]),
)
cases = st.builds(draw, specs, st.integers(0, 10_000))


@pytest.mark.parametrize("module", [gradparity_reference, network], ids=lambda module: module.__name__)
def test_the_examples_do_what_they_say(module: ModuleType) -> None:
    result = doctest.testmod(module)
    assert result.attempted and not result.failed


def close(came: Any, expected: Any, tolerance: float) -> None:
    scale = max(float(np.max(abs(np.asarray(expected)))), 1e-3)
    assert np.max(abs(np.asarray(came) - expected)) <= tolerance * scale


@given(cases)
def test_gradient_equals_the_complex_step(case: Case) -> None:
    came = case.network().gradient(case.x, case.t)
    for name, expected in complex_step(case.network(), case.x, case.t).items():
        close(came[name], expected, 1e-13)


@given(cases)
def test_gradient_equals_automatic_differentiation(case: Case) -> None:
    def loss(params: list[Any]) -> Any:
        x = case.x
        for i, (W, b) in enumerate(params):
            x = anp.dot(x, W) + b
            if i < len(params) - 1:
                x = anp.maximum(x, 0) if case.spec.activation == "relu" else 1 / (1 + anp.exp(-x))
        x = x - anp.max(x, axis=1, keepdims=True)
        log_sum = anp.log(anp.sum(anp.exp(x), axis=1))
        return anp.mean(log_sum - x[anp.arange(len(x)), case.labels])

    pairs = range(1, len(case.spec.sizes))
    params = [(case.params[f"W{i}"], case.params[f"b{i}"]) for i in pairs]
    came = case.network().gradient(case.x, case.t)
    close(came["loss"], loss(params), 1e-14)
    for i, (dW, db) in enumerate(autograd.grad(loss)(params), start=1):
        close(came[f"dW{i}"], dW, 1e-13)
        close(came[f"db{i}"], db, 1e-13)


@given(cases)
def test_gradient_equals_central_differences(case: Case) -> None:
    came = case.network().gradient(case.x, case.t)
    for name, expected in central_difference(case.network(), case.x, case.t, 2.0**-16).items():
        close(came[name], expected, 1e-6)


@pytest.mark.skipif(bool(np.finfo(np.longdouble).eps >= np.finfo(np.float64).eps), reason="no longdouble here")
@given(cases)
def test_gradient_equals_the_same_in_longdouble(case: Case) -> None:
    came = case.network().gradient(case.x, case.t)
    wide = case.network(np.longdouble).gradient(case.x.astype(np.longdouble), case.t)
    for name, expected in wide.items():
        assert np.asarray(expected).dtype == np.longdouble
        close(came[name], expected, 1e-13)


@given(cases)
def test_trace_and_gradient_agree_bit_for_bit(case: Case) -> None:
    trace, gradient = case.network().trace(case.x, case.t), case.network().gradient(case.x, case.t)
    for i in range(1, len(case.spec.sizes)):
        assert np.array_equal(trace[f"affine{i}.dW"], gradient[f"dW{i}"])
        assert np.array_equal(trace[f"affine{i}.db"], gradient[f"db{i}"])
    assert trace["loss"] == gradient["loss"]


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_everything_keeps_the_dtype_and_the_inputs(dtype: Any) -> None:
    case = draw(CaseSpec(sizes=(5, 4, 3), batch=2, dtype=dtype, epsilon=1e-7), 0)  # read-only arrays: a write raises
    network = case.network()
    before = {name: array.copy() for name, array in network.params.items()}
    values = {**network.trace(case.x, case.t), **network.gradient(case.x, case.t)}
    values |= central_difference(network, case.x, case.t)
    assert {np.asarray(value).dtype for value in values.values()} == {np.dtype(dtype)}
    assert all(np.array_equal(before[name], array) for name, array in network.params.items())


def test_the_fruit_basket() -> None:
    apples, oranges, basket, tax = Multiply(), Multiply(), Add(), Multiply()
    price = basket.forward(apples.forward(100.0, 2.0), oranges.forward(150.0, 3.0))
    assert tax.forward(price, 1.1) == pytest.approx(715)
    dprice, dtax = tax.backward(1.0)
    dapples, doranges = basket.backward(dprice)
    assert (*apples.backward(dapples), *oranges.backward(doranges), dtax) == pytest.approx((2.2, 110, 3.3, 165, 650))


def test_relu_leaves_its_argument_alone() -> None:
    x = np.array([[1.0, -0.5], [-2.0, 3.0]])
    dout = np.full((2, 2), 5.0)
    relu = Relu()
    assert relu.forward(x).tolist() == [[1, 0], [0, 3]]
    assert relu.backward(dout).tolist() == [[5, 0], [0, 5]]
    assert (x == [[1, -0.5], [-2, 3]]).all()
    assert (dout == 5).all()


def test_relu_has_gradient_0_at_0() -> None:
    relu = Relu()
    relu.forward(np.array([0.0, -0.0, 5e-324]))
    assert relu.backward(np.ones(3)).tolist() == [0, 0, 1]


def test_relu_hides_no_nan() -> None:
    relu = Relu()
    assert np.isnan(relu.forward(np.array([np.nan]))).all()
    assert np.isnan(relu.backward(np.array([np.nan]))).all()


def test_sigmoid_at_its_ends() -> None:
    sigmoid = Sigmoid()
    with np.errstate(all="raise", under="ignore"):
        assert sigmoid.forward(np.array([-1000.0, 0.0, 1000.0])).tolist() == [0, 0.5, 1]
    assert sigmoid.backward(np.ones(3)).tolist() == [0, 0.25, 0]


def test_the_bias_gradient_sums_the_columns() -> None:
    affine = Affine(np.zeros((2, 3)), np.zeros(3))
    affine.forward(np.zeros((2, 2)))
    affine.backward(np.array([[1.0, 2, 3], [4, 5, 6]]))
    assert affine.db.tolist() == [5, 7, 9]


def test_softmax_is_normalised_by_row_and_finite_where_it_underflows() -> None:
    last = SoftmaxWithLoss()
    loss = last.forward(np.array([[1000.0, 0.0], [0.0, 0.0]]), np.array([1, 0]))
    assert last.y.sum(axis=1) == pytest.approx(1)
    assert loss == pytest.approx((1000 + np.log(2)) / 2)
    assert SoftmaxWithLoss(1e-7).forward(np.array([[1000.0, 0.0]]), np.array([1])) == pytest.approx(-np.log(1e-7))


@given(cases)
def test_one_hot_and_integer_labels_are_the_same(case: Case) -> None:
    one_hot = np.eye(case.spec.sizes[-1])[case.labels]
    a, b = (case.network().gradient(case.x, t) for t in (one_hot, case.labels))
    assert all(np.array_equal(a[name], b[name]) for name in a)
    assert case.network().accuracy(case.x, one_hot) == case.network().accuracy(case.x, case.labels)


def test_accuracy_takes_the_first_of_equal_logits() -> None:
    network = MultiLayerNet([np.zeros((2, 3))], [np.zeros(3)])
    assert network.accuracy(np.zeros((2, 2)), np.array([0, 1])) == 0.5


def test_an_unknown_activation_is_a_key_error() -> None:
    with pytest.raises(KeyError, match="softplus"):
        MultiLayerNet([np.eye(2)] * 2, [np.zeros(2)] * 2, "softplus")
