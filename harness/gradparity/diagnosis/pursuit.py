"""Which known bugs, put into the reference, give what came of the whole pass? One by one, beside those before."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from itertools import combinations
from typing import TypeVar

import numpy as np

from ..arithmetic.precision import Array
from ..reference import Reference
from .fits import SHARE, SHARE_OF_KNOWN, numbers, residual
from .kept import ORDER, Pair, differs, pairs_of_the_loss, results_with, right_results, touched_by, variants_of
from .other_networks import OtherNetwork, clipped_gradients
from .solve import solved
from .variants import Inapplicable, InPlace, Key, Results, Variant, results_of_the_loss

MOST_BUGS = 3
MOST_NUMBERS = 60_000  # of a pass: larger cases are held beside what explained others, and nothing else
MOST_OF_OUT = 24  # variants of what predict gives, of which pairs are tried
MOST_ALIKE = 6  # variants that explain the same arrays, of which the one is taken that lets others explain most
FRUITLESS = 3  # searches of the same place, after which no more are made
V = TypeVar("V", bound=Variant)


@dataclass(frozen=True)
class Gain:
    """A variant, and the arrays that it explains beside those explained before; what it leaves of them, relatively.

    ``numbers`` are how many numbers are evidence for it.
    """

    variant: Variant
    keys: frozenset[Key]
    residual: float
    numbers: int


@dataclass
class Memory:
    """What a runner's cases before have shown: the variants that explained something, and where a search found none."""

    found: list[Variant] = field(default_factory=list)
    pairs: list[Pair] = field(default_factory=list)
    fruitless: Counter[tuple[str, ...]] = field(default_factory=Counter)

    def keep(self, variants: Sequence[Variant]) -> None:
        """Try these first from now on."""
        known = {(one.name, one.sentence) for one in self.found}
        self.found += [one for one in variants if (one.name, one.sentence) not in known]


class Pursuit:
    """One case of a port: what came, and what of it is explained by the variants so far."""

    def __init__(self, reference: Reference, came: Mapping[Key, Array], memory: Memory | None = None) -> None:
        self.reference, self.memory = reference, memory or Memory()
        self.came = {key: a for key, a in came.items() if _alike(a, self._right(key))}
        self.known: list[Variant] = []
        self.base = right_results(reference)
        self.wrong = {key for key in self.came if self._differs(key, self.came[key])}
        self.open = set(self.wrong)
        self._all: list[Variant] | None = None

    def take(self, variant: Variant) -> None:
        """Put it into the reference, found or known from elsewhere: what it explains is open no more."""
        try:
            tried = results_with(self.reference, [*self.known, variant])
        except Inapplicable:
            return
        self.known.append(variant)
        self._settle(tried)

    def _settle(self, tried: Results | None = None) -> None:
        """What is explained by all that is known is open no more."""
        self.base = base = results_with(self.reference, self.known) if tried is None else tried
        self.open = {key for key in self.open if not self._matches(key, base)}

    def explained(self) -> Iterator[list[Gain]]:
        """Bug after bug: those that explain the same arrays, the first of them taken."""
        while self.open and len(self.known) < MOST_BUGS:
            gains, together = self.remembered() or self._searched(), False
            if not gains and (pair := self._pair()):
                gains, together = pair, True
            gains = gains or self._guessed()
            if not gains:
                return
            if together:
                for one in gains:
                    yield [one]
                    self.known.append(one.variant)
                self._settle()
            else:
                yield gains
                self.memory.keep([one.variant for one in gains])
                self.take(gains[0].variant)

    def remembered(self) -> list[Gain]:
        """What explained other cases, and explains arrays that are open here."""
        return self._gains(self._remembered(), SHARE_OF_KNOWN)

    def variants(self) -> list[Variant]:
        """All that may be tried here."""
        if self._all is None:
            found = [*variants_of(self.reference), *clipped_gradients(self.came)]
            self._all = sorted(found, key=lambda one: ORDER[one.name])
        return self._all

    def _remembered(self) -> list[Variant]:
        """What explained other cases, where it can be here."""
        return sorted(self._here(self.memory.found), key=lambda one: ORDER[one.name])

    def _here(self, variants: Sequence[Variant]) -> list[Variant]:
        """Variants of other cases in this one, those that it can have."""
        spec, found = self.reference.case.spec, list[Variant]()
        others = {(one.name, one.sentence): one for one in self._of_the_network()}
        for one in variants:
            if isinstance(one, OtherNetwork):
                found += [others[one.name, one.sentence]] if (one.name, one.sentence) in others else []
            elif isinstance(one, InPlace) and one.kind in {layer.kind for layer in spec.kinds}:
                found.append(replace(one, classes=spec.classes))
        return found

    def _of_the_network(self) -> list[OtherNetwork]:
        return [one for one in self.variants() if isinstance(one, OtherNetwork)]

    def _may_touch(self, touched: Collection[Key]) -> bool:
        """Whether what a variant changes by itself is wrong, wherever it came; and whether it is open, before others.

        With others before it it may change what they explain by less than rounding.
        """
        here = self.came.keys() & touched
        return here <= self.wrong and not here.isdisjoint(self.open)

    def _searched(self) -> list[Gain]:
        """What explains arrays by itself, of all that may be tried."""
        place = self._place_of_search()
        if self.memory.fruitless[place] >= FRUITLESS or self._is_large:
            return []
        gains = self._gains(self._in_question())
        self.memory.fruitless[place] += not gains
        return gains

    @property
    def _is_large(self) -> bool:
        return sum(a.size for a in self.came.values()) > MOST_NUMBERS

    def _place_of_search(self) -> tuple[str, ...]:
        return (*sorted(self.reference.case.spec.described.kinds), *sorted({_place(key) for key in self.open}))

    def _in_question(self) -> list[Variant]:
        right_forward = ("predict", "out") in self.came and ("predict", "out") not in self.open
        return [one for one in self.variants() if not (right_forward and _is_forward(one))]

    def _guessed(self) -> list[Gain]:
        """A constant that was solved for with the only number: evidence if other cases have the same."""
        if len(self.open) > 1:
            return []
        some = [one for one in self._in_question() if isinstance(one, InPlace) and one.bug.constant]
        return _best([gain for one in some if (gain := self._gain([one], least=0))])

    def _gains(self, variants: Sequence[Variant], share: float = SHARE) -> list[Gain]:
        gains = [gain for one in variants if (gain := self._gain([one], share))]
        best = _best(gains)
        if not best or best[0].keys == self.open or len(self.known) + 1 >= MOST_BUGS:
            return best
        # Something is left: of variants that explain the same, the one that lets others explain most of that.
        alike = [one for one in gains if one.keys == best[0].keys][:MOST_ALIKE]
        if len(alike) < 2:
            return best
        first = max(alike, key=lambda one: self._lets_explain(one, variants))
        return [first, *(one for one in best if one.variant.name != first.variant.name)]

    def _lets_explain(self, gain: Gain, variants: Sequence[Variant]) -> int:
        before = (list(self.known), self.base, set(self.open))
        self.take(gain.variant)
        explained = max((len(one.keys) for other in variants if (one := self._gain([other]))), default=0)
        self.known, self.base, self.open = before
        return explained

    def _pair(self) -> list[Gain]:
        """Two that together explain what none does alone, as both are of the loss, or of what predict gives."""
        for remembered in self.memory.pairs:
            pair = self._here(remembered)
            if len(pair) == 2 and (gain := self._gain(pair, SHARE_OF_KNOWN)):
                return [replace(gain, variant=one) for one in pair]
        place = ("a pair", *self._place_of_search())
        if len(self.known) > 1 or self.memory.fruitless[place] >= FRUITLESS or self._is_large:
            return []
        pairs = self._pairs_of_out() if ("predict", "out") in self.open else self._pairs_of_the_loss()
        found = [(pair, gain) for pair in pairs if (gain := self._gain(pair))]
        self.memory.fruitless[place] += not found
        if not found:
            return []
        best, gain = max(found, key=lambda one: len(one[1].keys))
        self.memory.pairs.append(best)
        return [replace(gain, variant=one) for one in best]

    def _pairs_of_out(self) -> Iterator[Pair]:
        some = self._that_may(one for one in self._without_constant() if one.results == ("out",))
        yield from _of_two_bugs(some[:MOST_OF_OUT])

    def _pairs_of_the_loss(self) -> Iterator[Pair]:
        """Those that give the loss, or the gradient of the last bias, which are cheap to know."""
        right = results_of_the_loss(self.reference, [])
        here = next((key for key in reversed(right) if key in self.open), None)
        if here is None:
            return
        came, allowance = self.came[here], self.reference.allowance(*here)
        found = pairs_of_the_loss(self.reference, here)
        may = {one.key for one in self._that_may({one.key: one for pair, _ in found for one in pair}.values())}
        for pair, given in found:
            if not {one.key for one in pair} <= may:
                continue
            try:
                tried = results_of_the_loss(self.reference, [*self.known, *pair])[here] if self.known else given
            except Inapplicable:
                continue
            if residual(came, tried, right[here], allowance) is not None:
                yield pair

    def _that_may(self, variants: Iterable[V]) -> list[V]:
        """Those that change by themselves only what is wrong."""
        found = []
        for one in variants:
            with suppress(Inapplicable):
                found += [one] if self._may_touch(touched_by(self.reference, one)) else []
        return found

    def _without_constant(self) -> list[InPlace]:
        """Known bugs in their places, those first that explained other cases."""
        names = {one.name for one in self.memory.found}
        some = [one for one in self.variants() if isinstance(one, InPlace) and one.bug.constant is None]
        return sorted(some, key=lambda one: one.name not in names)

    def _gain(self, variants: Sequence[Variant], share: float = SHARE, least: int = 1) -> Gain | None:
        """What they explain beside what was explained before; None where that is nothing, or something else is lost."""
        if len(variants) > 1:
            return self._gain_of(variants, variants, share, least)
        for found in self._with_constant(variants[0]):
            if gain := self._gain_of([found], variants, share, least):
                return gain
        return None

    def _gain_of(self, found: Sequence[Variant], variants: Sequence[Variant], share: float, least: int) -> Gain | None:
        try:
            if any(not self._may_touch(touched_by(self.reference, one)) for one in found if one.constant is None):
                return None
            tried = results_with(self.reference, [*self.known, *found])
        except Inapplicable:
            return None
        gained = {key: left for key in self.open if (left := self._left(key, tried, share)) is not None}
        if not gained or any(not self._still(key, tried) for key in self.came.keys() - self.open):
            return None
        solved_for = [own for own, one in zip(found, variants, strict=True) if own is not one]
        if solved_for and 2 * len(gained) < sum(self._differs(key, tried[key], self.base) for key in self.open):
            return None  # a constant that was solved for fits a few numbers by chance
        count = sum(numbers(self.came[key], self.base[key]) for key in gained) - len(solved_for)
        if count < least:
            return None
        return Gain(found[-1], frozenset(gained), max(gained.values()), count)

    def _with_constant(self, one: Variant) -> Iterator[Variant]:
        """With the constant that gives what came best, where there is one to solve for: of all arrays that it changes,
        or, as another bug may be in some of them, of the weights nearest to the loss.
        """
        if not isinstance(one, InPlace) or one.bug.constant is None or one.constant is not None:
            yield one
            return
        known, constant, fault = self.known, one.bug.constant, one

        def gives(c: float, keys: Collection[Key]) -> list[Array]:
            tried = results_with(self.reference, [*known, fault.with_constant(c)])
            return [tried[key] for key in keys]

        some = one.with_constant(constant.starts[0])
        try:
            if not self.wrong.issuperset(touched_by(self.reference, some) & self.came.keys()):
                return
            probe = results_with(self.reference, [*known, some])
            touched = [key for key in self.came if self._differs(key, probe[key], self.base)]
            if not touched or not self.open.issuperset(touched):
                return
            nearest = max(touched, key=lambda key: (self.came[key].ndim, key[1]))
            for keys in (touched, [nearest])[: len(touched)]:
                came = [self.came[key] for key in keys]
                c = solved(lambda c, keys=keys: gives(c, keys), came, constant.neutral, constant.starts)  # type: ignore[misc]
                if c is not None:
                    yield one.with_constant(c)
        except Inapplicable:
            return

    def _right(self, key: Key) -> Array:
        found: Array = getattr(self.reference, key[0])[key[1]]
        return found

    def _differs(self, key: Key, a: Array, base: Results | None = None) -> bool:
        """Whether it differs from what is right, or from another base, by more than rounding."""
        return differs(self.reference, key, a, self._right(key) if base is None else base[key])

    def _matches(self, key: Key, tried: Results) -> bool:
        came, given, allowance = self.came[key], tried[key], self.reference.allowance(*key)
        if residual(came, given, self._right(key), allowance, SHARE_OF_KNOWN) is not None:
            return True
        # What is no number spreads in one way or another: 0 times NaN, or a mask that keeps it out.
        lost, anywhere = ~np.isfinite(given), any(not np.isfinite(one).all() for one in tried.values())
        if not anywhere or np.isfinite(came).all() or not np.array_equal(lost & ~np.isfinite(came), lost):
            return False
        both = np.isfinite(came) & ~lost
        if not both.any():
            return True
        limit = None if allowance.limit is None else np.broadcast_to(allowance.limit, both.shape)[both]
        right, own = self._right(key)[both], replace(allowance, limit=limit)
        return residual(came[both], given[both], right, own, SHARE_OF_KNOWN) is not None

    def _still(self, key: Key, tried: Results) -> bool:
        """Whether what was right, or explained, still is."""
        if np.array_equal(tried[key], self.base[key], equal_nan=True):
            return True
        return self._matches(key, tried) if key in self.wrong else not self._differs(key, self.came[key], tried)

    def _left(self, key: Key, tried: Results, share: float) -> float | None:
        if np.array_equal(tried[key], self.base[key], equal_nan=True):
            return None
        return residual(self.came[key], tried[key], self.base[key], self.reference.allowance(*key), share)


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


def _of_two_bugs(some: Sequence[InPlace]) -> Iterator[Pair]:
    return ((one, other) for one, other in combinations(some, 2) if one.name != other.name)


def _is_forward(one: Variant) -> bool:
    """Whether it is of the way to the logits."""
    return isinstance(one, InPlace) and "out" in one.results


def _place(key: Key) -> str:
    """Of which arrays: without the number."""
    return f"{key[0]} {key[1].rstrip('0123456789')}"


def _alike(a: Array, b: Array) -> bool:
    return (a.shape, a.dtype) == (b.shape, b.dtype)
