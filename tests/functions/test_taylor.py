"""A wrong gradient is told from a noisy difference, without a step being chosen."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from gradparity.functions.taylor import Slope, complex_slope, directions, remainders

X = np.linspace(-1, 2, 7)
[V] = directions(X.shape, 1, 0)
U = 1e-15
CASES: dict[str, tuple[Callable[[Any], Any], Callable[[Any], Any]]] = {
    "exp": (lambda x: np.sum(np.exp(x)), np.exp),
    "square": (lambda x: np.sum(x * x), lambda x: 2 * x),
    "sin of a product": (lambda x: np.sin(np.sum(x**3)), lambda x: np.cos(np.sum(x**3)) * 3 * x**2),
}


@pytest.mark.parametrize("name", CASES)
def test_a_gradient_is_right(name: str) -> None:
    f, gradient = CASES[name]
    found = remainders(f, X, V, float(gradient(X) @ V), U)
    assert found.slope is Slope.RIGHT
    assert found.order is not None
    assert abs(found.order - 2) < 0.2
    slope = complex_slope(f, X, V)
    assert slope is not None
    assert abs(slope - gradient(X) @ V) < 1e-13


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("error", [1.0, 1e-2, 1e-4])
def test_a_gradient_is_wrong(name: str, error: float) -> None:
    f, gradient = CASES[name]
    found = remainders(f, X, V, float(gradient(X) @ V) * (1 + error), U)
    assert found.slope is Slope.WRONG


def test_a_linear_function_leaves_nothing() -> None:
    found = remainders(lambda x: float(np.sum(x) * 3), X, V, 3 * float(np.sum(V)), 1e-14)
    assert (found.slope, found.order) == (Slope.RIGHT, None)


def test_noise_that_hides_the_order_is_not_taken_for_one() -> None:
    rng = np.random.default_rng(0)
    found = remainders(lambda x: float(np.sum(x * x) + 0.01 * rng.normal()), X, V, float(2 * X @ V), 0.001)
    assert found.slope is Slope.UNSURE


def test_no_complex_numbers_no_complex_step() -> None:
    assert complex_slope(lambda x: np.sum(abs(x)), X, V) is None
    assert complex_slope(lambda x: np.sum(np.floor(x)), X, V) is None
