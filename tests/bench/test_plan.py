"""The plan: what is timed, and which products are a roofline."""

from __future__ import annotations

import numpy as np
import pytest
from conftest import RUNNERS
from gradparity.bench.plan import HEADLINE, Group, default_plan, large_affines, pass_group, plan_of, usual_specs
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
    assert large_affines(CaseSpec(sizes=sizes, batch=30)) == large


def test_the_headline_case_makes_two_large_products() -> None:
    assert pass_group(HEADLINE, 1).flops == 2 * (2 * 100 * 784 * 50)


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
        assert all(array.dtype in (group.spec.dtype, "int32") for array in a.values())
        if operation.name == "affine":
            assert a["x"].shape[1] == a["W"].shape[0] and a["dout"].shape == (len(a["x"]), len(a["b"]))


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
