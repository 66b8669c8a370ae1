"""What a layer's file declares: its results with their rigorous bounds, what backward keeps, and its known bugs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import gradparity_reference as reference
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

    ``forward`` and ``backward`` are its results with their bounds, ``kept`` those results that backward computes with:
    it finds them in attributes of these names. An activation stands between affine layers: ``gain`` is the variance of
    their weights times their inputs that keeps its own scale, ``kink`` whether its slope jumps at 0. An ``elementwise``
    layer has no sums.
    """

    kind: str
    forward: Mapping[str, Bound]
    backward: Mapping[str, Bound]
    bugs: Bugs
    kept: tuple[str, ...] = ()
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
            made = self._made(a)
            found = self._forward(made, a)
            return np.asarray((found if result in found else self._backward(made, a))[result])

    def values(self, a: Inputs) -> dict[str, Array]:
        """All results, each as ``value`` has it, by one pass."""
        with np.errstate(all="ignore"):
            made = self._made(a)
            found = {**self._forward(made, a), **self._backward(made, a)}
            return {result: np.asarray(value) for result, value in found.items()}

    def _made(self, a: Inputs) -> Any:
        made_of = reference.LAYERS[self.kind]
        return made_of(*(a[name] for name in made_of.params))

    def _forward(self, made: Any, a: Inputs) -> dict[str, Any]:
        return {"out": made.forward(*(a[name] for name in made.inputs))}

    def _backward(self, made: Any, a: Inputs) -> dict[str, Any]:
        self._keep(made, a)
        return reference.slopes(made, reference.LAYERS[self.kind], a["dout"])

    def _keep(self, made: Any, a: Inputs) -> None:
        for name in self.kept:
            if name in a:
                setattr(made, name, a[name])
