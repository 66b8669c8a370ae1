"""What a reference's network gives with one known bug in it, kept with the reference: many ports are held beside it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np
from gradparity_reference import LOSS

from ..arithmetic.precision import Array
from ..functions.evidence import Bug, Constant, Evidence
from ..reference import Reference
from .bugs import KNOWN
from .other_networks import EPSILON, LABELS_SHIFTED, other_networks
from .reduced_networks import reduced_networks
from .steps import of_trace
from .variants import Inapplicable, InPlace, Key, Results, Variant, in_place, results, results_of_the_loss

MOST_KEPT = 1000  # numbers of a pass: the results of larger ones are computed anew
Pair = tuple[Variant, Variant]
ORDER = {bug.name: at for at, bug in enumerate(KNOWN)}


@dataclass
class _Kept:
    variants: list[Variant] | None = None
    right: Results | None = None
    alone: dict[tuple[Any, ...], Results | None] = field(default_factory=dict)
    touched: dict[tuple[Any, ...], frozenset[Key]] = field(default_factory=dict)
    pairs: dict[Key, list[tuple[Pair, Array]]] = field(default_factory=dict)


_OF: WeakKeyDictionary[Reference, _Kept] = WeakKeyDictionary()


def variants_of(reference: Reference) -> list[Variant]:
    """All that may be tried, in the order of preference, but for what takes the answers of a port."""
    kept = _OF.setdefault(reference, _Kept())
    if kept.variants is None:
        right: dict[str, list[Evidence]] = {}
        for _, step in of_trace(reference.case, reference.epsilon, reference.trace):
            e = replace(step.evidence, came=step.evidence.expected)
            of_kind = right.setdefault(e.kind, [])
            if e.result not in {one.result for one in of_kind}:
                of_kind.append(e)
        found: list[Variant] = [*in_place(right, KNOWN), *other_networks(reference), *reduced_networks(reference)]
        kept.variants = sorted(found, key=lambda one: ORDER[one.name])
    return kept.variants


def right_results(reference: Reference) -> Results:
    """What the network gives without any."""
    kept = _OF.setdefault(reference, _Kept())
    if kept.right is None:
        kept.right = results(reference, [])
    return kept.right


def results_with(reference: Reference, variants: Collection[Variant]) -> Results:
    """As `results`: that of a single variant is kept. Raises Inapplicable."""
    if len(variants) != 1:
        return results(reference, list(variants)) if variants else right_results(reference)
    [one] = variants
    alone = _OF.setdefault(reference, _Kept()).alone
    if one.key in alone:
        found = alone[one.key]
        if found is None:
            raise Inapplicable
        return found
    try:
        found = results(reference, [one])
    except Inapplicable:
        found = None
    if one.constant is None and sum(a.size for a in right_results(reference).values()) <= MOST_KEPT:
        alone[one.key] = found
    if found is None:
        raise Inapplicable
    return found


def touched_by(reference: Reference, variant: Variant) -> frozenset[Key]:
    """The arrays that it changes by more than rounding, in an otherwise right network. Raises Inapplicable."""
    touched = _OF.setdefault(reference, _Kept()).touched
    if variant.key not in touched:
        found, right = results_with(reference, [variant]), right_results(reference)
        touched[variant.key] = frozenset(key for key, a in found.items() if differs(reference, key, a, right[key]))
    return touched[variant.key]


def pairs_of_the_loss(reference: Reference, key: Key) -> list[tuple[Pair, Array]]:
    """Two bugs of the loss that both change this array, and what it is with them.

    The second makes something of what the first has left: it does not compute it anew.
    """
    pairs = _OF.setdefault(reference, _Kept()).pairs
    if key not in pairs:
        last, right = reference.case.spec.kinds[-1].kind, results_of_the_loss(reference, [])[key]
        some: list[Variant] = []
        composing: list[Variant] = []
        for one in variants_of(reference):
            of_loss = isinstance(one, InPlace) and one.kind == last and one.bug.constant is None
            if not (of_loss or one.name in (LABELS_SHIFTED, EPSILON)) or one.name == "zero":
                continue
            alone, after = (_with_these(reference, [*first, one], key) for first in ((), (_ANOTHER,)))
            if alone is None or np.array_equal(alone, right, equal_nan=True):
                continue
            some.append(one)
            composing += [one] if after is not None and not np.array_equal(alone, after, equal_nan=True) else []
        found = ((one, other) for one in some for other in composing if one.name != other.name)
        tried = ((pair, _with_these(reference, pair, key)) for pair in found)
        pairs[key] = [(pair, came) for pair, came in tried if came is not None]
    return pairs[key]


def _with_these(reference: Reference, variants: Sequence[Variant], key: Key) -> Array | None:
    try:
        return results_of_the_loss(reference, variants)[key]
    except Inapplicable:
        return None


def _another(e: Evidence, c: float) -> Array:
    found: Array = e.expected * e.expected.dtype.type(c)
    return found


_ANOTHER = InPlace(
    Bug("another", (), (), lambda e: iter(()), Constant(_another, str, 1.0, ())),
    LOSS,
    ("y", "loss", "dx"),
    0,
    "",
    1,
    0.7,
)


def differs(reference: Reference, key: Key, a: Array, b: Array) -> bool:
    """Whether they differ by more than rounding."""
    if a.shape != b.shape:
        return True
    if np.array_equal(a, b, equal_nan=True):
        return False
    with np.errstate(all="ignore"):
        difference = np.asarray(a.astype(np.float64) - b.astype(np.float64))
        difference = np.where((a == b) | (np.isnan(a) & np.isnan(b)), 0.0, difference)
    difference = np.where(np.isnan(difference), np.inf, difference)
    return not reference.allowance(*key).ratio(difference) <= 1
