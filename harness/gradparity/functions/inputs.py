"""How a function's inputs are drawn: what a reference file says of each argument."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

import numpy as np

from ..arithmetic.precision import Array
from .shapes import Shape, size_at
from .signature import Kind

Draw = Callable[[np.random.Generator, tuple[int, ...], Mapping[str, int]], Array]
TINY = {"float64": 1e-310, "float32": 1e-40}


class Quirk(StrEnum):
    """What is unusual about the numbers of a case, or where they lie."""

    FORTRAN = "fortran"
    ZERO_ROWS = "zero-rows"
    TIES = "ties"
    DENORMALS = "denormals"
    SMALL = "x0.001"
    LARGE = "x1000"
    WHOLE = "whole"  # small whole numbers: nobody's suite has them, but whoever shrinks a failure


@dataclass(frozen=True)
class Input:
    """An argument: what it is made of, its shape, how it is drawn in float64, and which quirks it can have."""

    kind: Kind
    shape: Shape
    draw: Draw
    quirks: frozenset[Quirk] = frozenset({Quirk.FORTRAN})

    def drawn(
        self, rng: np.random.Generator, sizes: Mapping[str, int], dtype: str, quirk: Quirk | None = None
    ) -> Array:
        """An array for these sizes. The same numbers in either dtype."""
        shape = self.shape.at(sizes)
        value = np.asarray(self.draw(rng, shape, sizes))
        if value.shape != shape:
            raise ValueError(f"expected shape {shape}, came {value.shape}")
        own = quirk if quirk in self.quirks else None
        if own and own is not Quirk.FORTRAN:
            value = _with_quirk(value, own, rng, dtype)
        value = value.astype({Kind.FLOAT: dtype, Kind.INTEGER: "int32", Kind.BOOLEAN: "bool"}[self.kind])
        return np.asarray(value, order="F" if quirk is Quirk.FORTRAN else "C")


def _with_quirk(value: Array, quirk: Quirk, rng: np.random.Generator, dtype: str) -> Array:
    if quirk is Quirk.ZERO_ROWS:
        rows = rng.random(value.shape[:1]) < 0.4
        return np.where(rows.reshape(-1, *[1] * (value.ndim - 1)), 0.0, value) if value.ndim else value
    if quirk is Quirk.TIES:
        return np.asarray(np.round(value * 2) / 2)
    if quirk is Quirk.WHOLE:
        return np.asarray(np.round(2 * value))
    if quirk is Quirk.DENORMALS:
        return np.where(rng.random(value.shape) < 0.2, TINY[dtype] * value, value)
    return value * float(str(quirk).removeprefix("x"))


SCALED = frozenset({Quirk.FORTRAN, Quirk.SMALL, Quirk.LARGE})


def floats(shape: str = "", low: float | None = None, high: float | None = None) -> Input:
    """Floating-point numbers: normal ones, or with ``low`` and ``high`` from between these. What a text alone means."""
    if low is None and high is None:
        return Input(Kind.FLOAT, Shape.of(shape), lambda rng, at, sizes: rng.normal(size=at), frozenset(Quirk))
    if low is None or high is None or not low < high:
        raise ValueError(f"expected low and high, in this order, came {low} and {high}")
    return Input(Kind.FLOAT, Shape.of(shape), lambda rng, at, sizes: rng.uniform(low, high, size=at))


def positive(shape: str = "") -> Input:
    """Positive numbers, around 1."""

    def draw(rng: np.random.Generator, at: tuple[int, ...], sizes: Mapping[str, int]) -> Array:
        return np.exp(0.5 * rng.normal(size=at))

    return Input(Kind.FLOAT, Shape.of(shape), draw, SCALED)


def increasing(shape: str) -> Input:
    """Numbers that increase along the last axis."""

    def draw(rng: np.random.Generator, at: tuple[int, ...], sizes: Mapping[str, int]) -> Array:
        return np.asarray(np.cumsum(np.exp(0.5 * rng.normal(size=at)), axis=-1) - at[-1] / 2)

    return Input(Kind.FLOAT, Shape.of(shape), draw, SCALED)


def probabilities(shape: str) -> Input:
    """Positive numbers with a sum of 1 along the last axis."""

    def draw(rng: np.random.Generator, at: tuple[int, ...], sizes: Mapping[str, int]) -> Array:
        weights = np.exp(rng.normal(size=at))
        return np.asarray(weights / weights.sum(axis=-1, keepdims=True))

    return Input(Kind.FLOAT, Shape.of(shape), draw)


def integers(shape: str, low: int | str, high: int | str) -> Input:
    """Whole numbers from ``low`` up to ``high``, without it; either may be a size, such as "k".

    They travel as int32.
    """

    def draw(rng: np.random.Generator, at: tuple[int, ...], sizes: Mapping[str, int]) -> Array:
        return rng.integers(size_at(str(low), sizes), size_at(str(high), sizes), size=at)

    return Input(Kind.INTEGER, Shape.of(shape), draw)


def booleans(shape: str = "") -> Input:
    """True or False, one as often as the other. They travel as uint8, 1 and 0."""
    return Input(Kind.BOOLEAN, Shape.of(shape), lambda rng, at, sizes: rng.random(size=at) < 0.5)


def drawn(shape: str, draw: Callable[[np.random.Generator, tuple[int, ...]], Any]) -> Input:
    """Floating-point numbers that ``draw(rng, shape)`` gives: by this generator alone, so that a seed fixes them."""
    return Input(Kind.FLOAT, Shape.of(shape), lambda rng, at, sizes: np.asarray(draw(rng, at), np.float64))


def as_input(one: Input | str) -> Input:
    """A text alone is the shape of normal numbers."""
    return floats(one) if isinstance(one, str) else replace(one)
