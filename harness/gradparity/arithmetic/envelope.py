"""Question b: a whole function in stochastic arithmetic. How far rounding usually takes each of its results.

The function is run some times in stochastic arithmetic, where every operation's result has a random error of the size
that rounding makes. How far a result strays from the undisturbed run is its envelope: of the whole array, and of each
element. It stays sharp at any depth, where a rigorous bound does not.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from .carried import Arithmetic, is_carried
from .noisy import Decision, Pass, Tape
from .precision import Array, Precision, root_mean_square
from .verdicts import Allowance

RUNS = 12  # an even number: masks are drawn in pairs
MAGNIFIED = 16.0  # times: the noise, where no comparison is turned round
LIMIT = 4.0  # envelopes: what a correct implementation stays within (docs/verdicts.md has the measured rate)
LIMIT_OF_ELEMENT = 16.0  # of an element, whose envelope is known from the runs alone
AMBIGUOUS = 8.0  # a comparison within so many of its deviations of equality may go either way

Function = Callable[[Mapping[str, Any]], Mapping[str, Any]]


@dataclass(frozen=True)
class Envelope:
    """The root mean square deviation of an element: over the whole array, and of each element over the runs."""

    whole: float
    each: Array

    @staticmethod
    def of(each: Array) -> Envelope:
        """That of an array whose elements have these."""
        each = np.asarray(each)
        return Envelope(float(root_mean_square(each)), each)

    def or_larger(self, other: Envelope) -> Envelope:
        """The larger of both, of the whole and of each element."""
        return Envelope(max(self.whole, other.whole), np.maximum(self.each, other.each))

    def beside(self, other: Envelope) -> Envelope:
        """Of both, where each has its own cause."""
        return Envelope.of(np.hypot(self.each, other.each))

    @cached_property
    def allowance(self) -> Allowance:
        """What rounding explains of a difference."""
        return Allowance(limit=LIMIT_OF_ELEMENT * self.each, spread=LIMIT * self.whole)


def envelopes(
    function: Function,
    inputs: Mapping[str, Any],
    precision: Precision,
    seed: Sequence[int],
    within: Callable[[Arithmetic], AbstractContextManager[object]] = nullcontext,
    lost: set[str] | None = None,
    fast: bool = False,
) -> dict[str, Envelope]:
    """For each result of the function, its envelope in this precision. Arrays of floats are disturbed, others not.

    Each run is made ``within`` a context, such as ``namespace.seen_by``. In ``lost`` it is said where numbers left the
    arithmetic, so that an envelope is too small. ``fast``: of matrix products that are accurate by norm alone. Diverged
    and NotImplementedError are raised where there can be none.

    The noise is magnified, and how far the results stray is reduced by as much: in float64 itself noise of one rounding
    would often be rounded away. Comparisons go as in the still run; where rounding may decide one, such as relu's at
    its kink, it is seen going both ways: more runs are made, in pairs, with each such element drawn for the one and
    turned round for the other, and noise as it is. An envelope is the larger of both.
    """
    tape: Tape = []
    lost = set() if lost is None else lost

    def run(one: Pass) -> dict[str, Array]:
        with within(one):
            found = _run(function, inputs, one)
        lost.update(one.lost)
        return found

    still = run(Pass(precision, tape, fast=fast))
    rng = _generator(seed)
    found = _of_runs([run(Pass(precision, tape, rng, times=MAGNIFIED)) for _ in range(RUNS)], still, MAGNIFIED)
    if _find_ambiguous(tape):
        runs = [
            run(Pass(precision, tape, rng, _masks([*seed, pair], turned)))
            for pair in range(RUNS // 2)
            for turned in (False, True)
        ]
        both_ways = _of_runs(runs, still)
        found = {name: one.or_larger(both_ways[name]) for name, one in found.items()}
    return found


def disturbed(
    function: Function, inputs: Mapping[str, Any], precision: Precision, seed: Sequence[int]
) -> dict[str, Envelope]:
    """The envelopes of a function that can only be called: each input is disturbed by a rounding, in each run anew."""
    rng = _generator(seed)

    def run(u: float) -> dict[str, Array]:
        changed = {name: a * (1 + u * rng.standard_normal(a.shape)) if is_float(a) else a for name, a in inputs.items()}
        with np.errstate(all="ignore"):
            return {name: np.array(value, np.float64) for name, value in function(changed).items()}

    still = run(0.0)
    found = _of_runs([run(precision.u) for _ in range(RUNS)], still)
    own = {name: Envelope.of(precision.u * abs(value)) for name, value in still.items()}  # of the last operation
    return {name: found[name].beside(own[name]) for name in still}


def is_float(one: Any) -> bool:
    """Whether it is an array of floating-point numbers."""
    return isinstance(one, np.ndarray) and one.dtype.kind == "f"


def _run(function: Function, inputs: Mapping[str, Any], run: Pass) -> dict[str, Array]:
    noisy = {name: run.array(a) if isinstance(a, np.ndarray) else a for name, a in inputs.items()}
    with np.errstate(all="ignore"):
        results = function(noisy)
        run.lost += [f"the result {name}" for name, value in results.items() if not is_carried(value)]
        return {name: np.array(value, np.float64, subok=False) for name, value in results.items()}


def _find_ambiguous(tape: Tape) -> bool:
    found = False
    for one in tape:
        if isinstance(one, Decision):
            usual = root_mean_square(np.stack(one.deviations), axis=0)
            near = (abs(one.difference) <= AMBIGUOUS * usual) & (usual > 0)
            if near.any():
                one.near, found = near, True
    return found


def _masks(seed: list[int], turned: bool) -> Callable[[tuple[int, ...]], Array]:
    rng = _generator(seed)
    return lambda shape: (rng.random(shape) < 0.5) ^ turned


def _generator(seed: Sequence[int]) -> np.random.Generator:
    return np.random.Generator(np.random.Philox(np.random.SeedSequence(list(seed))))


def _of_runs(runs: list[dict[str, Array]], still: dict[str, Array], times: float = 1.0) -> dict[str, Envelope]:
    return {name: _envelope([one[name] for one in runs], value, times) for name, value in still.items()}


def _envelope(runs: list[Array], still: Array, times: float) -> Envelope:
    with np.errstate(invalid="ignore", over="ignore"):
        all_runs = np.stack(runs)
        equal = (all_runs == still) | (np.isnan(all_runs) & np.isnan(still))  # infinities and NaN, too
        strays = np.where(equal, 0.0, all_runs - still)
        return Envelope.of(root_mean_square(np.where(np.isnan(strays), np.inf, strays), axis=0) / times)
