"""Which known bugs, put into the reference, give what came of the whole pass? One by one, each beside those before it."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np

from ..arithmetic.precision import Array
from ..arithmetic.verdicts import judge
from ..functions.evidence import Evidence
from ..reference import Reference
from .bugs import KNOWN
from .fits import numbers, residual
from .other_networks import other_networks
from .solve import solved
from .steps import of_trace
from .variants import Inapplicable, InPlace, Key, Results, Variant, in_place, results

MOST_BUGS = 3
MOST_NUMBERS = 60_000  # of a pass: larger cases are held beside what explained others, and nothing else
ORDER = {bug.name: at for at, bug in enumerate(KNOWN)}


@dataclass(frozen=True)
class Gain:
    """A variant, and the arrays that it explains beside those explained before; what it leaves of them, relatively.

    ``numbers`` are how many numbers are evidence for it.
    """

    variant: Variant
    keys: frozenset[Key]
    residual: float
    numbers: int


class Pursuit:
    """One case of a port: what came, and what of it is explained by the variants so far."""

    def __init__(self, reference: Reference, came: Mapping[Key, Array]) -> None:
        self.reference = reference
        self.came = {key: a for key, a in came.items() if _alike(a, _expected(reference, key))}
        self.known: list[Variant] = []
        self.base = results(reference, [])
        self.open = {key for key in self.came if self._is_wrong(key)}
        self._all: list[Variant] | None = None

    def _is_wrong(self, key: Key) -> bool:
        return judge(self.came[key], _expected(self.reference, key), self.reference.allowance(*key)).ratio > 1

    def take(self, variant: Variant) -> None:
        """Put it into the reference, found or known from elsewhere: what it explains is open no more."""
        try:
            tried = results(self.reference, [*self.known, variant])
        except Inapplicable:
            return
        self.known.append(variant)
        self.base = tried
        self.open = {key for key in self.open if not self._matches(key, tried)}

    def explained(self) -> Iterator[list[Gain]]:
        """Bug after bug: those that explain the same arrays together, the first of them taken."""
        while self.open and len(self.known) < MOST_BUGS:
            gains = self._singles() or self._pairs()
            if not gains:
                return
            yield gains
            self.take(gains[0].variant)

    def variants(self) -> list[Variant]:
        """All that may be tried here."""
        if self._all is None:
            right: dict[str, list[Evidence]] = {}
            for _, step in of_trace(self.reference.case, self.reference.epsilon, self.reference.trace):
                e = replace(step.evidence, came=step.evidence.expected)
                of_kind = right.setdefault(e.kind, [])
                if e.result not in {one.result for one in of_kind}:
                    of_kind.append(e)
            found: list[Variant] = [*in_place(self.reference, right, KNOWN), *other_networks(self.reference)]
            self._all = sorted(found, key=lambda one: ORDER[one.name])
        return self._all

    def _singles(self) -> list[Gain]:
        return _best([gain for one in self.variants() if (gain := self._gain([one]))])

    def _pairs(self) -> list[Gain]:
        """Two that together explain what none does alone: both of the loss and the last layer, so that it ends."""
        if self.known:
            return []
        last = {self.reference.case.spec.kinds[-1].kind, "affine"}
        some = [
            one for one in self.variants() if isinstance(one, InPlace) and one.kind in last and one.constant is None
        ]
        found = [(pair, gain) for pair in combinations(some, 2) if (gain := self._gain(pair))]
        if not found:
            return []
        best = max(found, key=lambda one: len(one[1].keys))
        self.take(best[0][1])
        return [replace(best[1], variant=best[0][0])]

    def _gain(self, variants: Sequence[Variant]) -> Gain | None:
        """What they explain beside what was explained before; None where that is nothing, or something else is lost."""
        own = [self._with_constant(one) for one in variants]
        if any(one is None for one in own):
            return None
        found = [one for one in own if one is not None]
        try:
            tried = results(self.reference, [*self.known, *found])
        except Inapplicable:
            return None
        if any(not self._still(key, tried) for key in self.came.keys() - self.open):
            return None
        gained = {key: left for key in self.open if (left := self._left(key, tried)) is not None}
        count = sum(numbers(self.came[key], self.base[key]) for key in gained)
        count -= sum(one.constant is not None for one in found)
        if not gained or count <= 0:
            return None
        return Gain(found[-1], frozenset(gained), max(gained.values()), count)

    def _with_constant(self, one: Variant) -> Variant | None:
        """With the constant that gives what came best, where there is one to solve for; None where none is found."""
        if not isinstance(one, InPlace) or one.bug.constant is None:
            return one
        known, constant = self.known, one.bug.constant

        def gives(c: float, keys: Collection[Key]) -> list[Array]:
            tried = results(self.reference, [*known, one.with_constant(c)])
            return [tried[key] for key in keys]

        try:
            probe = results(self.reference, [*known, one.with_constant(constant.starts[0])])
            touched = [key for key in self.came if not np.array_equal(probe[key], self.base[key], equal_nan=True)]
            if not touched or any(key not in self.open for key in touched if self._matters(key, probe)):
                return None
            came = [self.came[key] for key in touched]
            c = solved(lambda c: gives(c, touched), came, constant.neutral, constant.starts)
        except Inapplicable:
            return None
        return None if c is None else one.with_constant(c)

    def _matters(self, key: Key, probe: Results) -> bool:
        """Whether the probe differs by more than rounding."""
        expected = _expected(self.reference, key)
        return judge(probe[key].astype(expected.dtype), expected, self.reference.allowance(*key)).ratio > 1

    def _matches(self, key: Key, tried: Results) -> bool:
        expected = _expected(self.reference, key)
        return residual(self.came[key], tried[key], expected, self.reference.allowance(*key)) is not None

    def _still(self, key: Key, tried: Results) -> bool:
        """Whether what was right, or explained, still is."""
        if np.array_equal(tried[key], self.base[key], equal_nan=True):
            return True
        if self._is_wrong(key):
            return self._matches(key, tried)
        return judge(self.came[key], tried[key].astype(self.came[key].dtype), self.reference.allowance(*key)).ratio <= 1

    def _left(self, key: Key, tried: Results) -> float | None:
        if np.array_equal(tried[key], self.base[key], equal_nan=True):
            return None
        return residual(self.came[key], tried[key], self.base[key], self.reference.allowance(*key))


def _best(gains: Sequence[Gain]) -> list[Gain]:
    """Those that explain most arrays, the same ones, in the order of preference; and of one bug the best alone."""
    if not gains:
        return []
    most = max(gains, key=lambda one: (len(one.keys), one.numbers))
    found: dict[str, Gain] = {}
    for one in gains:
        if one.keys == most.keys:
            there = found.get(one.variant.name)
            if there is None or one.residual < there.residual:
                found[one.variant.name] = one
    return list(found.values())


def _expected(reference: Reference, key: Key) -> Array:
    found: Array = getattr(reference, key[0])[key[1]]
    return found


def _alike(a: Array, b: Array) -> bool:
    return (a.shape, a.dtype) == (b.shape, b.dtype)
