"""A fault: what it does to one result of a layer, or of the network, wherever that arises."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

import numpy as np

from ...cases import Array


class FaultKind(StrEnum):
    """What sort of slip it is."""

    OPERATOR = "operator"
    CONSTANT = "constant"
    INDEX = "index"
    ORDER = "order"
    PRECISION = "precision"
    EXTENT = "extent"  # any of the others, in one part of an array or in some cases alone


@dataclass(frozen=True)
class Situation:
    """What a network knows of its case, and a layer that is called alone does not."""

    batch: int = 0
    depth: int = 0
    dtype: str = ""
    integer_labels: bool = False
    fortran: bool = False


@dataclass(frozen=True)
class Given:
    """One result as it arises: what it is computed from, and ``right``, what it would be without this fault.

    ``t`` are labels, (batch,). Of the network, ``W`` is the parameter that the gradient is of. ``before`` is what the
    same place was given and gave in the call before, where it had these shapes.
    """

    right: Array
    x: Any = None
    W: Any = None
    b: Any = None
    dout: Any = None
    y: Any = None
    t: Any = None
    epsilon: float = 0.0
    before: Given | None = None
    situation: Situation = field(default_factory=Situation)

    @property
    def rows(self) -> Array:
        """Those of the batch, counted."""
        return np.arange(len(self.t))


Spoil = Callable[[Given], Any]


@dataclass(frozen=True)
class Fault:
    """``spoils`` gives what comes instead, by the place: "affine.dW", "softmax.loss", "network.dW".

    ``bits`` are the significant ones that are left, where it is about precision; ``repeats`` is whether two calls in a
    row give the same.
    """

    kind: FaultKind
    words: str
    spoils: Mapping[str, Spoil]
    bits: int | None = None
    repeats: bool = True


Draw = Callable[[np.random.Generator], Fault]
"""Draws the constants of a fault, and makes it."""
