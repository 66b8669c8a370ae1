"""The optimizers' updates: right ones pass in every port, wrong ones are found and named."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from conftest import Sessions
from gradparity.arithmetic.verdicts import Verdict
from gradparity.train.bounded import Bounded
from gradparity.train.rules import RULES
from gradparity.train.updates import check_updates, draw_update, explain_update, results
from gradparity_reference import OPTIMIZERS
from hypothesis import given
from hypothesis import strategies as st

DTYPES = ("float64", "float32")
NAMES = tuple(RULES)


def updated(name: str, iteration: int, inputs: dict[str, Any], **changed: float) -> dict[str, Any]:
    """What the reference makes of these arrays."""
    optimizer = OPTIMIZERS[name](**{**RULES[name].numbers, **changed})
    optimizer.iteration = iteration
    a = {key: array.copy() for key, array in inputs.items()}
    optimizer.update_one(a["p"], a["dp"], *(a[key] for key in RULES[name].state))
    return {key: a[key] for key in ("p", *RULES[name].state)}


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("dtype", DTYPES)
def test_a_wrong_number_is_outside_the_bounds(name: str, dtype: str) -> None:
    inputs = draw_update(name, 2, dtype)
    came = updated(name, 2, inputs, learning_rate=0.1001)
    right = results(RULES[name].formula, RULES[name].numbers, 2, inputs, dtype)
    assert np.any(abs(came["p"] - right["p"].value) > right["p"].error)


def test_known_bugs_are_named() -> None:
    for dtype in DTYPES:
        for name in ("adagrad", "rmsprop"):
            inputs = draw_update(name, 2, dtype)
            right = updated(name, 2, inputs)
            step = inputs["p"].dtype.type(0.1) * inputs["dp"]
            inside = {"p": inputs["p"] - step / np.sqrt(right["h"] + inputs["p"].dtype.type(1e-7)), "h": right["h"]}
            found = explain_update(inside, name, 2, inputs, dtype)
            assert found and found.name == "eps inside the root", (name, dtype)
        inputs = draw_update("sgd", 1, dtype)
        uphill = {"p": inputs["p"] + inputs["p"].dtype.type(0.1) * inputs["dp"]}
        found = explain_update(uphill, "sgd", 1, inputs, dtype)
        assert found and found.name == "sign"
        inputs = draw_update("nesterov", 2, dtype)
        found = explain_update(updated("momentum", 2, inputs), "nesterov", 2, inputs, dtype)
        assert found and found.name == "momentum for Nesterov"


def test_what_no_known_bug_gives_is_said_to_be_that() -> None:
    inputs = draw_update("adam", 2, "float64")
    assert explain_update({"p": inputs["p"], "m": inputs["m"], "v": inputs["v"]}, "adam", 2, inputs, "float64") is None


def test_an_optimizer_that_a_port_does_not_list_is_not_implemented(sessions: Sessions) -> None:
    without = SimpleNamespace(hello=replace(sessions.get("python").hello, optimizers=frozenset()))
    cells = check_updates(without, ["sgd"], "float64")  # type: ignore[arg-type]
    assert [cell.verdict for cell in cells] == [Verdict.NOT_IMPLEMENTED]


@given(st.lists(st.floats(-1e3, 1e3, width=32), min_size=4, max_size=4), st.floats(0.5, 1e3, width=32))
def test_the_running_error_covers_what_float32_makes_of_an_expression(values: list[float], divisor: float) -> None:
    a, b, c, d = (np.float32(value) for value in values)
    e = np.float32(divisor)
    with np.errstate(over="ignore"):
        came = (a * b - c) / e + np.sqrt(abs(d) * e)
    x = [Bounded.of(value, "float32") for value in (a, b, c, abs(d), e)]
    exact = (x[0] * x[1] - x[2]) / x[4] + (x[3] * x[4]).sqrt()
    assert abs(float(came) - float(exact.value)) <= float(exact.error)
