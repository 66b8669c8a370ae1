"""The envelope of the whole pass: correct implementations stay within, wrong ones do not."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from gradparity.arithmetic.envelope import envelopes
from gradparity.arithmetic.precision import Precision
from gradparity.arithmetic.verdicts import Verdict, judge
from gradparity.cases import Case, CaseSpec, draw
from gradparity.functions.layers import ACTIVATIONS
from gradparity.reference import Reference
from gradparity.suite import DEPTHS, default_suite
from hypothesis import given
from hypothesis import strategies as st

specs = st.builds(
    CaseSpec,
    sizes=st.lists(st.integers(1, 40), min_size=2, max_size=9).map(tuple),
    activation=st.sampled_from(ACTIVATIONS),
    batch=st.integers(1, 30),
    dtype=st.sampled_from(["float64", "float32"]),
    scale=st.sampled_from([0.01, 1.0, 5.0]),
    quirk=st.sampled_from(
        [None, "zero-rows", "denormals", "exact-zeros", "saturated", "steep", "negative-logits", "tied-logits"]
    ),
)
cases = st.builds(draw, specs, st.integers(0, 10_000))


def shuffled_pass(case: Case, seed: int) -> dict[str, Any]:
    """A correct implementation that sums in another order: all units and the batch are permuted, and put back."""
    rng = np.random.default_rng(seed)
    orders = [rng.permutation(size) for size in case.spec.sizes]
    orders[-1] = np.arange(case.spec.sizes[-1])
    rows = rng.permutation(len(case.x))
    params = {}
    for i, (a, b) in enumerate(pairwise(orders), start=1):
        params[f"W{i}"], params[f"b{i}"] = case.params[f"W{i}"][a][:, b], case.params[f"b{i}"][b]
    x, t = np.asfortranarray(case.x[rows][:, orders[0]]), case.t[rows]
    moved = Case(case.spec, case.seed, x, t, params)
    came = moved.network().gradient(x, t)
    for i, (a, b) in enumerate(pairwise(orders), start=1):
        back_a, back_b = np.argsort(a), np.argsort(b)
        came[f"dW{i}"], came[f"db{i}"] = came[f"dW{i}"][back_a][:, back_b], came[f"db{i}"][back_b]
    return {name: np.asarray(value) for name, value in came.items()}


@given(cases, st.integers(0, 100))
def test_another_order_of_summation_is_explained(case: Case, seed: int) -> None:
    reference = Reference(case)
    came = shuffled_pass(case, seed)
    for name, expected in reference.gradient.items():
        figures = judge(came[name], expected, reference.allowance("gradient", name))
        assert figures.ratio <= 1, f"{case.spec.name}@{case.seed} {name}: {figures}"


@given(cases)
def test_the_result_in_higher_precision_is_explained(case: Case) -> None:
    reference = Reference(case)
    wide = np.longdouble if case.spec.dtype == "float64" else np.float64
    right = case.network(wide).trace(case.x.astype(wide), case.t)
    for name, expected in reference.trace.items():
        rounded = np.asarray(right[name]).astype(case.spec.dtype)
        figures = judge(rounded, expected, reference.allowance("trace", name))
        assert figures.ratio <= 1, f"{case.spec.name}@{case.seed} {name}: {figures}"


@pytest.mark.parametrize("spec", default_suite(), ids=lambda spec: spec.name)
def test_every_verdict_of_the_suite_resolves(spec: CaseSpec, have_mnist: bool, data_dir: Any) -> None:
    """1e-12 in float64 and 1e-3 in float32, in every array that is not 0 throughout."""
    if spec.data == "mnist" and not have_mnist:
        pytest.skip("MNIST is not here: set GRADPARITY_DATA")
    reference = Reference(draw(spec, 0, data_dir))
    limit = 1e-12 if spec.dtype == "float64" else 1e-3
    for operation in reference.operations:
        for name, expected in getattr(reference, operation).items():
            resolution = reference.allowance(operation, name).resolution(np.nan_to_num(expected))
            assert not expected.any() if resolution is None else resolution <= limit, f"{operation} {name}"
    if spec.dtype == "float64" and (spec.network or max(spec.sizes) > 1000):
        limit = 1e-10  # of a layer alone the bound is the worst case: over all positions, of a convolution
    for layer in reference.layers:
        for name, expected in layer.expected.items():
            resolution = layer.allowances[name].resolution(expected)
            assert not expected.any() if resolution is None else resolution <= limit, f"{layer.name} {name}"


def test_an_ambiguous_mask_widens_the_envelope() -> None:
    """Where rounding decides a relu's mask, both sides are right, and no verdict can be sharp."""
    case = draw(CaseSpec(sizes=(9, 6, 4), dtype="float32"), 0)
    W = case.params["W1"].astype(np.float64)
    b = -(case.x[0].astype(np.float64) @ W)  # row 0's pre-activations are 0 up to rounding
    ambiguous = Case(case.spec, 0, case.x, case.t, case.params | {"b1": b.astype(np.float32)})
    sharp, wide = (Reference(c).allowance("gradient", "dW1").spread for c in (case, ambiguous))
    assert sharp is not None
    assert wide is not None
    assert wide > 1000 * sharp
    expected = Reference(ambiguous).gradient["dW1"]
    resolution = Reference(ambiguous).allowance("gradient", "dW1").resolution(expected)
    assert resolution is not None
    assert resolution > 1e-3


@pytest.mark.parametrize("depth", DEPTHS)
@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_the_envelope_stays_sharp_at_depth(depth: int, activation: Any, dtype: Any) -> None:
    reference = Reference(draw(CaseSpec(sizes=DEPTHS[depth], activation=activation, dtype=dtype), 0))
    name = "dW1"
    resolution = reference.allowance("gradient", name).resolution(reference.gradient[name])
    assert resolution is not None
    assert resolution < (1e-13 if dtype == "float64" else 1e-4)


def test_noise_that_float64_would_round_away_is_seen_in_every_element() -> None:
    """`soak` found this: 1 - y of a saturated sigmoid, 0 in some of 2,000 elements in all runs."""

    def slope(of: Any) -> Any:
        return {"slope": 1 - 1 / (1 + np.exp(-of["x"]))}

    x = np.random.default_rng(0).uniform(37, 41, 2000)
    each = envelopes(slope, {"x": x}, Precision.of(np.float64), [0])["slope"].each
    assert each.min() > 2**-55


ANY_LAYERS = (
    "2x8x7-convolution4k3p1-relu-max_pooling2-convolution3k2-tanh-affine6-relu-affine3",
    "10-affine8-batch_norm-relu-dropout0.3-affine6-batch_norm-sigmoid-affine4-squared_error",
)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("network", ANY_LAYERS)
def test_networks_of_any_layers_in_higher_precision_are_explained(network: str, dtype: Any) -> None:
    wide = np.longdouble if dtype == "float64" else np.float64
    for seed in range(10):
        case = draw(CaseSpec(network=network, dtype=dtype, weight_decay=0.1), seed)
        reference = Reference(case)
        x = case.x.astype(wide)
        right = {
            "trace": case.network(wide).trace(x, case.t),
            "gradient": case.network(wide).gradient(x, case.t),
            "predict": {"out": case.network(wide).predict(x)},
        }
        for operation, arrays in right.items():
            for name, expected in getattr(reference, operation).items():
                rounded = np.asarray(arrays[name]).astype(dtype)
                figures = judge(rounded, expected, reference.allowance(operation, name))
                assert figures.verdict.passes, f"{case.spec.name}@{seed} {operation} {name}: {figures}"


def test_a_bias_before_batch_normalization_resolves_by_the_terms_that_cancel() -> None:
    """Its gradient is 0 in mathematics: what comes is rounding alone, and a wrong one is still seen."""
    case = draw(CaseSpec(network=ANY_LAYERS[1]), 0)
    reference = Reference(case)
    expected, allowance = reference.gradient["db1"], reference.allowance("gradient", "db1")
    for came in (np.zeros_like(expected), -expected):
        assert judge(came, expected, allowance).verdict.passes
    terms = reference.trace["batch_norm2.dx"]
    assert judge(expected + 1e-6 * abs(terms).max(), expected, allowance).verdict is Verdict.WRONG


def test_the_largest_of_a_window_may_be_another_where_rounding_decides() -> None:
    """Two elements that are equal but for rounding: an implementation may send the gradient to either."""

    def function(a: Any) -> dict[str, Any]:
        x = a["x"] * a["factor"]
        place = np.argmax(x, axis=1)
        hot = np.zeros_like(x)
        np.put_along_axis(hot, place[:, None], a["dout"], axis=1)
        return {"dx": hot}

    x = np.array([[1.1, np.nextafter(1.1, 2), 0.5], [1.1, 3.0, 2.0]])
    inputs = {"x": x, "factor": np.array(1 / 3), "dout": np.array([[7.0], [5.0]])}
    each = envelopes(function, inputs, Precision.of(np.float64), [0])["dx"].each
    assert (each[0, :2] > 1).all()
    assert not each[0, 2] and not each[1].any()
