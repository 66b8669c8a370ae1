"""The optimizers' updates, checked one by one: the port is given parameters, a gradient and a state, and each result
must lie within what rounding explains of the formula.

The formulas stand here a second time, apart from the oracle's code, so that they check that too.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from ..cases import Array
from ..results import Cell, Explanation, Quantity
from ..rounding import Precision
from ..session import Failure, PortFailure, Session
from ..verdicts import Allowance, Verdict, compare
from .running import Running

TINY = 1e-7
ITERATIONS = (1, 2, 10)
SHAPE = (5, 4)

Numbers = Mapping[str, float]
Formula = Callable[[Numbers, int, Mapping[str, Running], Callable[[float], Running]], dict[str, Running]]


@dataclass(frozen=True)
class Rule:
    """An optimizer: the numbers that it takes, with those of the check, its state, and its update."""

    numbers: Numbers
    state: tuple[str, ...]
    formula: Formula


def _sgd(n: Numbers, i: int, a: Mapping[str, Running], c: Callable[[float], Running]) -> dict[str, Running]:
    return {"p": a["p"] - c(n["learning_rate"]) * a["dp"]}


def _momentum(n: Numbers, i: int, a: Mapping[str, Running], c: Callable[[float], Running]) -> dict[str, Running]:
    v = c(n["momentum"]) * a["v"] - c(n["learning_rate"]) * a["dp"]
    return {"p": a["p"] + v, "v": v}


def _nesterov(n: Numbers, i: int, a: Mapping[str, Running], c: Callable[[float], Running]) -> dict[str, Running]:
    step = c(n["learning_rate"]) * a["dp"]
    v = c(n["momentum"]) * a["v"] - step
    return {"p": a["p"] + (c(n["momentum"]) * v - step), "v": v}


def _adagrad(n: Numbers, i: int, a: Mapping[str, Running], c: Callable[[float], Running]) -> dict[str, Running]:
    h = a["h"] + a["dp"] * a["dp"]
    return {"p": a["p"] - c(n["learning_rate"]) * a["dp"] / (h.sqrt() + c(TINY)), "h": h}


def _rmsprop(n: Numbers, i: int, a: Mapping[str, Running], c: Callable[[float], Running]) -> dict[str, Running]:
    h = c(n["decay"]) * a["h"] + c(1 - n["decay"]) * a["dp"] * a["dp"]
    return {"p": a["p"] - c(n["learning_rate"]) * a["dp"] / (h.sqrt() + c(TINY)), "h": h}


def _adam(n: Numbers, i: int, a: Mapping[str, Running], c: Callable[[float], Running]) -> dict[str, Running]:
    m = a["m"] + c(1 - n["beta1"]) * (a["dp"] - a["m"])
    v = a["v"] + c(1 - n["beta2"]) * (a["dp"] * a["dp"] - a["v"])
    rate = n["learning_rate"] * (1 - n["beta2"] ** i) ** 0.5 / (1 - n["beta1"] ** i)
    return {"p": a["p"] - c(rate) * m / (v.sqrt() + c(TINY)), "m": m, "v": v}


RULES: dict[str, Rule] = {
    "sgd": Rule({"learning_rate": 0.1}, (), _sgd),
    "momentum": Rule({"learning_rate": 0.1, "momentum": 0.9}, ("v",), _momentum),
    "nesterov": Rule({"learning_rate": 0.1, "momentum": 0.9}, ("v",), _nesterov),
    "adagrad": Rule({"learning_rate": 0.1}, ("h",), _adagrad),
    "rmsprop": Rule({"learning_rate": 0.1, "decay": 0.9}, ("h",), _rmsprop),
    "adam": Rule({"learning_rate": 0.1, "beta1": 0.9, "beta2": 0.999}, ("m", "v"), _adam),
}


def _variants(name: str) -> list[tuple[str, str, Formula]]:
    """Known bugs of this optimizer: what each is called, a sentence, and what it computes."""
    right = RULES[name].formula
    found: list[tuple[str, str, Formula]] = [("sign", "the step goes uphill", _uphill(right))]
    if name in ("adagrad", "rmsprop", "adam"):
        found += [
            ("eps inside the root", "1e-7 is added under the square root, where it belongs outside", _inside(name)),
            ("eps missing", "nothing is added to the square root", _without_eps(name)),
        ]
    if name == "adam":
        found += [
            ("no bias correction", "the means are not corrected for their start at 0", _uncorrected),
            ("iteration from 0", "the first update is counted as the second", _late),
        ]
    if name == "nesterov":
        found.append(("momentum for Nesterov", "the step of plain momentum, which does not look ahead", _momentum))
    if name in ("momentum", "nesterov"):
        found.append(("velocity forgotten", "the velocity starts from 0 at each step", _forgetful(right, "v")))
    return found


def _uphill(right: Formula) -> Formula:
    def formula(n: Numbers, i: int, a: Mapping[str, Running], c: Callable[[float], Running]) -> dict[str, Running]:
        return {**right(n, i, a, c), "p": right(n, i, {**a, "dp": c(0.0) - a["dp"]}, c)["p"]}

    return formula


def _inside(name: str) -> Formula:
    def formula(n: Numbers, i: int, a: Mapping[str, Running], c: Callable[[float], Running]) -> dict[str, Running]:
        return _divided(name, n, i, a, c, lambda mean: (mean + c(TINY)).sqrt())

    return formula


def _without_eps(name: str) -> Formula:
    def formula(n: Numbers, i: int, a: Mapping[str, Running], c: Callable[[float], Running]) -> dict[str, Running]:
        return _divided(name, n, i, a, c, Running.sqrt)

    return formula


def _divided(
    name: str,
    n: Numbers,
    i: int,
    a: Mapping[str, Running],
    c: Callable[[float], Running],
    root: Callable[[Running], Running],
) -> dict[str, Running]:
    """The update with another divisor: what stands above it is the right step times the right divisor."""
    state = {key: value for key, value in RULES[name].formula(n, i, a, c).items() if key != "p"}
    if name == "adam":
        rate = n["learning_rate"] * (1 - n["beta2"] ** i) ** 0.5 / (1 - n["beta1"] ** i)
        return {"p": a["p"] - c(rate) * state["m"] / root(state["v"]), **state}
    return {"p": a["p"] - c(n["learning_rate"]) * a["dp"] / root(state["h"]), **state}


def _uncorrected(n: Numbers, i: int, a: Mapping[str, Running], c: Callable[[float], Running]) -> dict[str, Running]:
    right = _adam(n, i, a, c)
    return {**right, "p": a["p"] - c(n["learning_rate"]) * right["m"] / (right["v"].sqrt() + c(TINY))}


def _late(n: Numbers, i: int, a: Mapping[str, Running], c: Callable[[float], Running]) -> dict[str, Running]:
    return _adam(n, i + 1, a, c)


def _forgetful(right: Formula, name: str) -> Formula:
    def formula(n: Numbers, i: int, a: Mapping[str, Running], c: Callable[[float], Running]) -> dict[str, Running]:
        return right(n, i, {**a, name: c(0.0)}, c)

    return formula


def check_updates(session: Session, names: list[str], dtype: str) -> list[Cell]:
    """Each optimizer's update at some iterations: a cell for each result array.

    Raises PortFailure at a session's end.
    """
    cells: list[Cell] = []
    for name in names:
        if name not in session.hello.optimizers:
            cells.append(_cell(name, Verdict.NOT_IMPLEMENTED, "the port has no such optimizer"))
            continue
        for iteration in ITERATIONS:
            try:
                cells += _check_one(session, name, iteration, dtype)
            except PortFailure as failure:
                absent = failure.kind is Failure.UNSUPPORTED
                verdict = Verdict.NOT_IMPLEMENTED if absent else Verdict.COULD_NOT_RUN
                cells.append(_cell(name, verdict, failure.what))
                if failure.ends_session:
                    raise
    return cells


def _check_one(session: Session, name: str, iteration: int, dtype: str) -> list[Cell]:
    rule, inputs = RULES[name], draw_update(name, iteration, dtype)
    expect = dict.fromkeys(("p", *rule.state), (SHAPE, dtype))
    fields = {key: repr(value) for key, value in rule.numbers.items()}
    reply = session.request("update", {"optimizer": name, "iteration": str(iteration), **fields}, inputs, expect)
    right = results(rule.formula, rule.numbers, iteration, inputs, dtype)
    cells = []
    for key, running in right.items():
        figures = compare(reply.arrays[key], running.value.astype(dtype), _allowance(running, dtype))
        told = "" if figures.verdict.passes else _told(reply.arrays, name, iteration, inputs, dtype)
        cells.append(
            Cell(
                quantity=Quantity.UPDATE,
                array=f"{name} {key}, iteration {iteration}",
                verdict=figures.verdict,
                ratio=figures.ratio,
                resolution=figures.resolution,
                ulp=figures.ulp,
                bit_equal=figures.bit_equal,
                relative=figures.relative,
                relative_max=figures.relative_max,
                detail=told,
            )
        )
    return cells


def draw_update(name: str, iteration: int, dtype: str) -> dict[str, Array]:
    """p, dp and a state that earlier updates may have left: sizes from 1e-6 to 1, so that 1e-7 shows."""
    rng = np.random.Generator(np.random.Philox(iteration))
    sizes = np.logspace(-6, 0, SHAPE[0])[:, None]
    dp = sizes * rng.uniform(0.5, 1.5, SHAPE) * rng.choice([-1.0, 1.0], SHAPE)
    arrays = {"p": rng.normal(size=SHAPE), "dp": dp}
    for key in RULES[name].state:
        squares = key == "h" or (key == "v" and name == "adam")
        earlier = (dp * rng.uniform(0.5, 1.5, SHAPE)) ** 2 if squares else dp * rng.uniform(-1, 1, SHAPE)
        arrays[key] = earlier if iteration > 1 else np.zeros(SHAPE)
    return {key: array.astype(dtype) for key, array in arrays.items()}


def results(
    formula: Formula, numbers: Numbers, iteration: int, inputs: Mapping[str, Array], dtype: str
) -> dict[str, Running]:
    """What the formula gives for these arrays, with its bounds in this dtype."""
    arrays = {key: Running.of(array, dtype) for key, array in inputs.items()}
    return formula(numbers, iteration, arrays, lambda value: Running.of(value, dtype))


def explain_update(
    came: Mapping[str, Array], name: str, iteration: int, inputs: Mapping[str, Array], dtype: str
) -> Explanation | None:
    """The known bug that gives these very arrays, within what rounding explains of it."""
    for bug, sentence, formula in _variants(name):
        wrong = results(formula, RULES[name].numbers, iteration, inputs, dtype)
        with np.errstate(invalid="ignore", divide="ignore"):
            fits = [
                compare(came[key], one.value.astype(dtype), _allowance(one, dtype)).ratio <= 1
                for key, one in wrong.items()
            ]
        if all(fits):
            return Explanation(name=bug, sentence=sentence, residual=0.0)
    return None


def _told(came: Mapping[str, Array], name: str, iteration: int, inputs: Mapping[str, Array], dtype: str) -> str:
    found = explain_update(came, name, iteration, inputs, dtype)
    return f"{found.name}: {found.sentence}" if found else "no known bug gives these numbers"


def _allowance(running: Running, dtype: str) -> Allowance:
    """The bound, and the rounding of the reference itself to this dtype."""
    return Allowance(limit=running.error + Precision.of(dtype).u * abs(running.value) + Precision.of(dtype).subnormal)


def _cell(name: str, verdict: Verdict, detail: str) -> Cell:
    return Cell(quantity=Quantity.UPDATE, array=name, verdict=verdict, detail=detail)
