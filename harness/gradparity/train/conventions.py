"""Optimizers that keep their state in another way, and train alike: v = m v + dp; p <- p - rate v, for one.

The proof is p itself: right at each of several updates from zeros on, with whatever state the optimizer made of them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from ..cases import Array
from .bounded import Bounded
from .fitting import LOOSE, Question, Update
from .rules import RULES, Numbers

STEPS = 6
SHAPE = (5, 4)

Updating = Callable[[int, Mapping[str, Array]], Mapping[str, Array]]
"""Of the number of the update, and p and dp of some parameters, as "p1", "dp1", ...: the new p of each."""


def drawn_gradient(rng: np.random.Generator) -> Array:
    """(5, 4), of sizes from 1e-6 to 1 row by row, so that 1e-7 shows."""
    sizes = np.logspace(-6, 0, SHAPE[0])[:, None]
    return np.asarray(sizes * rng.uniform(0.5, 1.5, SHAPE) * rng.choice([-1.0, 1.0], SHAPE))


def train_some(update: Updating, name: str, numbers: Numbers, dtype: str) -> Question:
    """Two parameters through some updates: p where it stays a number, of which the last update is the next one's."""
    rng = np.random.Generator(np.random.Philox(STEPS))
    p = [rng.normal(size=SHAPE).astype(dtype) for _ in range(2)]
    updates = []
    for iteration in range(1, STEPS + 1):
        dp = [drawn_gradient(rng).astype(dtype) for _ in range(2)]
        given = {"p1": p[0], "p2": p[1], "dp1": dp[0], "dp2": dp[1]}
        came = update(iteration, given)
        new = [came["p1"], came["p2"]]
        stacked = {"p": np.concatenate(p), "dp": np.concatenate(dp)}
        updates.append(Update(iteration, stacked, {"p": np.concatenate(new)}))
        p = [np.where(np.isfinite(one), one, rng.normal(size=SHAPE).astype(dtype)) for one in new]
    return Question(name, numbers, updates, dtype)


def kept_otherwise(question: Question, states: Sequence[Mapping[str, Array]]) -> str:
    """How the states that came are kept, where they are not ours: in words, empty where they are.

    ``question`` is of `train_some`, and the states are those after each update.
    """
    right = question.results(RULES[question.name].formula)
    told = []
    for key in RULES[question.name].state:
        theirs = np.stack([state[key] for state in states]).astype(np.float64)
        scale = _scale(theirs, [one[key] for one in right], question)
        if scale is None:
            told.append(f"{key} is not ours times any number")
        elif not np.isclose(scale, 1, rtol=1e-5, atol=0):
            told.append(f"{key} is {_scale_words(scale, float(question.numbers['learning_rate']))} times ours")
    return " and ".join(told)


def _scale(theirs: Array, ours: Sequence[Bounded], question: Question) -> float | None:
    values, limits = np.stack([one.value for one in ours]), np.stack([question.allowed(one) for one in ours])
    with np.errstate(all="ignore"):
        scale = float(np.nanmedian(theirs / values))
        fits = np.all(abs(theirs - scale * values) <= 2 * LOOSE * abs(scale) * limits)
    return scale if fits else None


def _scale_words(scale: float, rate: float) -> str:
    known = {-1.0: "-1", 1 / rate: "1/learning_rate", -1 / rate: "-1/learning_rate"}
    return next((word for value, word in known.items() if np.isclose(scale, value, rtol=1e-5, atol=0)), f"{scale:.4g}")
