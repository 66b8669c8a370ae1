"""`assert_same`: other ways to compute the same pass, mistakes do not, and no noise is lost on the way."""

from __future__ import annotations

import doctest
import functools
import math
import subprocess
import sys
from collections import namedtuple
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gradparity
import numpy as np
import pytest
from gradparity.same import NotTheSame, assert_same
from same_references import PAIRS, drawn, fourier, kalman_step, lstm_cell

SEEDS = range(3)
rng = np.random.default_rng(1)
X, W = rng.normal(size=(7, 5)), rng.normal(size=(5, 3))


def product(x: Any, w: Any) -> Any:
    """The simplest reference."""
    return x @ w


def error_of(actual: Any, reference: Any, *inputs: Any, **named: Any) -> str:
    with pytest.raises(NotTheSame) as caught:
        assert_same(actual, reference, *inputs, **named)
    return str(caught.value)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("name", PAIRS)
def test_another_way_to_compute_it_is_the_same(name: str, seed: int) -> None:
    reference, other = PAIRS[name]
    inputs = drawn(seed)[name]
    assert_same(other(*inputs), reference, *inputs)
    assert_same(reference(*inputs), reference, *inputs)


@pytest.mark.parametrize("name", PAIRS)
def test_single_precision_inside_is_not(name: str) -> None:
    reference, _ = PAIRS[name]
    inputs = drawn(0)[name]
    rounded = [one.astype(np.float32).astype(one.dtype) if isinstance(one, np.ndarray) else one for one in inputs]
    came = reference(*rounded)
    wide = {key: np.float64(one) for key, one in came.items()} if isinstance(came, dict) else np.float64(came)
    assert "single precision inside" in error_of(wide, reference, *inputs)


def test_bfloat16_is_judged_by_its_own_precision() -> None:
    bfloat16 = pytest.importorskip("ml_dtypes").bfloat16

    def scores(x: Any, w: Any) -> Any:
        return np.tanh(x @ w).astype(x.dtype)

    rng = np.random.default_rng(0)
    x, w = rng.normal(size=(5, 4)).astype(bfloat16), rng.normal(size=(4, 3)).astype(bfloat16)
    right = np.tanh(x.astype(np.float64) @ w.astype(np.float64)).astype(bfloat16)
    gradparity.assert_same(right, scores, x, w)
    with pytest.raises(NotTheSame, match="float32"):
        gradparity.assert_same(right.astype(np.float32), scores, x, w)
    wrong = right.copy()
    wrong[2, 1] = -wrong[2, 1]
    with pytest.raises(NotTheSame, match=r"result\[2, 1\]"):
        gradparity.assert_same(wrong, scores, x, w)


@pytest.mark.parametrize("dtype", [np.float32, np.float16])
def test_a_result_is_judged_in_its_own_precision(dtype: Any) -> None:
    x, w = X.astype(dtype), W.astype(dtype)
    other = (x.astype(np.float64) @ w.astype(np.float64)).astype(dtype)
    assert_same(other, product, x, w)
    spoiled = other.copy()
    spoiled[2, 1] *= 1 + 500 * np.finfo(dtype).eps
    assert "result[2, 1] is" in error_of(spoiled, product, x, w)


def test_one_wrong_element_of_many_is_found() -> None:
    x, w = rng.normal(size=(200, 30)), rng.normal(size=(30, 200))
    came = x @ w
    came[17, 33] += 1e-11
    said = error_of(came, product, x, w)
    assert said.startswith(f"result[17, 33] is {came[17, 33]}, and should be {(x @ w)[17, 33]}: rounding explains ")
    assert "1 of 40000 elements" in said


@pytest.mark.parametrize(
    ("spoil", "name"),
    [
        (lambda y: -y, "sign"),
        (lambda y: 3 * y, "constant factor"),
        (lambda y: 0 * y, "zero"),
        (lambda y: np.roll(y, 1, axis=1)[:, [1, 2, 0]] * 7, "sum for mean"),
        (lambda y: np.where(y > 0, y, np.nan), "not a number"),
    ],
)
def test_a_known_bug_is_named(spoil: Any, name: str) -> None:
    assert f"  {name}: " in error_of(spoil(X @ W), product, X, W)


def test_a_transposed_square_is_named() -> None:
    def scaled(x: Any) -> Any:
        return x.T @ x * np.arange(5.0)

    assert "transposed" in error_of(scaled(X).T, scaled, X)


def test_what_depends_on_its_numbers_is_judged_by_disturbed_inputs() -> None:
    def newton(a: Any) -> Any:
        x, steps = a, 0
        while abs(x * x - a) > 1e-15 * a and steps < 60:
            x, steps = (x + a / x) / 2, steps + 1
        return x

    assert_same(np.sqrt(np.asarray(2.0)), newton, np.asarray(2.0))
    assert "should be" in error_of(np.asarray(1.4142), newton, np.asarray(2.0))


def test_where_numbers_leave_it_is_said_and_the_limit_is_wider() -> None:
    def by_math(x: Any) -> Any:
        return np.array([math.exp(one) for one in x])

    x = rng.normal(size=9)
    assert_same(np.exp(x), by_math, x)
    said = error_of(np.exp(x) * (1 + 1e-9), by_math, x)
    assert "as numbers left the noise: float() at test_same.py:" in said


def test_a_library_that_takes_the_numbers_out_is_judged_by_disturbed_inputs() -> None:
    def foreign(x: Any) -> Any:
        return np.frombuffer(np.ascontiguousarray(x).tobytes()) * 3

    x = rng.normal(size=9)
    assert_same(x * 3, foreign, x)
    assert "the result result" in error_of(x * 3.001, foreign, x)


def test_an_input_that_can_show_nothing_is_unresolved() -> None:
    def cancels(x: Any) -> Any:
        return (x + 1e16) - 1e16

    x = rng.normal(size=4)
    assert "unresolved" in error_of(x, cancels, x)


@dataclass
class Pair:
    a: Any
    b: Any


@pytest.mark.parametrize(
    "kind", [lambda a, b: (a, b), lambda a, b: {"a": a, "b": b}, Pair, namedtuple("Named", ["a", "b"])]
)
def test_several_results_have_names(kind: Any) -> None:
    def both(x: Any) -> Any:
        return kind(x + 1, (x > 0).sum())

    assert_same(kind(X + 1, int((X > 0).sum())), both, X)
    name = "1" if type(kind(1, 2)) is tuple else "b"
    assert error_of(kind(X + 1, 3), both, X) == f"{name} is 3, and should be {(X > 0).sum()}"


@pytest.mark.parametrize(
    ("came", "what"),
    [
        ((X @ W).T, r"result: expected shape \(7, 3\), came \(3, 7\)"),
        ((X @ W).astype(np.float32), "result: expected float64, came float32"),
        ({"y": X @ W}, "expected the results result, came y"),
    ],
)
def test_another_shape_type_or_name_is_told(came: Any, what: str) -> None:
    with pytest.raises(NotTheSame, match=what):
        assert_same(came, product, X, W)


def test_what_is_no_array_of_real_numbers_is_a_type_error() -> None:
    with pytest.raises(TypeError, match="the reference's result is complex"):
        assert_same(X, lambda x: x * 1j, X)
    with pytest.raises(TypeError, match="result is wider than float64"):
        assert_same(np.longdouble(X), lambda x: x, X)
    with pytest.raises(TypeError, match="result is no array of numbers; came str"):
        assert_same("X", product, X, W)


def test_the_inputs_stay_as_they_are_and_the_module_too() -> None:
    def greedy(x: Any) -> Any:
        x += 1
        return x

    before = X.copy()
    assert_same(X + 1, greedy, X)
    assert np.array_equal(X, before)
    assert lstm_cell.__globals__["np"] is np and isinstance(np.zeros(1), np.ndarray)


def test_a_reference_that_does_not_repeat_is_told() -> None:
    noise = np.random.default_rng(0)
    with pytest.raises(ValueError, match="the reference's result is another when it is called again"):
        assert_same(X, lambda x: x + noise.normal(), X)


def test_what_is_equal_in_every_bit_costs_one_call() -> None:
    calls = []

    def counted(x: Any) -> Any:
        calls.append(x)
        return x @ W

    assert_same(X @ W, counted, X)
    assert len(calls) == 1


def test_partial_functions_methods_and_keywords() -> None:
    class Model:
        def __init__(self, w: Any) -> None:
            self.w = w

        def __call__(self, x: Any, *, scale: float) -> Any:
            return np.zeros((len(x), 3)) + x @ self.w * scale

    assert_same(X @ W * 2, Model(W), X, scale=2.0)
    assert_same(X @ W * 2, functools.partial(Model(W), scale=2.0), X)
    assert_same(X @ W * 2, Model(W).__call__, X, scale=2.0)
    assert error_of(X @ W * 2.001, Model(W), X, scale=2.0)


def test_arrays_of_others_are_read() -> None:
    class Tensor:
        def __init__(self, a: Any) -> None:
            self.a = a

        def detach(self) -> Any:
            return self

        def __array__(self, dtype: Any = None, copy: Any = None) -> Any:
            return self.a

    assert_same(Tensor(X @ W), product, X, W)
    assert_same((X @ W).tolist(), product, X, W)


def test_equal_numbers_and_empty_arrays_are_the_same() -> None:
    assert_same(np.zeros((0, 3)), product, X[:0], W)
    assert_same(np.asarray(0.0), lambda x: (x * 0).sum(), X)
    assert_same(np.array([np.nan, np.inf, -0.0]), lambda x: x, np.array([np.nan, np.inf, 0.0]))
    assert "should be" in error_of(np.array([1.0, np.inf]), lambda x: x, np.array([np.nan, np.inf]))


def test_the_book_of_examples_is_deterministic() -> None:
    inputs = drawn(5)["fourier"]
    wrong = {name: one * (1 + 1e-8) for name, one in fourier(*inputs).items()}
    assert error_of(wrong, fourier, *inputs) == error_of(wrong, fourier, *inputs)
    inputs = drawn(5)["kalman_step"]
    assert error_of({**kalman_step(*inputs), "x": inputs[0]}, kalman_step, *inputs).startswith("x[")


def test_it_is_imported_with_nothing_that_it_does_not_need() -> None:
    code = (
        "import sys, numpy as np, gradparity\n"
        "gradparity.assert_same(np.ones(3) * 2, lambda x: x * 2, np.ones(3))\n"
        "print([m for m in ('scipy', 'altair', 'pydantic', 'click', 'rich', 'jinja2') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
    assert gradparity.assert_same is assert_same


def test_the_page_does_what_it_says() -> None:
    page = Path(__file__).parents[1] / "docs" / "assert-same.md"
    result = doctest.testfile(str(page), module_relative=False, optionflags=doctest.ELLIPSIS)
    assert result.attempted >= 8 and not result.failed
