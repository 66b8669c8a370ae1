"""A measure of truth: random faults, what is found of them, and which names are true."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from enum import StrEnum
from functools import cache, partial

import numpy as np
from pydantic import BaseModel, ConfigDict

from ...cases import CaseSpec
from ...objects.compare import compare
from ...objects.comparison import Comparison
from ...suite import select_cases
from .drawing import composed
from .fault import Fault
from .named import names_in
from .network import Asks, as_port
from .truth import is_true

CASES = (
    "random-9-6-4-relu-n7-float64",
    "random-11-8-5-3-sigmoid-n7-float64",
    "random-11-8-5-3-relu-n7-float32",
    "random-6-5-3-relu-n1-float64",
    "random-9-6-4-relu-n7-float64-integer-fortran",
    "random-9-6-4-relu-n7-float64-x30",
    "random-9-6-4-relu-n7-float64-exact-zeros",
    "random-8-7-5-relu-n21-float64-eps1e-07",
    "random-12-10-9-6-4-relu-n67-float64-integer",
    "random-9-6-4-sigmoid-n19-float64-x30",
)
"""Small ones, in which faults of each kind and extent show."""
FRESH = (
    "random-10-7-5-relu-n9-float64",
    "random-13-9-6-4-sigmoid-n8-float64",
    "random-12-7-6-4-relu-n9-float32",
    "random-7-6-4-relu-n1-float64",
    "random-10-7-5-relu-n8-float64-integer-fortran",
    "random-10-7-5-relu-n9-float64-x30",
    "random-10-7-5-relu-n9-float64-exact-zeros",
    "random-9-8-6-relu-n22-float64-eps1e-07",
    "random-13-11-9-7-5-relu-n85-float64-integer",
    "random-10-8-6-sigmoid-n21-float64-x30",
)
SEEDS, FRESH_SEEDS = (0,), (1,)
CHUNK = 8


class Naming(StrEnum):
    """What became of it, the worst first."""

    FALSELY = "named falsely"
    UNNAMED = "unnamed"
    PARTLY = "partly named"
    RIGHTLY = "named rightly"
    ELSEWHERE = "shows in other cases alone"
    NOTHING = "shows nothing"


class _Record(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, ser_json_inf_nan="strings", allow_inf_nan=True)


class Name(_Record):
    """A name that was given; ``true_of`` are the faults of which it is true, and ``true`` if it is so of them all
    together.
    """

    name: str
    place: str
    constant: float | None
    true: bool
    true_of: list[int]


class FaultResult(_Record):
    """One composition, and what was said of it."""

    index: int
    faults: list[str]
    asks: Asks
    outcome: Naming
    names: list[Name]
    command: str


class Measure(_Record):
    """All of them."""

    seed: int
    results: list[FaultResult]

    @property
    def counts(self) -> dict[Naming, int]:
        """How many of each outcome."""
        found = Counter(one.outcome for one in self.results)
        return {outcome: found[outcome] for outcome in Naming}

    @property
    def found(self) -> int:
        """How many the cases find."""
        return sum(one.outcome not in (Naming.ELSEWHERE, Naming.NOTHING) for one in self.results)

    @property
    def exit_code(self) -> int:
        """0 if no name is false."""
        return 1 if self.counts[Naming.FALSELY] else 0


def measured_ones(seed: int, indices: Sequence[int]) -> Iterator[FaultResult]:
    """Those of these indices in order, as many at a time as there are cores."""
    work = partial(measured, seed)
    if len(indices) <= CHUNK:
        yield from map(work, indices)
        return
    with ProcessPoolExecutor(max_workers=os.cpu_count()) as pool:
        yield from pool.map(work, indices, chunksize=CHUNK)


def measured(seed: int, index: int) -> FaultResult:
    """One of them."""
    one = composed(seed, index)
    faults = list(one.faults)
    seen = checked(faults, one.asks)
    fresh = cache(lambda *which: checked([faults[i] for i in which], one.asks, FRESH, FRESH_SEEDS))
    every = tuple(range(len(faults)))
    names = []
    for given in names_in(seen):
        true_of = [i for i in every if is_true(given, [faults[i]], partial(fresh, i))]
        true = bool(true_of) or is_true(given, faults, partial(fresh, *every))
        names.append(Name(name=given.name, place=given.place, constant=given.constant, true=true, true_of=true_of))
    if not seen:
        shown = [i for i in every if len(every) == 1 or not checked([faults[i]], one.asks)]
        outcome = _outcome(names, shown)
    else:
        outcome = Naming.NOTHING if fresh(*every) else Naming.ELSEWHERE
    words = [f"{fault.kind}: {fault.words}" for fault in faults]
    return FaultResult(index=index, faults=words, asks=one.asks, outcome=outcome, names=names, command=one.command)


def _outcome(names: Sequence[Name], shown: Sequence[int]) -> Naming:
    """``shown`` are the faults that show by themselves."""
    if not all(one.true for one in names):
        return Naming.FALSELY
    named = {i for one in names for i in one.true_of}
    if names and set(shown) <= named:
        return Naming.RIGHTLY
    return Naming.PARTLY if names else Naming.UNNAMED


def checked(
    faults: Sequence[Fault], asks: Asks, cases: Sequence[str] = CASES, seeds: Sequence[int] = SEEDS
) -> Comparison:
    """What `gradparity.compare` finds in a port with these faults."""
    port, layers = as_port(faults, asks)
    with np.errstate(all="ignore"):
        return compare(port, cases=_specs(tuple(cases)), seeds=seeds, layers=layers)


@cache
def _specs(names: tuple[str, ...]) -> tuple[CaseSpec, ...]:
    return tuple(select_cases(names).values())
