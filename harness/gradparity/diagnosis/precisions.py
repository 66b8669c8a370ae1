"""Which precision do wrong numbers have? Two kinds of evidence, beside a bug's own candidates.

The *result*: all elements that came have few significant bits, and are what rounding in that precision makes of the
right ones. And the *errors*: they have the size of that precision's roundings. By the size alone this is a guess, as a
formula that is slightly wrong may have errors of any size. What decides is to ask again nearby, with every number
disturbed by a few units of that precision: roundings are drawn anew, the error of a formula stays what it was.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, NamedTuple

import numpy as np
from gradparity_reference import layer_pass

from ..arithmetic.envelope import LIMIT, LIMIT_OF_ELEMENT, envelopes, is_float
from ..arithmetic.precision import Array, Precision, float_info
from ..arithmetic.significant import FORMATS, rounded_to, shortened_inputs, significant_bits
from ..arithmetic.verdicts import Allowance
from ..functions.evidence import Candidate, Evidence
from ..functions.layers import LAYERS
from ..functions.layers.layer import is_training
from .records import Fact, Pattern

CHANCE = 20.0  # bits: what has a chance of 2^-20 is none
FEWER = 3.0  # bits fewer than the dtype's own: less than that is its own rounding, or a mixture of both
FEWEST = 8  # elements, of which a correlation is known
NEAR_A_FORMAT = 1.0  # bits
APART = 4.0  # bits that an array may have less than all together: one that has more may be right for the most part
SAME_SIZE = 1.2  # bits between the errors of a case and of one nearby
ALIKE = 0.9  # a correlation above it is that of an error that stays: 0.98 and more, measured; of roundings mostly 0.3
NORMAL_MEDIAN = 0.6745  # of the absolute values of normal numbers, in standard deviations
OUTLIER = 4.0  # times the median: more of it does not count
OF_A_UNIT = 0.3  # of what an envelope allows a rounding is usually so much: measured, for formats of 8 to 24 bits
DISTURBANCE = 4.0  # units of the precision in question
MOST_DISTURBED = 0.02
OF_SINGLE = 24
Prepared = dict[str, list[Candidate]]


class Difference(NamedTuple):
    """How far an array is from what it should be, and what rounding explains of that: `reference.allowance`'s."""

    difference: Array
    expected: Array
    allowance: Allowance


class Confidence(StrEnum):
    """What shows the precision."""

    BITS = "bits"  # the elements have no more; it is proven
    REDRAWN = "redrawn"  # asked again nearby, the errors are others of the same size; it is proven
    SIZE = "size"  # the errors have the size of its roundings: a guess


@dataclass(frozen=True)
class Rounded:
    """A precision: its bits as they are estimated, the known format that has about as many, and how surely."""

    bits: float
    confidence: Confidence

    @property
    def known(self) -> int | None:
        """The bits of the known format that this is."""
        nearest = min(FORMATS, key=lambda bits: abs(bits - self.bits))
        within = 0.5 if self.confidence is Confidence.BITS else NEAR_A_FORMAT
        return nearest if abs(nearest - self.bits) <= within else None

    @property
    def proven(self) -> bool:
        """Whether it is more than a guess."""
        return self.confidence is not Confidence.SIZE

    @property
    def bug(self) -> str | None:
        """The known bug that this is, if it is proven and the format is known; else it is only a fact."""
        return bug_of(self.known) if self.proven and self.known else None

    @property
    def disturbance(self) -> float:
        """By how much relatively to disturb a case, to be asked nearby."""
        return float(min(DISTURBANCE * 2**-self.bits, MOST_DISTURBED))

    @property
    def fact(self) -> Fact:
        """It in a sentence."""
        if self.known:
            about = "" if self.confidence is Confidence.BITS else "about "
            bits = f"{about}{self.known} significant bits, as many as {FORMATS[self.known]} has"
        else:
            bits = f"about {self.bits:.0f} significant bits, or fewer in one place"
        sentences = {
            Confidence.BITS: f"no element has more than {bits if self.known else f'{self.bits:.0f} significant bits'}",
            Confidence.REDRAWN: f"the errors are roundings to {bits}: nearby they are drawn anew",
            Confidence.SIZE: f"the errors have the size of roundings to {bits}",
        }
        return Fact(pattern=Pattern.ROUNDED, sentence=sentences[self.confidence], value=self.known or self.bits)


def fewer_bits(e: Evidence) -> Rounded | None:
    """Whether all that came has fewer significant bits than its dtype, and is right to about so many.

    None where that may be chance, or where the right numbers have few bits by nature: integers, powers of two.
    """
    if not e.comparable or e.came.dtype.kind != "f" or not np.isfinite(e.came).all():
        return None
    digits = _digits(e.came)
    came, right = significant_bits(e.came), significant_bits(e.expected)
    most = int(came.max(initial=0))
    telling = int(np.count_nonzero((right > most + FEWER) & (came > 0)))
    if not most or 2 * telling < np.count_nonzero(came) or telling * (digits - most) < CHANCE:
        return None
    wider = [bits for bits in FORMATS if bits >= most and telling * (bits - most) < CHANCE / 2]
    bits = min(wider, default=most)
    if bits > digits - FEWER:
        return None
    with np.errstate(all="ignore"):
        times = 2.0 ** (digits - bits)
        unit = 2 * 2.0**-bits * abs(rounded_to(e.expected, bits).astype(np.float64))
        limit = unit if e.allowance.limit is None else np.maximum(unit, times * e.allowance.limit)
        within = abs(e.came.astype(np.float64) - e.expected) <= limit
    return Rounded(float(bits), Confidence.BITS) if within.all() else None


def looks_rounded(differences: Sequence[Difference], nearby: Sequence[Sequence[Difference]] = ()) -> Rounded | None:
    """Whether the errors of a case's wrong arrays, all of one dtype, look like roundings to fewer bits; to how many.

    ``nearby`` are the same arrays, asked for of `cases.nearby(case, found.disturbance, seed)`, where ``found`` is what
    this gives without them: of some seeds, two by choice. They prove it, or give None: in each, errors of the same size
    must be drawn anew. Whoever answers another each time must not be asked this: nothing stays there, either.
    """
    errors = [_in_roundings(one) for one in differences]
    sizes = [_size(one) for one in errors]
    together = np.concatenate([one.ravel() for one in errors]) if errors else np.empty(0)
    size = _size(together)
    if size is None or np.count_nonzero(~np.isnan(together)) < FEWEST:
        return None
    digits = _digits(differences[0].expected)
    bits = digits - float(np.log2(size / OF_A_UNIT)) if size > 0 else digits
    if not bits <= digits - FEWER or any(
        one is not None and one > 2**APART * size
        for one, array in zip(sizes, errors, strict=True)
        if np.count_nonzero(~np.isnan(array)) >= FEWEST
    ):
        return None
    if not nearby:
        return Rounded(bits, Confidence.SIZE) if _of_both_signs(together) else None
    anew = (_drawn_anew(together, np.concatenate([_in_roundings(one).ravel() for one in again])) for again in nearby)
    return Rounded(bits, Confidence.REDRAWN) if all(anew) else None


def _drawn_anew(errors: Array, again: Array) -> bool:
    """Whether they are others, of the same size."""
    size, other = _size(errors), _size(again)
    if not size or not other or abs(np.log2(other / size)) > SAME_SIZE:
        return False
    return correlation(errors, again) < ALIKE


def of_reduced_inputs(inputs: Mapping[str, Any], result: Callable[[Mapping[str, Array]], Any]) -> Prepared:
    """What a function gives with all its floats, or one of its arguments, in fewer bits: candidates by the bug's name.

    ``result`` is given those inputs that are others, and may give None.
    """
    found: Prepared = {}
    for bits, sentence, changed in shortened_inputs(inputs, "all inputs"):
        value = result(changed)
        if value is not None:
            found.setdefault(bug_of(bits), []).append((sentence, value))
    return found


def bug_of(bits: int) -> str:
    """The name of the known bug: to compute in so many bits."""
    return "single precision inside" if bits == OF_SINGLE else "reduced precision inside"


def correlation(a: Array, b: Array) -> float:
    """Of two arrays of errors about 0, where neither is NaN: 1 of errors that stay. Outliers do not decide it."""
    both = ~(np.isnan(a) | np.isnan(b))
    a, b = _bounded(a[both]), _bounded(b[both])
    norm = float(np.sqrt((a @ a) * (b @ b)))
    return float(a @ b) / norm if norm else 1.0


def usual(e: Evidence) -> Allowance:
    """What roundings usually explain in a layer's result, where the evidence has a rigorous bound: its envelope."""
    layer = LAYERS[e.kind]
    sent = {name: e.inputs[name] for name in layer.inputs if name in e.inputs}
    numbers = {name: e.inputs[name].item() for name in layer.numbers if name in e.inputs}
    floats = {name: a for name, a in sent.items() if is_float(a)}

    def computed(a: Mapping[str, Array]) -> dict[str, Array]:
        return {e.result: layer_pass(e.kind, {**sent, **a}, numbers, is_training(e.inputs))[e.result]}

    precision = Precision.of(e.expected.dtype)
    return envelopes(computed, floats, precision, [len(e.expected.ravel()), e.batch])[e.result].allowance


def _digits(a: Array) -> int:
    return int(float_info(a.dtype).nmant) + 1


def _in_roundings(one: Difference) -> Array:
    """Each element's error over what the dtype's own roundings usually make of it; NaN where that is 0, or unknown."""
    limit, spread = one.allowance.limit, one.allowance.spread
    usual = np.asarray(limit) / LIMIT_OF_ELEMENT if limit is not None else np.asarray((spread or 0.0) / LIMIT)
    with np.errstate(all="ignore"):
        found = np.where(usual > 0, np.asarray(one.difference, np.float64) / usual, np.nan)
    return np.where(np.isfinite(found), found, np.nan)


def _size(errors: Array) -> float | None:
    """The standard deviation of most of them, by their median: a mask that flips does not count."""
    there = errors[~np.isnan(errors)]
    return float(np.median(abs(there))) / NORMAL_MEDIAN if there.size else None


def _bounded(errors: Array) -> Array:
    most = OUTLIER * float(np.median(abs(errors))) if errors.size else 0.0
    return np.clip(errors, -most, most)


def _of_both_signs(errors: Array) -> bool:
    there = errors[~np.isnan(errors) & (errors != 0)]
    share = float(np.mean(there > 0)) if there.size else 0.0
    return 0.1 < share < 0.9
