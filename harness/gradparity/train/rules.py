"""The optimizers' updates as formulas.

They stand here a second time, apart from the reference's code, so that the check of updates checks that too.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from .bounded import Bounded

POWER = 2.0  # units in the last place: of a library's power function
TINY = 1e-7

Numbers = Mapping[str, Any]
"""The numbers of an optimizer by name. Another ``epsilon`` than TINY may be among them."""
Arrays = Mapping[str, Bounded]
Constant = Callable[[Any], Bounded]
"""A number as every implementation has it: rounded to the dtype."""
Formula = Callable[[Numbers, int, Arrays, Constant], dict[str, Bounded]]
"""Of the numbers, the iteration, and p, dp and the state: the new p and state."""


@dataclass(frozen=True)
class Rule:
    """An optimizer: the numbers that it takes, with those of the check, its state, and its update.

    The numbers are nobody's defaults, so that a port that does not heed them is seen, and no two of lr, 1 - momentum
    and their like are equal.
    """

    numbers: Mapping[str, float]
    state: tuple[str, ...]
    formula: Formula


def sgd(n: Numbers, i: int, a: Arrays, c: Constant) -> dict[str, Bounded]:
    """Stochastic gradient descent."""
    return {"p": a["p"] - c(n["learning_rate"]) * a["dp"]}


def momentum(n: Numbers, i: int, a: Arrays, c: Constant) -> dict[str, Bounded]:
    """With a velocity v."""
    v = c(n["momentum"]) * a["v"] - c(n["learning_rate"]) * a["dp"]
    return {"p": a["p"] + v, "v": v}


def nesterov(n: Numbers, i: int, a: Arrays, c: Constant) -> dict[str, Bounded]:
    """Where p is the point looked ahead to."""
    step = c(n["learning_rate"]) * a["dp"]
    v = c(n["momentum"]) * a["v"] - step
    return {"p": a["p"] + (c(n["momentum"]) * v - step), "v": v}


def adagrad(n: Numbers, i: int, a: Arrays, c: Constant) -> dict[str, Bounded]:
    """With h, the sum of the squares."""
    h = a["h"] + a["dp"] * a["dp"]
    return {"p": a["p"] - c(n["learning_rate"]) * a["dp"] / (h.sqrt() + _epsilon(n, c)), "h": h}


def rmsprop(n: Numbers, i: int, a: Arrays, c: Constant) -> dict[str, Bounded]:
    """With h, a mean of the squares."""
    h = c(n["decay"]) * a["h"] + c(1 - n["decay"]) * a["dp"] * a["dp"]
    return {"p": a["p"] - c(n["learning_rate"]) * a["dp"] / (h.sqrt() + _epsilon(n, c)), "h": h}


def adam(n: Numbers, i: int, a: Arrays, c: Constant) -> dict[str, Bounded]:
    """With m and v, means of the gradient and of its squares."""
    m = a["m"] + c(1 - n["beta1"]) * (a["dp"] - a["m"])
    v = a["v"] + c(1 - n["beta2"]) * (a["dp"] * a["dp"] - a["v"])
    return {"p": a["p"] - corrected_rate(n, i, c) * m / (v.sqrt() + _epsilon(n, c)), "m": m, "v": v}


def corrected_rate(n: Numbers, i: int, c: Constant) -> Bounded:
    """Adam's, which each implementation computes with a power function of its own, in float64."""
    powers = [np.float64(1) * n["beta1"] ** i, np.float64(1) * n["beta2"] ** i]
    rate = c(n["learning_rate"] * abs(1 - powers[1]) ** 0.5 / (1 - powers[0]))
    relative = np.finfo(np.float64).eps * (4 + sum(POWER * power / abs(1 - power) for power in powers))
    return replace(rate, error=abs(rate.value) * (relative + rate.precision.u))


def _epsilon(n: Numbers, c: Constant) -> Bounded:
    return c(n.get("epsilon", TINY))


RULES: dict[str, Rule] = {
    "sgd": Rule({"learning_rate": 0.06}, (), sgd),
    "momentum": Rule({"learning_rate": 0.06, "momentum": 0.8}, ("v",), momentum),
    "nesterov": Rule({"learning_rate": 0.06, "momentum": 0.8}, ("v",), nesterov),
    "adagrad": Rule({"learning_rate": 0.06}, ("h",), adagrad),
    "rmsprop": Rule({"learning_rate": 0.06, "decay": 0.85}, ("h",), rmsprop),
    "adam": Rule({"learning_rate": 0.06, "beta1": 0.8, "beta2": 0.99}, ("m", "v"), adam),
}
