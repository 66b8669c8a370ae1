"""The plan: what is timed, and which products are a roofline."""

from __future__ import annotations

import numpy as np
import pytest
from conftest import RUNNERS
from gradparity.bench.plan import HEADLINE, Group, default_plan, large_affines, pass_group
from gradparity.cases import CaseSpec, draw
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
    assert kinds == {"affine", "relu", "sigmoid", "softmax_with_loss", "multiply", "add"}
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
            case = draw(group.spec, 0, attempts=1)
            session.request("load", case.fields, case.arrays)
            for operation in group.operations:
                fields = {"operation": operation.word, "calls": "1", "samples": "1", **operation.fields}
                session.request("time", fields, operation.arrays, {"nanoseconds": ((1,), np.float64)})
