"""What a layer's file declares: its results with their rigorous bounds, what backward keeps, and its known bugs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

import gradparity_oracle as reference
import numpy as np

from ...arithmetic.precision import Array, Precision
from ..evidence import Bugs, Inputs


class Phase(StrEnum):
    """When a result arises."""

    FORWARD = "forward"
    BACKWARD = "backward"


Bound = Callable[[Precision, Inputs], Any]
"""Bound of |computed - exact| of a result, elementwise, that holds for every implementation which works in this
precision: any order of summation, fused or not. The inputs are float64. Where a result that backward keeps is among
them, that is what backward was computed from."""


@dataclass(frozen=True)
class Layer:
    """A layer: how each result follows from its inputs is in its class in the reference, all the rest is here.

    ``forward`` and ``backward`` are its results with their bounds, ``kept`` those results that backward computes with,
    by the attribute in which it finds them. An activation stands between affine layers: ``gain`` is the variance of
    their weights times their inputs that keeps its own scale, ``kink`` whether its slope jumps at 0. An ``elementwise``
    layer has no sums.
    """

    kind: str
    forward: Mapping[str, Bound]
    backward: Mapping[str, Bound]
    bugs: Bugs
    kept: Mapping[str, str] = field(default_factory=dict)
    activation: bool = False
    gain: float = 1.0
    kink: bool = False
    elementwise: bool = False

    @property
    def results(self) -> tuple[str, ...]:
        """Their names, in the order in which they arise."""
        return (*self.forward, *self.backward)

    @property
    def inputs(self) -> tuple[str, ...]:
        """The names of what it is given: forward's arguments, its parameters, and dout."""
        made_of = reference.LAYERS[self.kind]
        return (*made_of.inputs, *made_of.params, "dout")

    def phase(self, result: str) -> Phase:
        """When this result arises."""
        return Phase.FORWARD if result in self.forward else Phase.BACKWARD

    def bound(self, result: str, p: Precision, a: Inputs) -> Array:
        """Of this result; infinite where nothing can be said."""
        with np.errstate(all="ignore"):
            found = np.asarray((self.forward.get(result) or self.backward[result])(p, a))
        return np.where(np.isnan(found), np.inf, found)

    def value(self, result: str, a: Inputs) -> Array:
        """How this result follows from the inputs, in their dtype: by the reference, which keeps what is given here."""
        with np.errstate(all="ignore"):
            return np.asarray(self._value(result, a))

    def _value(self, result: str, a: Inputs) -> Any:
        made_of = reference.LAYERS[self.kind]
        layer = made_of(*(a[name] for name in made_of.params))
        out = layer.forward(*(a[name] for name in made_of.inputs))
        if result in self.forward:
            return out
        for name, attribute in self.kept.items():
            if name in a:
                setattr(layer, attribute, a[name])
        slopes = layer.backward(a["dout"])
        if result in layer.gradients:
            return layer.gradients[result]
        by_name = dict(zip((f"d{name}" for name in made_of.inputs), slopes if isinstance(slopes, tuple) else (slopes,),
                           strict=True))  # fmt: skip
        return by_name[result]
