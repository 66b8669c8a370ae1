"""The optimizers' updates: right ones pass in every port, wrong ones are named, exactly and alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from conftest import Sessions
from gradparity.arithmetic.verdicts import Verdict
from gradparity.cases import Array
from gradparity.train.bounded import Bounded
from gradparity.train.confusions import Confusion, confusions, families
from gradparity.train.conventions import SHAPE, train_some
from gradparity.train.fitting import Question, Update, confusions_of
from gradparity.train.rules import RULES, Formula
from gradparity.train.updates import ITERATIONS, CheckedOptimizer, check_updates, draw_update
from gradparity_reference import OPTIMIZERS
from hypothesis import given
from hypothesis import strategies as st

DTYPES = ("float64", "float32")
NAMES = tuple(RULES)
Arrays = dict[str, Array]
CONSTANTS = {
    "another epsilon": 1e-8,
    "eps inside the root": 1e-10,
    "PyTorch's Adam": 1e-8,
    "weight decay": 0.01,
    "decoupled weight decay": 0.01,
    "PyTorch's AdamW": 0.01,
    "RMSprop for AdaGrad": 0.9,
    "another learning rate": 0.1,
    "another momentum": 0.9,
    "another decay": 0.9,
    "another beta1": 0.9,
    "another beta2": 0.999,
}


def all_confusions(name: str) -> Iterator[Confusion]:
    """With a constant that somebody may have."""
    yield from confusions(name)
    for one in families(name, RULES[name].numbers):
        constant = 0.01 if "weight decay {}" in one.sentence else CONSTANTS[one.name]
        yield one.with_constant(constant, f"{constant:g}")


def rounded(formula: Formula, name: str, iteration: int, arrays: Mapping[str, Array]) -> Arrays:
    """What a port that computes this formula returns."""
    dtype = arrays["p"].dtype
    bounded = {key: Bounded.of(array, dtype) for key, array in arrays.items()}
    with np.errstate(all="ignore"):
        found = formula(RULES[name].numbers, iteration, bounded, lambda value: Bounded.of(value, dtype))
    return {key: np.broadcast_to(one.value, arrays["p"].shape).astype(dtype) for key, one in found.items()}


def given_states(formula: Formula, name: str, dtype: str) -> Question:
    """The updates that a port is asked for."""
    inputs = {iteration: draw_update(name, iteration, dtype) for iteration in ITERATIONS}
    updates = [Update(i, arrays, rounded(formula, name, i, arrays)) for i, arrays in inputs.items()]
    return Question(name, RULES[name].numbers, updates, dtype)


def trained(formula: Formula, name: str, dtype: str) -> Question:
    """A training of which only the parameters are seen."""
    states = {at: {key: np.zeros(SHAPE, dtype) for key in RULES[name].state} for at in "12"}

    def update(iteration: int, arrays: Mapping[str, Array]) -> Arrays:
        new = {}
        for at in "12":
            came = rounded(formula, name, iteration, {"p": arrays[f"p{at}"], "dp": arrays[f"dp{at}"], **states[at]})
            new[f"p{at}"] = came.pop("p")
            states[at] = came
        return new

    return train_some(update, name, RULES[name].numbers, dtype)


@pytest.mark.parametrize(("shown", "dtype"), [(given_states, "float32"), (trained, "float64")])
@pytest.mark.parametrize("name", NAMES)
def test_each_confusion_is_named_alone_and_the_right_update_is_not(
    name: str, shown: Callable[[Formula, str, str], Question], dtype: str
) -> None:
    assert not [*confusions_of(shown(RULES[name].formula, name, dtype))]
    for one in all_confusions(name):
        found = [*confusions_of(shown(one.formula, name, dtype))]
        assert {each.name for each in found} == {one.name}, (one, found)
        if one.constant is not None:
            assert all(each.constant == pytest.approx(one.constant, rel=1e-2) for each in found)


def test_a_constant_that_changes_from_update_to_update_is_none() -> None:
    def formula(n: Any, i: int, a: Any, c: Any) -> dict[str, Bounded]:
        return families("sgd", n)[0].of(0.01 * i)(n, i, a, c)

    assert not [*confusions_of(trained(formula, "sgd", "float64"))]


class Port:
    """A session with a function of the request's numbers, of its iteration and of its arrays."""

    hello = SimpleNamespace(optimizers=set(RULES))

    def __init__(self, update: Callable[[SimpleNamespace, SimpleNamespace], Arrays]) -> None:
        self.update = update

    def request(self, operation: str, fields: Mapping[str, str], arrays: Mapping[str, Array], expect: Any) -> Any:
        numbers = SimpleNamespace(**{key: float(value) for key, value in fields.items() if key != "optimizer"})
        found = self.update(numbers, SimpleNamespace(**arrays))
        return SimpleNamespace(arrays={key: array.astype(arrays["p"].dtype) for key, array in found.items()})


def checked(update: Callable[[Any, Any], Arrays], name: str, dtype: str) -> CheckedOptimizer:
    [found] = check_updates(Port(update), [name], dtype)  # type: ignore[arg-type]
    return found


def torch_velocity(n: Any, a: Any) -> Arrays:
    v = n.momentum * a.v + a.dp
    return {"p": a.p - n.learning_rate * v, "v": v}


def positive_velocity(n: Any, a: Any) -> Arrays:
    v = n.momentum * a.v + n.learning_rate * a.dp
    return {"p": a.p - v, "v": v}


def velocity_by_size(n: Any, a: Any) -> Arrays:
    """Not another convention: what is kept says less than ours."""
    v = n.momentum * abs(a.v) - n.learning_rate * a.dp
    return {"p": a.p + v, "v": v}


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(("update", "scale"), [(torch_velocity, "-1/learning_rate"), (positive_velocity, "-1")])
def test_another_convention_passes_and_is_told(update: Any, scale: str, dtype: str) -> None:
    found = checked(update, "momentum", dtype)
    assert all(cell.verdict.passes for cell in found.cells) and found.explanation is None
    assert f"v is {scale} times ours" in found.convention
    wrong = checked(velocity_by_size, "momentum", dtype)
    assert Verdict.WRONG in {cell.verdict for cell in wrong.cells} and not wrong.convention


def test_a_confusion_is_named_in_another_convention_too() -> None:
    def decayed(n: Any, a: Any) -> Arrays:
        return torch_velocity(n, SimpleNamespace(p=a.p, dp=a.dp + 5e-4 * a.p, v=a.v))

    found = checked(decayed, "momentum", "float64")
    assert found.explanation and (found.explanation.name, found.explanation.constant) == ("weight decay", 5e-4)
    assert "p[" in found.cells[0].detail and "but should be" in found.cells[0].detail and found.cells[0].ratio


def test_a_state_that_the_port_keeps_to_itself_is_no_convention() -> None:
    kept = SimpleNamespace(v=np.zeros(SHAPE))

    def update(n: Any, a: Any) -> Arrays:
        found = torch_velocity(n, SimpleNamespace(p=a.p, dp=a.dp, v=kept.v))
        kept.v = found["v"]
        return found

    assert not checked(update, "momentum", "float64").convention


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("dtype", DTYPES)
def test_the_reference_agrees_and_a_wrong_number_does_not(name: str, dtype: str) -> None:
    def update(n: Any, a: Any, wrong: float = 1.0) -> Arrays:
        numbers = {key: getattr(n, key) for key in RULES[name].numbers}
        optimizer = OPTIMIZERS[name](**{**numbers, "learning_rate": numbers["learning_rate"] * wrong})
        optimizer.iteration = int(n.iteration)
        arrays = {key: array.copy() for key, array in vars(a).items()}
        optimizer.update_one(arrays["p"], arrays["dp"], *(arrays[key] for key in RULES[name].state))
        return {key: arrays[key] for key in ("p", *RULES[name].state)}

    assert {cell.verdict.passes for cell in checked(update, name, dtype).cells} == {True}
    off = checked(lambda n, a: update(n, a, 1.001), name, dtype)
    assert {cell.verdict.passes for cell in off.cells if cell.array.startswith(f"{name} p,")} == {False}
    assert off.explanation and off.explanation.constant == pytest.approx(0.06006, rel=1e-3)


def test_an_optimizer_that_a_port_does_not_list_is_not_implemented(sessions: Sessions) -> None:
    without = SimpleNamespace(hello=replace(sessions.get("python").hello, optimizers=frozenset()))
    [found] = check_updates(without, ["sgd"], "float64")  # type: ignore[arg-type]
    assert [cell.verdict for cell in found.cells] == [Verdict.NOT_IMPLEMENTED]


@given(st.lists(st.floats(-1e3, 1e3, width=32), min_size=4, max_size=4), st.floats(0.5, 1e3, width=32))
def test_the_running_error_covers_what_float32_makes_of_an_expression(values: list[float], divisor: float) -> None:
    a, b, c, d = (np.float32(value) for value in values)
    e = np.float32(divisor)
    with np.errstate(over="ignore"):
        came = (a * b - c) / e + np.sqrt(abs(d) * e)
    x = [Bounded.of(value, "float32") for value in (a, b, c, abs(d), e)]
    exact = (x[0] * x[1] - x[2]) / x[4] + (x[3] * x[4]).sqrt()
    assert abs(float(came) - float(exact.value)) <= float(exact.error)
