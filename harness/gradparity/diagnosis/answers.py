"""All that a port answered for one case, and what was seen of its arguments and of second answers."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field

import numpy as np

from ..arithmetic.verdicts import Allowance
from ..cases import Array, Case
from ..functions.evidence import Evidence, Inputs, Subject
from ..reference import Reference
from .advice import ADVICE
from .explain import explain
from .extent import extent_of
from .patterns import patterns
from .records import Alone, Diagnosis, Explanation, Where


@dataclass(frozen=True)
class Origin:
    """Where something is wrong by itself; the rest as in `Diagnosis`."""

    where: Where
    evidence: Evidence
    alone: Alone = Alone.NOT_ASKED
    inherited: list[str] = field(default_factory=list)
    beside: list[str] = field(default_factory=list)

    def told(self, found: list[Explanation] | None = None) -> Diagnosis:
        """As a diagnosis, with these explanations, or with those of its evidence; with facts where there are none."""
        found = explanations(self.evidence) if found is None else found
        return Diagnosis(
            where=self.where,
            alone=self.alone,
            inherited=self.inherited,
            beside=self.beside,
            explanations=found,
            extent=extent_of(self.evidence) if self.evidence.comparable else None,
            facts=[] if found else patterns(self.evidence),
        )


Origins = Iterator[Origin]
Results = Mapping[tuple[str, str], Array]


@dataclass
class Answers:
    """All that a port answered for one case, by operation and array; ``layers`` by the layer's name.

    ``again`` are the later answers to the same request, in order, by operation or the layer's name. ``following`` are
    the answers for the case after it, of the same sizes; ``second`` those for a second batch of the same network, of
    another size; ``ask_nearby`` puts another case to the port, of the same network and nearly the same numbers, and
    gives the answers by operation and array. ``state`` is what was found wrong in arguments, in repeated calls, and
    in what became of results.
    """

    reference: Reference
    operations: dict[str, Inputs] = field(default_factory=dict)
    layers: dict[str, Inputs] = field(default_factory=dict)
    again: dict[str, list[Inputs]] = field(default_factory=dict)
    state: list[Origin] = field(default_factory=list)
    ask_nearby: Callable[[Case], Results | None] | None = None
    following: Answers | None = None
    second: Answers | None = None


def explanations(e: Evidence) -> list[Explanation]:
    """The known bugs that explain it, best first."""
    return [Explanation(**asdict(fit), advice=ADVICE.get(fit.name, "")) for fit in explain(e)]


def mutated(where: Where, came: Array, expected: Array) -> Origin:
    """An argument after a call, and as it was sent."""
    nothing = Allowance(limit=np.zeros(expected.shape))
    return Origin(where, Evidence(Subject.MUTATED, "inputs", {}, expected, came, nothing, 1, 1))


def repeated(
    where: Where, came: Array, expected: Array, allowance: Allowance, right: Array, later: Sequence[Array] = ()
) -> Origin:
    """A later answer to one request, an earlier one, and the right one; and those still ``later``."""
    inputs = {"right": right} | ({"later": later[0]} if later else {})
    return Origin(where, Evidence(Subject.REPEAT, "again", inputs, expected, came, allowance, 1, 1))


def shared(where: Where, came: Array, expected: Array, what: str) -> Origin:
    """A result as it is after something else was done, and as it was; ``what`` was done: see the bug of this name."""
    nothing = Allowance(limit=np.zeros(expected.shape))
    return Origin(where, Evidence(Subject.SHARED, what, {}, expected, came, nothing, 1, 1))
