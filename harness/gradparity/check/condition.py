"""The smallest condition that separates the cases that are wrong from those that are right, as a sentence."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations

from ..diagnosis.records import Asked, Where
from .findings import Finding, unnumbered
from .records import CaseResult, Cell, CheckResult, Quantity
from .traits import Traits, Word, traits_of

OUTSIDE = 2  # right cases that a condition must leave out, each part of it by itself
TOGETHER = 3  # wrong cases, for a condition of two parts: any one case has two things that no other has
QUANTITIES = {
    "predict": {Quantity.PREDICT},
    "accuracy": {Quantity.ACCURACY},
    "gradient": {Quantity.GRADIENT, Quantity.LOSS},
    "numerical_gradient": {Quantity.NUMERICAL},
    "trace": {Quantity.TRACE},
    "call": {Quantity.RESULTS},
}
"""In which cells an operation's arrays are, asked in the pass."""


@dataclass(frozen=True)
class Condition:
    """Something simple that holds of a case or not. ``rank`` sorts: the lower, the simpler to say, or the stronger."""

    rank: tuple[float, ...]
    holds: Callable[[Traits], bool]
    told: Callable[[Sequence[Traits]], str]
    """The words, given the right cases that nothing else leaves out."""


def condition_of(finding: Finding, result: CheckResult) -> str:
    """Of a finding, among the cases in which the same was compared; empty where none says anything."""
    wrong = {one.key for one in finding.symptoms}
    places = {one.place for one in finding.symptoms}
    own = [c for c in result.cases if (c.runner, c.function) == (finding.case.runner, finding.case.function)]
    right = [case for case in own if (case.case, case.seed) not in wrong and _is_right(case, places)]
    of_wrong = [traits_of(case) for case in own if (case.case, case.seed) in wrong]
    of_right = [traits_of(case) for case in right]
    if None in of_wrong or None in of_right:
        return ""
    return separating([one for one in of_wrong if one], [one for one in of_right if one])


def separating(wrong: Sequence[Traits], right: Sequence[Traits]) -> str:
    """The simplest condition that holds of all that is wrong and of nothing that is right: of one part, else of two."""
    if not wrong or len(right) < OUTSIDE:
        return ""
    rest = f"; right in the {len(right)} other cases"
    known = sorted(_conditions(wrong, right), key=lambda one: one.rank)
    for one in known:
        if not any(map(one.holds, right)):
            return f"only {one.told(right)}{rest}"
    for one, other in combinations(known, 2) if len(wrong) >= TOGETHER else ():
        by_one = [traits for traits in right if one.holds(traits)]
        by_other = [traits for traits in right if other.holds(traits)]
        if min(len(by_one), len(by_other)) >= OUTSIDE and not any(map(other.holds, by_one)):
            return f"only {one.told(by_other)} and {other.told(by_one)}{rest}"
    return ""


def _conditions(wrong: Sequence[Traits], right: Sequence[Traits]) -> Iterator[Condition]:
    """All that hold of everything that is wrong; a threshold as sharp as that allows."""
    for word in sorted(frozenset[Word]().union(*(one.words for one in [*wrong, *right]))):
        if all(word in one.words for one in wrong):
            yield _word(word, True)
        elif word.without and not any(word in one.words for one in wrong):
            yield _word(word, False)
    for name in wrong[0].sizes:
        if all(name in one.sizes for one in [*wrong, *right]):
            of_wrong = [one.sizes[name] for one in wrong]
            thresholds = _threshold(name, min(of_wrong), True, right), _threshold(name, max(of_wrong), False, right)
            yield from (one for one in thresholds if not all(map(one.holds, right)))


def _word(word: Word, there: bool) -> Condition:
    text = word.text if there else word.without
    return Condition((0, not there, word.rank), lambda one: (word in one.words) is there, lambda right: text)


def _threshold(name: str, limit: float, above: bool, right: Sequence[Traits]) -> Condition:
    """``limit`` is the smallest that is wrong, or the largest."""

    def told(left: Sequence[Traits]) -> str:
        sizes = [one.sizes[name] for one in left]
        last = max(sizes) if above else min(sizes)
        way = "up to", "from"
        ends = f"right {way[not above]} {last:g}, wrong {way[above]} {limit:g}"
        return f"with {name} {'>' if above else '<'} {last:g} ({ends})"

    def holds(one: Traits) -> bool:
        return one.sizes[name] >= limit if above else one.sizes[name] <= limit

    outside = [one.sizes[name] for one in right if not holds(one)] or [limit]
    more, less = (limit, max(outside)) if above else (min(outside), limit)
    gap = more / less if less else math.inf  # the wider, the less by chance
    return Condition((1, not above, -gap), holds, told)


def _is_right(case: CaseResult, places: set[Where]) -> bool:
    """Whether something was compared at these places, and all of that passed."""
    cells = [cell for cell in case.cells if any(_is_at(cell, where) for where in places)]
    return bool(cells) and all(cell.verdict.passes for cell in cells)


def _is_at(cell: Cell, where: Where) -> bool:
    """Whether a cell is of this place, which is a general one."""
    if where.asked is Asked.IN_PASS:
        quantities = QUANTITIES.get(where.operation, set())
    elif where.asked is Asked.ALONE:
        quantities = {Quantity.LAYERS, Quantity.PARTS}
    else:
        quantities = {Quantity.STATE}
    if cell.quantity not in quantities:
        return False
    array = cell.array if where.operation == "call" else unnumbered(cell.array)
    who = where.layer or where.operation
    states = (f"{who} {where.array}", f"{where.operation} {who} {where.array}", f"load {where.array}")
    return array in {where.key, f"next case {where.key}", *states}
