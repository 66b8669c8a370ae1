"""The cases of a network's own sizes: what is the network's in them, and that they would show an error."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from gradparity.cases import draw
from gradparity.objects.selection import cases_of
from gradparity.reference import Reference
from hypothesis import given
from hypothesis import strategies as st


class Holder:
    """Parameters, and nothing else."""

    def __init__(self, sizes: list[int], dtype: str) -> None:
        pairs = list(pairwise(sizes))
        self.params: dict[str, Any] = {f"W{i}": np.zeros(pair, dtype) for i, pair in enumerate(pairs, start=1)}
        self.params |= {f"b{i}": np.zeros(pair[1], dtype) for i, pair in enumerate(pairs, start=1)}


@given(st.lists(st.integers(1, 30), min_size=2, max_size=7), st.sampled_from(["float64", "float32"]))
def test_their_sizes_and_dtype_are_the_networks_and_their_batch_is_another_number(sizes: list[int], dtype: str) -> None:
    cases = cases_of(Holder(sizes, dtype), "relu", "in_out")
    assert {case.sizes for case in cases} == {tuple(sizes)}
    assert {case.dtype for case in cases} == {dtype}
    assert len({case.name for case in cases}) == len(cases) >= 5
    assert all(case.batch not in sizes for case in cases if case.batch > 1)


@pytest.mark.parametrize("sizes", [[4, 3], [5, 4, 3], [64, 30, 10]])
@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("activation", ["relu", "sigmoid"])
def test_they_resolve_an_error(sizes: list[int], dtype: str, activation: str) -> None:
    for spec in cases_of(Holder(sizes, dtype), activation, "in_out"):
        reference = Reference(draw(spec, 0))
        for name, expected in reference.gradient.items():
            resolution = reference.allowance("gradient", name).resolution(expected.astype(np.float64))
            assert resolution is not None and resolution < 1e-3, f"{spec.name} {name}"
