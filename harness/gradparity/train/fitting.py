"""Which confusion explains the updates that came: to within its rounding, in all of their elements, or none."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from ..arithmetic.precision import Precision
from ..cases import Array
from ..diagnosis.records import Explanation
from .bounded import Bounded, Unbounded
from .confusions import Confusion, Solvable, confusions, families
from .rules import RULES, Constant, Formula, Numbers

LOOSE = 4.0  # times the bound of one order of the operations: of the same step in any other
NEWTON = 12  # steps
SOLVED = 3  # updates: more would take longer, and tell no more
TRIED = 3  # constants
ENOUGH = 10  # numbers that are finite
SURE = 0.01  # a constant that is known no better than this is none
DIGITS = 6


@dataclass(frozen=True)
class Update:
    """An update that was made: what was given, p and dp and perhaps the state, and what came.

    State that was not given is what the formula has made of zeros in the updates before.
    """

    iteration: int
    given: Mapping[str, Array]
    came: Mapping[str, Array]


@dataclass(frozen=True)
class Question:
    """An optimizer, its numbers, and the updates that are to be explained, in order."""

    name: str
    numbers: Numbers
    updates: Sequence[Update]
    dtype: str

    def results(self, formula: Formula) -> list[dict[str, Bounded]]:
        """What the formula makes of each update, and how far rounding may take it."""
        return self._results(formula, lambda value: Bounded.of(value, self.dtype))

    def values(self, formula: Formula) -> list[dict[str, Bounded]]:
        """The same in float64 without bounds; numbers are not rounded to the dtype."""
        precision, nothing = Precision.of(self.dtype), np.zeros(())
        return self._results(formula, lambda value: Unbounded(np.asarray(value, np.float64), nothing, precision))

    def _results(self, formula: Formula, number: Constant) -> list[dict[str, Bounded]]:
        state: dict[str, Bounded] = {name: number(0.0) for name in RULES[self.name].state}
        found = []
        for update in self.updates:
            arrays = {name: number(array) for name, array in update.given.items()}
            with np.errstate(all="ignore"):
                result = formula(self.numbers, update.iteration, state | arrays, number)
            state = {name: result[name] for name in state}
            found.append(result)
        return found

    def rows(self, which: slice) -> Question:
        """Of these rows of every array alone."""
        updates = [
            Update(one.iteration, *({key: array[which] for key, array in of.items()} for of in (one.given, one.came)))
            for one in self.updates
        ]
        return replace(self, updates=updates)

    def fits(self, confusion: Confusion, spread: Sequence[Mapping[str, Array]] | None = None) -> bool:
        """Whether all that came is what it gives. ``spread``: what its constant is not known to may change."""
        pairs = zip(self.updates, self.results(confusion.formula), strict=True)
        counted = 0
        for at, (update, found) in enumerate(pairs):
            for key, came in update.came.items():
                expected, allowed = np.broadcast_arrays(found[key].value, self.allowed(found[key]))
                allowed = LOOSE * allowed + (spread[at][key] if spread else 0.0)
                known = np.isfinite(expected) & np.isfinite(allowed)
                with np.errstate(all="ignore"):
                    alike = np.where(known, abs(came - expected) <= allowed, np.isfinite(expected) | ~np.isfinite(came))
                if not np.all(alike):
                    return False
                counted += int(known.sum())
        return counted >= ENOUGH  # a NaN that is another's NaN is no evidence

    def allowed(self, one: Bounded) -> Array:
        """What rounding explains, that of the reference to the dtype among it."""
        precision = Precision.of(self.dtype)
        return np.asarray(one.error + precision.u * abs(one.value) + precision.subnormal)

    def is_right(self) -> bool:
        """Whether the optimizer's own formula explains them."""
        return self.fits(Confusion("", "", RULES[self.name].formula))


def confusions_of(question: Question) -> Iterator[Explanation]:
    """The confusions that give these very updates: of those with a constant only where no other does. None of what is
    right.
    """
    if question.is_right():
        return
    fixed = [one for one in confusions(question.name) if question.fits(one)]
    solved = (solve(question, family) for family in families(question.name, question.numbers)) if not fixed else ()
    numbers = sum(came.size for update in question.updates for came in update.came.values())
    for one in [*fixed, *(one for one in solved if one)]:
        evidence = numbers - (one.constant is not None)
        about = {"name": one.name, "sentence": one.sentence, "constant": one.constant}
        yield Explanation.model_validate({**about, "residual": 0.0, "numbers": evidence})


def solve(question: Question, family: Solvable) -> Confusion | None:
    """The one of the family with the constant that explains everything, None where there is none.

    Every number of the last updates is solved for the constant by Newton's method. The one that most of them
    agree on has to explain all that came.
    """
    last = range(len(question.updates))[-SOLVED:]
    rows = [(at, key) for at in last for key in question.updates[at].came]
    came = np.stack([question.updates[at].came[key].astype(np.float64) for at, key in rows])

    def values(k: Array) -> Array:
        found = question.values(family.of(k))
        return np.stack([np.broadcast_to(found[at][key].value, came.shape)[i] for i, (at, key) in enumerate(rows)])

    def slopes(k: Array, value: Array) -> Array:
        h = 1e-4 * np.maximum(abs(k), family.scale)
        return np.asarray((values(k + h) - value) / h)

    k = np.full(came.shape, family.start)
    with np.errstate(all="ignore"):
        for _ in range(NEWTON):
            value = values(k)
            slope = slopes(k, value)
            step = np.where(slope == 0, 0.0, (came - value) / slope)
            k = k + step
            if np.count_nonzero((abs(step) <= 1e-10 * abs(k)) & (slope != 0)) >= came.size // 2:
                break
        found = question.results(family.of(k))
        limits = [question.allowed(found[at][key]) for at, key in rows]
        allowed = LOOSE * np.stack([np.broadcast_to(limit, came.shape)[i] for i, limit in enumerate(limits)])
        value = values(k)
        unsure = allowed / abs(slopes(k, value))
        solved = (abs(came - value) <= allowed) & (unsure <= SURE * abs(k))
        if family.right is not None:
            solved &= abs(k - family.right) > 2 * unsure
    for constant, known_to in _agreed(k[solved], unsure[solved]):
        one = family.with_constant(constant, _told(constant, known_to))
        if question.fits(one, _spread(question, family, constant, known_to)):
            return one
    return None


def _agreed(k: Array, unsure: Array) -> list[tuple[float, float]]:
    """Of these constants the surest of those that most agree with, and how well each is known."""
    if not k.size:
        return []
    agree = abs(k[:, None] - k[None, :]) <= unsure[:, None] + unsure[None, :]
    most = np.flatnonzero(agree[np.argmax(agree.sum(axis=1))])
    order = most[np.argsort(unsure[most])][:TRIED]
    return [(float(k[at]), float(unsure[at])) for at in order]


def _spread(question: Question, family: Solvable, constant: float, known_to: float) -> list[dict[str, Array]]:
    """How far the results move where the constant moves as far as it is not known."""
    here, there = (question.values(family.of(k)) for k in (constant, constant + known_to))
    with np.errstate(all="ignore"):
        return [{key: abs(b[key].value - a[key].value) for key in a} for a, b in zip(here, there, strict=True)]


def _told(constant: float, known_to: float) -> str:
    """In the digits that are known, 6 at most."""
    digits = math.floor(math.log10(abs(constant) / known_to)) if known_to > 0 else DIGITS
    return f"{constant:.{min(max(digits, 1), DIGITS)}g}"
