"""What is handed over in a layout comes back from it, and shares no memory with anything."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
import pytest
from gradparity.objects.handed import Layout, as_array, own_copy
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

NAMES = st.sampled_from(["x", "t", "W1", "W12", "b1", "dW1", "db2", "affine3.dW", "affine1.out", "W", "dout", "loss"])
ARRAYS = arrays(st.sampled_from([np.float64, np.float32]), array_shapes(min_dims=0, max_dims=2, max_side=5))


@given(NAMES, ARRAYS, st.sampled_from(["in_out", "out_in"]), st.sampled_from(["C", "F"]))
def test_a_layout_is_undone_on_the_way_back(name: str, array: Any, layout: Layout, order: Literal["C", "F"]) -> None:
    array = np.array(array, order=order)
    array.flags.writeable = False
    handed = own_copy(name, array, layout)
    assert handed.flags.writeable and not np.shares_memory(handed, array)
    assert handed.flags.f_contiguous or not array.flags.f_contiguous or array.flags.c_contiguous
    back = as_array(name, handed, array.dtype, layout)
    assert not np.shares_memory(back, handed)
    assert (back.dtype, back.shape, back.tobytes()) == (array.dtype, array.shape, array.tobytes())


@pytest.mark.parametrize(("name", "turned"), [("W1", True), ("dW2", True), ("affine1.dW", True), ("W", True),
                                              ("x", False), ("dout", False), ("affine1.dx", False)])  # fmt: skip
def test_weights_alone_are_turned(name: str, turned: bool) -> None:
    assert own_copy(name, np.zeros((3, 2)), "out_in").shape == ((2, 3) if turned else (3, 2))


@given(st.floats(width=64), st.sampled_from(["float32", "float64"]))
def test_a_python_float_is_of_a_dtype_that_holds_it_exactly(value: float, dtype: str) -> None:
    with np.errstate(over="ignore"):
        exact = value != value or float(np.dtype(dtype).type(value)) == value
        came = as_array("loss", value, dtype, "in_out")
    assert came.dtype == np.dtype(dtype if exact else "float64")
    assert float(came) == value or value != value
