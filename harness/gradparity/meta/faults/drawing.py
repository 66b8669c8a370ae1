"""The index-th of the random faults of a seed: the same on every machine."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from .anywhere import ANYWHERE
from .extents import extended
from .fault import Draw, Fault, FaultKind
from .formulas import FORMULAS
from .network import Asks

PAIRS = 0.4  # of them are two faults at once
OF_A_FORMULA = 0.6  # of the slips are in the formula of some layer, the others are such as may be anywhere


@dataclass(frozen=True)
class Composition:
    """One or two faults in one port, and what the port has to ask for."""

    seed: int
    index: int
    faults: Sequence[Fault]
    asks: Asks

    @property
    def command(self) -> str:
        """Shows it again."""
        return f"gradparity mutants --random 1 --seed {self.seed} --from {self.index}"


def composed(seed: int, index: int) -> Composition:
    """Draw it."""
    rng = np.random.Generator(np.random.Philox(np.random.SeedSequence([seed, index])))
    asks = list(Asks)[int(rng.integers(len(Asks)))]
    faults = [_fault(rng) for _ in range(2 if rng.random() < PAIRS else 1)]
    return Composition(seed, index, faults, asks)


def _fault(rng: np.random.Generator) -> Fault:
    kind = list(FaultKind)[int(rng.integers(len(FaultKind)))]
    if kind is FaultKind.EXTENT:
        others = [one for one in FaultKind if one is not FaultKind.EXTENT]
        return extended(_of(others[int(rng.integers(len(others)))], rng), rng)
    return _of(kind, rng)


def _of(kind: FaultKind, rng: np.random.Generator) -> Fault:
    table = FORMULAS if rng.random() < OF_A_FORMULA and kind in BY_KIND[True] else ANYWHERE
    draws = BY_KIND[table is FORMULAS][kind]
    return draws[int(rng.integers(len(draws)))](rng)


def _by_kind(draws: Sequence[Draw]) -> dict[FaultKind, list[Draw]]:
    found: dict[FaultKind, list[Draw]] = {}
    for one in draws:
        found.setdefault(one(np.random.default_rng(0)).kind, []).append(one)
    return found


BY_KIND = {True: _by_kind(FORMULAS), False: _by_kind(ANYWHERE)}
"""The slips of each kind: those in formulas, and the others."""
