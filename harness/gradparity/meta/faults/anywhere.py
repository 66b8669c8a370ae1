"""Slips that may befall any result: a factor, an offset, rows or columns that are another's, and precision."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from ...arithmetic.significant import rounded_to
from ...cases import Array
from .fault import Draw, Fault, FaultKind, Given, Spoil

PLACES = (
    *("affine.out", "affine.dx", "affine.dW", "affine.db", "relu.out", "relu.dx", "sigmoid.out", "sigmoid.dx"),
    *("softmax.loss", "softmax.y", "softmax.dx", "network.dW", "network.db"),
)
ARRAYS = tuple(place for place in PLACES if place != "softmax.loss")
MATRICES = tuple(place for place in ARRAYS if not place.endswith("db"))
FORMATS = {"float32": 24, "half": 11, "bfloat16": 8, "TensorFloat-32": 11}
OPERANDS = {"affine.out": ("x", "W"), "affine.dx": ("dout", "W"), "affine.dW": ("x", "dout")}


def anywhere(
    kind: FaultKind,
    places: Sequence[str],
    words: str,
    make: Callable[[float], Spoil],
    constants: Sequence[float] = (0.0,),
) -> Draw:
    """At one of these places, with one of these constants."""

    def draw(rng: np.random.Generator) -> Fault:
        place, c = str(rng.choice(places)), float(rng.choice(constants))
        return Fault(kind, f"{place}: {words.format(c)}", {place: make(c)})

    return draw


def _precise(how: str, places: Sequence[str], spoil: Callable[[Given, str, int], Array]) -> Draw:
    def draw(rng: np.random.Generator) -> Fault:
        place, name = str(rng.choice(places)), str(rng.choice(list(FORMATS)))
        bits = FORMATS[name]
        return Fault(FaultKind.PRECISION, f"{place}: {how} {name}", {place: lambda s: spoil(s, place, bits)}, bits)

    return draw


def _of_operands(s: Given, place: str, bits: int) -> Array:
    one, other = (rounded_to(getattr(s, name), bits) for name in OPERANDS[place])
    if place == "affine.out":
        return np.asarray(one @ other + s.b)
    return np.asarray(one @ other.T if place == "affine.dx" else one.T @ other)


def _accumulated(s: Given, place: str, bits: int) -> Array:
    total = np.zeros_like(s.right)
    terms = s.dout if place == "affine.db" else [np.outer(x, d) for x, d in zip(s.x, s.dout, strict=True)]
    for term in terms:
        total = rounded_to(total + rounded_to(np.asarray(term), bits), bits)
    return total


def _noisy(c: float) -> Spoil:
    rng = np.random.default_rng(0)
    return lambda s: s.right * (1 + c * rng.normal())


def _random(rng: np.random.Generator) -> Fault:
    place, c = str(rng.choice(PLACES)), float(rng.choice([1e-3, 1e-6, 1e-9]))
    return Fault(FaultKind.ORDER, f"{place}: another answer each time, by {c:g}", {place: _noisy(c)}, repeats=False)


def _stale(rng: np.random.Generator) -> Fault:
    place = str(rng.choice(PLACES))
    of_before: Spoil = lambda s: s.right if s.before is None else s.before.right  # noqa: E731
    return Fault(FaultKind.ORDER, f"{place}: that of the call before", {place: of_before}, repeats=False)


def _zeroed(a: Array, axis: int, at: int) -> Array:
    found = a.copy()
    found[(slice(None),) * axis + (at,)] = 0
    return found


ANYWHERE: list[Draw] = [
    anywhere(FaultKind.OPERATOR, PLACES, "the sign", lambda c: lambda s: -s.right),
    anywhere(FaultKind.OPERATOR, PLACES, "0", lambda c: lambda s: np.zeros_like(s.right)),
    anywhere(
        FaultKind.CONSTANT,
        PLACES,
        "times {:.9g}",
        lambda c: lambda s: s.right * c,
        (2, 0.5, 1.1, 1 + 3e-5, 1 + 1e-7, 1 - 1e-9),
    ),
    anywhere(FaultKind.CONSTANT, PLACES, "{:+g}", lambda c: lambda s: s.right + c, (1, 0.1, 1e-3, 1e-5, 1e-7)),
    anywhere(FaultKind.INDEX, MATRICES, "rows are off by one", lambda c: lambda s: np.roll(s.right, 1, axis=0)),
    anywhere(FaultKind.INDEX, ARRAYS, "columns are off by one", lambda c: lambda s: np.roll(s.right, 1, axis=-1)),
    anywhere(FaultKind.INDEX, MATRICES, "the last row is 0", lambda c: lambda s: _zeroed(s.right, 0, -1)),
    anywhere(
        FaultKind.INDEX,
        MATRICES,
        "the first row for the last",
        lambda c: lambda s: np.vstack([s.right[:-1], s.right[:1]]),
    ),
    anywhere(FaultKind.INDEX, MATRICES, "the last column is 0", lambda c: lambda s: _zeroed(s.right, 1, -1)),
    anywhere(
        FaultKind.ORDER,
        MATRICES,
        "in the other memory order",
        lambda c: lambda s: s.right.ravel("F").reshape(s.right.shape),
    ),
    anywhere(FaultKind.ORDER, MATRICES, "rows in reverse", lambda c: lambda s: s.right[::-1].copy()),
    anywhere(FaultKind.ORDER, ARRAYS, "columns in reverse", lambda c: lambda s: s.right[..., ::-1].copy()),
    anywhere(
        FaultKind.ORDER,
        MATRICES,
        "transposed where it is square",
        lambda c: lambda s: s.right.T.copy() if s.right.shape[0] == s.right.shape[1] else s.right,
    ),
    _stale,
    _random,
    *[_precise("the result in", PLACES, lambda s, place, bits: rounded_to(np.asarray(s.right), bits))] * 4,
    *[_precise("the operands in", tuple(OPERANDS), _of_operands)] * 4,
    *[_precise("accumulated in", ("affine.dW", "affine.db"), _accumulated)] * 2,
]
