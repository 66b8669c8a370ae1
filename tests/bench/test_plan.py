"""The plan: what is timed, and which products are a roofline."""

from __future__ import annotations

import numpy as np
import pytest
from conftest import RUNNERS
from gradparity.bench.plan import CONVOLUTIONAL, HEADLINE, Group, default_plan, pass_group, plan_of, usual_specs
from gradparity.bench.products import large_products
from gradparity.bench.records import FunctionCase
from gradparity.cases import CaseSpec, draw
from gradparity.functions.function import function
from gradparity.functions.inputs import booleans
from gradparity.functions.layers import LAYERS
from gradparity.ports.session import Session


@pytest.mark.parametrize(
    ("sizes", "large"),
    [((784, 50, 10), [1]), ((784, 1000, 10), [1]), ((100, 90, 80, 3), [1, 2]), ((20, 10), [1]), ((5, 400, 300), [2])],
)
def test_a_small_product_is_no_roofline(sizes: tuple[int, ...], large: list[int]) -> None:
    assert large_products(CaseSpec(sizes=sizes, batch=30)) == large


def test_the_headline_case_makes_two_large_products() -> None:
    assert pass_group(HEADLINE, 1).flops == 2 * (2 * 100 * 784 * 50)


@pytest.mark.parametrize(
    ("network", "large"),
    [
        ("1x28x28-simple_conv_net", [1, 2]),
        ("30-batch_norm-affine20-affine10", [2, 3]),
        ("1x6x6-convolution8k3-convolution8k3-affine2", [1, 2]),
    ],
)
def test_convolutions_make_products_and_numbers_count_all_that_have_parameters(network: str, large: list[int]) -> None:
    assert large_products(CaseSpec(network=network, batch=30)) == large


def test_the_flops_of_a_convolution_are_those_of_its_windows_as_rows() -> None:
    windows, affine = 100 * 24 * 24, 100
    flops = 2 * (2 * windows * 25 * 30) + 3 * (2 * affine * 4320 * 100)
    assert pass_group(CONVOLUTIONAL, 1).flops == flops
    [products] = [op for op in pass_group(CONVOLUTIONAL, 1).operations if op.word == "products"]
    assert products.fields == {"affines": "1,2"}


def test_the_convolutional_network_is_timed_in_both_dtypes_after_all_else() -> None:
    names = [(group.kind, group.spec.name) for group in default_plan()][-2:]
    assert names == [("pass", f"random-1x28x28-simple_conv_net-n100-{dtype}") for dtype in ("float64", "float32")]
    assert default_plan()[-1].title == "pass 1x28x28-simple_conv_net, batch 100, float32"


def test_the_default_plan_times_everything_that_a_port_can_be_asked_to_time() -> None:
    words = {operation.word for group in default_plan() for operation in group.operations}
    assert words == {"gradient", "products", "predict", "train_step", "layer", "numerical_gradient"}
    kinds = {op.fields["kind"] for group in default_plan() for op in group.operations if op.word == "layer"}
    assert kinds == set(LAYERS)
    assert {group.along for group in default_plan()} == {"", "batch", "width", "depth"}


@pytest.mark.parametrize("group", default_plan(), ids=lambda group: f"{group.kind}-{group.spec.name}")
def test_what_a_layer_is_fed_has_the_dtype_of_the_case_and_fits_together(group: Group) -> None:
    for operation in group.operations:
        a = operation.arrays
        assert all(array.dtype in (group.spec.dtype, "int32", "uint8") for array in a.values())
        if operation.name == "affine":
            assert a["x"].shape[1] == a["W"].shape[0] and a["dout"].shape == (len(a["x"]), len(a["b"]))
        if operation.name == "convolution":
            assert operation.fields == {"kind": "convolution", "stride": "1", "pad": "0"}
            assert [a[name].shape for name in ("x", "W", "dout")] == [(10, 1, 28, 28), (30, 1, 5, 5), (10, 30, 24, 24)]
        if operation.name == "max pooling":
            assert (a["x"].shape, a["dout"].shape) == ((10, 30, 24, 24), (10, 30, 12, 12))
        if operation.name == "batch norm":
            assert list(a) == ["x", "gamma", "beta", "running_mean", "running_var", "dout"]
            assert operation.fields == {"kind": "batch_norm", "momentum": "0.9", "epsilon": "1e-06", "phase": "train"}
        if operation.name == "dropout":
            assert a["mask"].shape == a["x"].shape and operation.fields["phase"] == "train"


def test_the_reference_can_time_all_of_it() -> None:
    with Session(RUNNERS["python"]) as session:
        for group in default_plan():
            assert isinstance(group.spec, CaseSpec)
            case = draw(group.spec, 0, attempts=1)
            session.request("load", case.fields, case.arrays)
            for operation in group.operations:
                fields = {"operation": operation.word, "calls": "1", "samples": "1", **operation.fields}
                session.request("time", fields, operation.arrays, {"nanoseconds": ((1,), np.float64)})


@function(X="n d", keep=booleans("n"), dtypes=("float64",))
def kept(X: np.ndarray, keep: np.ndarray) -> np.ndarray:
    return np.asarray(X[keep].sum(axis=0))


@function(x="n", sizes={"n": (8,)})
def halved(x: np.ndarray) -> np.ndarray:
    return x / 2


def test_functions_are_timed_at_their_first_sizes_and_at_the_largest_in_each_of_their_dtypes() -> None:
    names = [spec.name for spec in usual_specs([kept, halved])]
    assert names == ["kept-n5-d4-float64", "kept-n5-d1100-float64", "halved-n8-float64", "halved-n8-float32"]


def test_a_function_is_called_with_its_inputs_as_they_travel() -> None:
    [group] = plan_of(usual_specs([kept])[:1])
    [operation] = group.operations
    assert (operation.word, operation.fields) == ("call", {"function": "kept"})
    assert {name: (a.shape, str(a.dtype)) for name, a in operation.arrays.items()} == {
        "X": ((5, 4), "float64"),
        "keep": ((5,), "uint8"),
    }
    sizes = {"n": 5, "d": 4}
    assert group.case == FunctionCase(name="kept-n5-d4-float64", function="kept", sizes=sizes, dtype="float64")
    assert group.title == "kept-n5-d4-float64" and group.flops == 0 and b"def kept" in group.source
