"""The optimizers' updates as formulas, and the known bugs of each.

They stand here a second time, apart from the reference's code, so that the check of updates checks that too.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np

from .bounded import Bounded

POWER = 2.0  # units in the last place: of a library's power function
TINY = 1e-7

Numbers = Mapping[str, float]
Formula = Callable[[Numbers, int, Mapping[str, Bounded], Callable[[float], Bounded]], dict[str, Bounded]]


@dataclass(frozen=True)
class Rule:
    """An optimizer: the numbers that it takes, with those of the check, its state, and its update."""

    numbers: Numbers
    state: tuple[str, ...]
    formula: Formula


def _sgd(n: Numbers, i: int, a: Mapping[str, Bounded], c: Callable[[float], Bounded]) -> dict[str, Bounded]:
    return {"p": a["p"] - c(n["learning_rate"]) * a["dp"]}


def _momentum(n: Numbers, i: int, a: Mapping[str, Bounded], c: Callable[[float], Bounded]) -> dict[str, Bounded]:
    v = c(n["momentum"]) * a["v"] - c(n["learning_rate"]) * a["dp"]
    return {"p": a["p"] + v, "v": v}


def _nesterov(n: Numbers, i: int, a: Mapping[str, Bounded], c: Callable[[float], Bounded]) -> dict[str, Bounded]:
    step = c(n["learning_rate"]) * a["dp"]
    v = c(n["momentum"]) * a["v"] - step
    return {"p": a["p"] + (c(n["momentum"]) * v - step), "v": v}


def _adagrad(n: Numbers, i: int, a: Mapping[str, Bounded], c: Callable[[float], Bounded]) -> dict[str, Bounded]:
    h = a["h"] + a["dp"] * a["dp"]
    return {"p": a["p"] - c(n["learning_rate"]) * a["dp"] / (h.sqrt() + c(TINY)), "h": h}


def _rmsprop(n: Numbers, i: int, a: Mapping[str, Bounded], c: Callable[[float], Bounded]) -> dict[str, Bounded]:
    h = c(n["decay"]) * a["h"] + c(1 - n["decay"]) * a["dp"] * a["dp"]
    return {"p": a["p"] - c(n["learning_rate"]) * a["dp"] / (h.sqrt() + c(TINY)), "h": h}


def _adam(n: Numbers, i: int, a: Mapping[str, Bounded], c: Callable[[float], Bounded]) -> dict[str, Bounded]:
    m = a["m"] + c(1 - n["beta1"]) * (a["dp"] - a["m"])
    v = a["v"] + c(1 - n["beta2"]) * (a["dp"] * a["dp"] - a["v"])
    return {"p": a["p"] - _rate(n, i, c) * m / (v.sqrt() + c(TINY)), "m": m, "v": v}


def _rate(n: Numbers, i: int, c: Callable[[float], Bounded]) -> Bounded:
    """Adam's, which each implementation computes with a power function of its own, in float64."""
    powers = [n["beta1"] ** i, n["beta2"] ** i]
    rate = c(n["learning_rate"] * (1 - powers[1]) ** 0.5 / (1 - powers[0]))
    relative = np.finfo(np.float64).eps * (4 + sum(POWER * power / (1 - power) for power in powers))
    return replace(rate, error=abs(rate.value) * (relative + rate.precision.u))


RULES: dict[str, Rule] = {
    "sgd": Rule({"learning_rate": 0.1}, (), _sgd),
    "momentum": Rule({"learning_rate": 0.1, "momentum": 0.9}, ("v",), _momentum),
    "nesterov": Rule({"learning_rate": 0.1, "momentum": 0.9}, ("v",), _nesterov),
    "adagrad": Rule({"learning_rate": 0.1}, ("h",), _adagrad),
    "rmsprop": Rule({"learning_rate": 0.1, "decay": 0.9}, ("h",), _rmsprop),
    "adam": Rule({"learning_rate": 0.1, "beta1": 0.9, "beta2": 0.999}, ("m", "v"), _adam),
}


def known_bugs(name: str) -> list[tuple[str, str, Formula]]:
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
    def formula(n: Numbers, i: int, a: Mapping[str, Bounded], c: Callable[[float], Bounded]) -> dict[str, Bounded]:
        return {**right(n, i, a, c), "p": right(n, i, {**a, "dp": c(0.0) - a["dp"]}, c)["p"]}

    return formula


def _inside(name: str) -> Formula:
    def formula(n: Numbers, i: int, a: Mapping[str, Bounded], c: Callable[[float], Bounded]) -> dict[str, Bounded]:
        return _divided(name, n, i, a, c, lambda mean: (mean + c(TINY)).sqrt())

    return formula


def _without_eps(name: str) -> Formula:
    def formula(n: Numbers, i: int, a: Mapping[str, Bounded], c: Callable[[float], Bounded]) -> dict[str, Bounded]:
        return _divided(name, n, i, a, c, Bounded.sqrt)

    return formula


def _divided(
    name: str,
    n: Numbers,
    i: int,
    a: Mapping[str, Bounded],
    c: Callable[[float], Bounded],
    root: Callable[[Bounded], Bounded],
) -> dict[str, Bounded]:
    """The update with another divisor: what stands above it is the right step times the right divisor."""
    state = {key: value for key, value in RULES[name].formula(n, i, a, c).items() if key != "p"}
    if name == "adam":
        rate = n["learning_rate"] * (1 - n["beta2"] ** i) ** 0.5 / (1 - n["beta1"] ** i)
        return {"p": a["p"] - c(rate) * state["m"] / root(state["v"]), **state}
    return {"p": a["p"] - c(n["learning_rate"]) * a["dp"] / root(state["h"]), **state}


def _uncorrected(n: Numbers, i: int, a: Mapping[str, Bounded], c: Callable[[float], Bounded]) -> dict[str, Bounded]:
    right = _adam(n, i, a, c)
    return {**right, "p": a["p"] - c(n["learning_rate"]) * right["m"] / (right["v"].sqrt() + c(TINY))}


def _late(n: Numbers, i: int, a: Mapping[str, Bounded], c: Callable[[float], Bounded]) -> dict[str, Bounded]:
    return _adam(n, i + 1, a, c)


def _forgetful(right: Formula, name: str) -> Formula:
    def formula(n: Numbers, i: int, a: Mapping[str, Bounded], c: Callable[[float], Bounded]) -> dict[str, Bounded]:
        return right(n, i, {**a, name: c(0.0)}, c)

    return formula
