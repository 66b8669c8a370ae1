"""Would the checker notice? Wrong gradients at every depth, each far outside of what rounding explains."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
import pytest
from gradparity.arithmetic.verdicts import RESOLVED, Verdict, judge
from gradparity.cases import CaseSpec, draw
from gradparity.reference import Reference
from gradparity.suite import DEPTHS

WRONG: dict[str, Callable[[Any, int], Any]] = {
    "all zero": lambda g, n: np.zeros_like(g),
    "negated": lambda g, n: -g,
    "batch size off": lambda g, n: g * g.dtype.type(n),
    "batch - 1": lambda g, n: (g * (n / (n - 1))).astype(g.dtype),
    "transposed": lambda g, n: np.ascontiguousarray(g.T.reshape(g.shape)),
    "not a number": lambda g, n: np.full_like(g, np.nan),
    "one element infinite": lambda g, n: np.where(np.arange(g.size).reshape(g.shape) == 0, np.inf, g).astype(g.dtype),
}


@cache
def reference_of(depth: int, activation: Any, dtype: Any) -> Reference:
    """Of a network of this depth."""
    return Reference(draw(CaseSpec(sizes=DEPTHS[depth], activation=activation, dtype=dtype), 0))


@pytest.mark.parametrize("wrong", WRONG)
@pytest.mark.parametrize("depth", DEPTHS)
@pytest.mark.parametrize("activation", ["relu", "sigmoid"])
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_a_wrong_gradient_has_a_ratio_above_100(wrong: str, depth: int, activation: Any, dtype: Any) -> None:
    reference = reference_of(depth, activation, dtype)
    case = reference.case
    for i in range(1, depth + 1):
        g = reference.gradient[f"dW{i}"]
        figures = judge(WRONG[wrong](g, len(case.x)), g, reference.allowance("gradient", f"dW{i}"))
        assert figures.ratio > 100, f"dW{i}"
        assert figures.verdict is Verdict.WRONG


@pytest.mark.parametrize("depth", DEPTHS)
@pytest.mark.parametrize("activation", ["relu", "sigmoid"])
def test_single_precision_inside_a_float64_port_has_a_ratio_above_100(depth: int, activation: Any) -> None:
    reference = reference_of(depth, activation, "float64")
    case = reference.case
    single = case.network(np.float32).gradient(case.x.astype(np.float32), case.t)
    for name, expected in reference.gradient.items():
        came = np.asarray(single[name]).astype(np.float64)
        assert judge(came, expected, reference.allowance("gradient", name)).ratio > 100, name


def test_a_case_that_could_not_have_shown_an_error_gives_no_verdict() -> None:
    """An all-zero gradient differs from a trained net's by less than 1e-4: a tolerance passes it, this does not."""
    case = draw(CaseSpec(sizes=(9, 6, 4), dtype="float32"), 0)
    reference = Reference(case)
    name = "dW1"
    g = reference.gradient[name]
    blunt = type(reference.allowance("gradient", name))(spread=10 * RESOLVED * float(np.linalg.norm(g)))
    nearly = g * np.float32(1 + 1e-6)
    assert judge(nearly, g, blunt).verdict is Verdict.UNRESOLVED
    assert judge(nearly, g, reference.allowance("gradient", name)).verdict in (Verdict.WRONG, Verdict.ROUNDING)
