"""The trajectory: how far a correct implementation may stray from the reference, step by step.

Rounding grows in training, so no fixed tolerance can be right. The reference trains again, several times, with every
parameter disturbed by about one unit in the last place before each step, and so what the loss's gradient is made of, as
the rounding of any implementation would; how far these runs stray from the undisturbed one is the envelope.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from gradparity_reference import LOSS, LOSSES, OPTIMIZERS, Network, Optimizer, SoftmaxWithLoss, SquaredError

from ..arithmetic.verdicts import RESOLVED, Verdict
from ..cases import Array
from .images import ImageSets
from .recipes import Recipe

DRAWS = 4
LIMIT = 4.0  # envelopes, as in a check
FLOOR = 8.0  # units in the last place of a loss: its own rounding, which no disturbed weight shows
PATTERNS = 16  # of disturbances, permuted at random: drawing each afresh would cost more than the step itself


@dataclass(frozen=True)
class Trajectory:
    """The reference's losses, (steps,), and its parameters and running statistics at the end."""

    losses: Array
    params: dict[str, Array]


@dataclass(frozen=True)
class TrainingEnvelope:
    """What a port is compared with: the reference's run, and by how much each loss and each parameter may differ."""

    trajectory: Trajectory
    loss: Array
    params: dict[str, float]  # of each parameter, the root mean square

    @property
    def resolved(self) -> int:
        """The number of steps before rounding alone may change a loss by 1e-3: after them agreement says little."""
        unresolved = np.flatnonzero(self.loss > RESOLVED * abs(self.trajectory.losses.astype(np.float64)))
        return int(unresolved[0]) if len(unresolved) else len(self.loss)


@dataclass(frozen=True)
class Stray:
    """A port beside the envelope. ``left_at``: the first step, from 0, whose loss lies outside, if one does."""

    verdict: Verdict
    left_at: int | None
    ratio: float
    detail: str


def reference_optimizer(recipe: Recipe) -> Optimizer:
    """A fresh one."""
    return OPTIMIZERS[recipe.optimizer](**recipe.numbers)


def reference_run(
    recipe: Recipe,
    sets: ImageSets,
    parameters: Mapping[str, Array],
    batches: Array,
    tick: Callable[[], None],
    disturbance: np.random.Generator | None = None,
    epsilon: float = 0.0,
    seed: int = 0,
) -> Trajectory:
    """Train the reference on these batches; ``tick`` is called after each step. ``epsilon`` is that of the loss.

    ``seed`` is that of the masks.
    """
    images = sets.images("train", recipe.spec.described.input)
    network = network_of(recipe, parameters, epsilon, seed, disturbance)
    params, optimizer = network.params, reference_optimizer(recipe)
    losses = np.empty(len(batches), recipe.dtype)
    patterns = _patterns(params, disturbance)
    for step, rows in enumerate(batches):
        if disturbance:
            for name, p in params.items():
                p *= patterns[name][disturbance.integers(PATTERNS)]
        x, t = images.batch(rows, losses.dtype)
        network.hold(recipe.masks(seed, step))
        gradient = network.gradient(x, t)
        optimizer.update(params, gradient)
        losses[step] = gradient["loss"]
        tick()
    return Trajectory(losses, network.held())


def network_of(
    recipe: Recipe,
    parameters: Mapping[str, Array],
    epsilon: float = 0.0,
    seed: int = 0,
    disturbance: np.random.Generator | None = None,
) -> Network:
    """The reference's network with copies of these parameters, and with the masks of the first step."""
    held = {name: p.copy() for name, p in parameters.items()} | recipe.masks(seed, 0)
    losses = _disturbed_losses(disturbance) if disturbance else LOSSES
    return Network(recipe.spec.kinds, held, epsilon, losses=losses, weight_decay=recipe.weight_decay)


def _disturbed_losses(rng: np.random.Generator) -> dict[str, Any]:
    """The losses, with a rounding more in what is subtracted: where y and t nearly cancel, no weight shows it."""

    def rounded(a: Array) -> Array:
        found: Array = a * (1 + np.finfo(a.dtype).eps * rng.integers(-1, 2, size=a.shape)).astype(a.dtype)
        return found

    class Softmax(SoftmaxWithLoss):
        def forward(self, x: Array, t: Array) -> Any:
            loss = super().forward(x, t)
            self.y = rounded(self.y)
            return loss

    class Squares(SquaredError):
        def forward(self, x: Array, t: Array) -> Any:
            return super().forward(rounded(x), t)

    return {LOSS: Softmax, "squared_error": Squares}


def _patterns(params: Mapping[str, Array], rng: np.random.Generator | None) -> dict[str, list[Array]]:
    """Factors 1 - u, 1, 1 + 2u for each element: about one unit in the last place, up or down or not."""
    if rng is None:
        return {}
    found = {}
    for name, p in params.items():
        eps = np.finfo(p.dtype).eps
        draws = [(1 + eps * rng.integers(-1, 2, size=p.shape)).astype(p.dtype) for _ in range(PATTERNS)]
        found[name] = draws
    return found


def envelope(run: Trajectory, disturbed: list[Trajectory], decayed: int = 0) -> TrainingEnvelope:
    """From the reference's run and the disturbed ones: the largest deviation so far, and never less than rounding.

    ``decayed`` weights add to the loss by weight decay, and may do so one after the other.
    """
    exact = run.losses.astype(np.float64)
    strays = np.max([abs(one.losses.astype(np.float64) - exact) for one in disturbed], axis=0)
    eps = float(np.finfo(run.losses.dtype).eps)
    floor = FLOOR + math.sqrt(decayed)
    allowed = LIMIT * np.maximum.accumulate(strays) + floor * eps * np.maximum(abs(exact), 1.0)
    params = {
        name: LIMIT * max(_rms(one.params[name], p) for one in disturbed) + FLOOR * eps * _rms(p, 0 * p)
        for name, p in run.params.items()
    }
    return TrainingEnvelope(run, allowed, params)


def stray(env: TrainingEnvelope, losses: Array, params: Mapping[str, Array] | None) -> Stray:
    """Where a port's losses, and its parameters at the end, lie in the envelope.

    Fewer losses than the envelope has, or more, are compared as far as both go, and parameters where both end at once.
    """
    complete = len(losses) >= len(env.loss)
    params = params if len(losses) == len(env.loss) else None
    losses = losses[: len(env.loss)]
    exact = env.trajectory.losses[: len(losses)].astype(np.float64)
    difference = abs(losses.astype(np.float64) - exact)
    difference[~np.isfinite(difference)] = np.inf
    ratio = difference / env.loss[: len(losses)]
    if np.any(ratio > 1):
        step = int(np.flatnonzero(ratio > 1)[0])
        told = f"the loss of step {step + 1} is {losses[step]:.9g}, the reference's {exact[step]:.9g}"
        return Stray(Verdict.WRONG, step, float(np.max(ratio)), f"{told}; rounding explains {env.loss[step]:.1g}")
    worst = float(np.max(ratio, initial=0.0))
    for name, p in (params or {}).items():
        off = _rms(p, env.trajectory.params[name]) / env.params[name] if env.params[name] else 0.0
        if not off <= 1:
            told = f"{name} at the end differs by {off:.3g} times what rounding explains, though no loss did"
            return Stray(Verdict.WRONG, len(losses) - 1, off, told)
        worst = max(worst, off)
    same = np.array_equal(losses, env.trajectory.losses[: len(losses)])
    equal = all(np.array_equal(p, env.trajectory.params[name]) for name, p in (params or {}).items())
    if same and equal and complete:
        return Stray(Verdict.IDENTICAL, None, 0.0, "")
    if env.resolved == 0:
        return Stray(Verdict.UNRESOLVED, None, worst, "rounding may change the very first losses by 1e-3")
    return Stray(Verdict.ROUNDING, None, worst, "")


def _rms(a: Any, b: Any) -> float:
    difference = np.asarray(a, np.float64) - np.asarray(b, np.float64)
    return float(np.sqrt(np.mean(difference**2)))
