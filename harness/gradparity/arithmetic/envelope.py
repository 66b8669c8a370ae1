"""Question b: a whole function in stochastic arithmetic. How far rounding usually takes each of its results.

The function is run some times in stochastic arithmetic, where every operation's result has a random error of the size
that rounding makes. How far a result strays from the undisturbed run is its envelope: of the whole array, and of each
element. It stays sharp at any depth, where a rigorous bound does not.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from .noisy import Decision, Pass, Tape
from .precision import Array, Precision, root_mean_square
from .verdicts import Allowance

RUNS = 12  # an even number: masks are drawn in pairs
LIMIT = 4.0  # envelopes: what a correct implementation stays within (docs/verdicts.md has the measured rate)
LIMIT_OF_ELEMENT = 16.0  # of an element, whose envelope is known from the runs alone
AMBIGUOUS = 8.0  # a comparison within so many of its deviations of equality may go either way

Function = Callable[[Mapping[str, Any]], Mapping[str, Any]]


@dataclass(frozen=True)
class Envelope:
    """The root mean square deviation of an element: over the whole array, and of each element over the runs."""

    whole: float
    each: Array

    @cached_property
    def allowance(self) -> Allowance:
        """What rounding explains of a difference."""
        return Allowance(limit=LIMIT_OF_ELEMENT * self.each, spread=LIMIT * self.whole)


def envelopes(
    function: Function, inputs: Mapping[str, Array], precision: Precision, seed: Sequence[int]
) -> dict[str, Envelope]:
    """For each result of the function, its envelope in this precision. Arrays of floats are disturbed, others not.

    A comparison that rounding may decide, such as relu's at its kink, is seen going both ways: then the runs are made
    once more, in pairs, with each such element drawn for the one and turned round for the other.
    """
    tape: Tape = []
    still = _run(function, inputs, Pass(precision, tape))
    rng = np.random.Generator(np.random.Philox(np.random.SeedSequence(list(seed))))
    runs = [_run(function, inputs, Pass(precision, tape, rng)) for _ in range(RUNS)]
    if _find_ambiguous(tape):
        runs = [
            _run(function, inputs, Pass(precision, tape, rng, _masks([*seed, pair], turned)))
            for pair in range(RUNS // 2)
            for turned in (False, True)
        ]
    return {name: _envelope([run[name] for run in runs], value) for name, value in still.items()}


def _run(function: Function, inputs: Mapping[str, Array], run: Pass) -> dict[str, Array]:
    noisy = {name: run.array(a) if a.dtype.kind == "f" else a for name, a in inputs.items()}
    with np.errstate(all="ignore"):
        return {name: np.array(value, np.float64, subok=False) for name, value in function(noisy).items()}


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
    rng = np.random.Generator(np.random.Philox(np.random.SeedSequence(seed)))
    return lambda shape: (rng.random(shape) < 0.5) ^ turned


def _envelope(runs: list[Array], still: Array) -> Envelope:
    with np.errstate(invalid="ignore", over="ignore"):
        each = np.asarray(root_mean_square(np.stack(runs) - still, axis=0))
        return Envelope(float(root_mean_square(each)), each)
