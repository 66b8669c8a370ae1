"""What a layer's file declares: how a case writes it down, its results with their bounds, and its known bugs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
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


Shape = tuple[int, ...]
Draw = Callable[[np.random.Generator, Shape, Mapping[str, float]], Array]
"""Draws an array of this shape, for a layer with these numbers."""


@dataclass(frozen=True)
class Fitted:
    """A layer that takes inputs of some shape: its numbers, the shapes of what it holds, and that of its result.

    The shape of an input, a mask or a result is that of one row of the batch.
    """

    out: Shape
    numbers: Mapping[str, float] = field(default_factory=dict)
    arrays: Mapping[str, Shape] = field(default_factory=dict)


def same_shape(options: Mapping[str, str], shape: Shape) -> Fitted:
    """A layer that takes any shape, and gives it back."""
    return Fitted(shape)


@dataclass(frozen=True)
class Layer:
    """A layer: how each result follows from its inputs is in its class in the reference, all the rest is here.

    ``notation`` is a regular expression of what follows the kind where a case writes the layer down, and ``fit`` makes
    of its groups, those that are there, a layer for inputs of a shape; it raises ValueError with what was expected.
    ``draws`` are how what it holds is drawn, where that is no weight or bias.

    ``forward`` and ``backward`` are its results with their bounds, ``kept`` those results that backward computes with:
    it finds them in attributes of these names. An activation stands between affine layers: ``gain`` is the variance of
    their weights times their inputs that keeps its own scale, ``kink`` whether its slope jumps at 0. ``assumed``: every
    port is taken to have networks with it, listed in hello or not. An ``elementwise`` layer has no sums.
    ``formulas`` are other classes for the same mathematics: correct implementations, which soak must never find wrong.
    ``rounds_most`` is the one of them that rounds most, where that is not the reference's: the envelope of a whole pass
    is that of this one. ``absorbs_bias``: what is added to a whole column of its input changes nothing.
    ``follows``: results that may be computed from another one of the layer's, by name: which one, and how.
    """

    kind: str
    forward: Mapping[str, Bound]
    backward: Mapping[str, Bound]
    bugs: Bugs
    kept: tuple[str, ...] = ()
    notation: str = ""
    fit: Callable[[Mapping[str, str], Shape], Fitted] = same_shape
    draws: Mapping[str, Draw] = field(default_factory=dict)
    activation: bool = False
    gain: float = 1.0
    kink: bool = False
    assumed: bool = False
    elementwise: bool = False
    formulas: tuple[type[Any], ...] = ()
    rounds_most: type[Any] | None = None
    absorbs_bias: bool = False
    follows: Mapping[str, tuple[str, Callable[[Inputs], Any]]] = field(default_factory=dict)

    @property
    def results(self) -> tuple[str, ...]:
        """Their names, in the order in which they arise."""
        return (*self.forward, *self.backward)

    @property
    def inputs(self) -> tuple[str, ...]:
        """The names of what it is given: forward's arguments, its parameters, and dout."""
        made_of = reference.LAYERS[self.kind]
        return (*made_of.inputs, *made_of.arrays(), "dout")

    @property
    def numbers(self) -> tuple[str, ...]:
        """The names of its numbers. Among the inputs of a bound or a bug they are arrays without dimensions."""
        return reference.LAYERS[self.kind].numbers

    @property
    def phased(self) -> bool:
        """Whether it does something else in the test phase than in training, where the input ``training`` is True."""
        made_of = reference.LAYERS[self.kind]
        return bool(made_of.state or made_of.masks)

    def phase(self, result: str) -> Phase:
        """When this result arises."""
        return Phase.FORWARD if result in self.forward else Phase.BACKWARD

    def bound(self, result: str, p: Precision, a: Inputs) -> Array:
        """Of this result; infinite where nothing can be said."""
        with np.errstate(all="ignore"):
            found = np.asarray((self.forward.get(result) or self.backward[result])(p, a))
        return np.where(np.isnan(found), np.inf, found)

    def value(self, result: str, a: Inputs, made_of: type[reference.Layer] | None = None) -> Array:
        """How this result follows from the inputs, in their dtype: by the reference, which keeps what is given here.

        ``made_of`` is another class than the reference's.
        """
        with np.errstate(all="ignore"):
            made = self._made(a, made_of)
            found = self._forward(made, a)
            return np.asarray((found if result in found else self._backward(made, a))[result])

    def values(self, a: Inputs) -> dict[str, Array]:
        """All results, each as ``value`` has it, by one pass."""
        with np.errstate(all="ignore"):
            made = self._made(a)
            found = {**self._forward(made, a), **self._backward(made, a)}
            return {result: np.asarray(value) for result, value in found.items()}

    def _made(self, a: Inputs, made_of: type[reference.Layer] | None = None) -> Any:
        made_of = made_of or reference.LAYERS[self.kind]
        made = made_of(*(a[name] for name in made_of.arrays()), **{name: a[name].item() for name in made_of.numbers})
        made.training = is_training(a)
        return made

    def _forward(self, made: Any, a: Inputs) -> dict[str, Any]:
        found = {"out": made.forward(*(a[name] for name in made.inputs))}
        return found | {name: getattr(made, name) for name in made.state if made.training}

    def _backward(self, made: Any, a: Inputs) -> dict[str, Any]:
        self._keep(made, a)
        return reference.slopes(made, reference.LAYERS[self.kind], a["dout"])

    def _keep(self, made: Any, a: Inputs) -> None:
        for name in self.kept:
            if name in a:
                setattr(made, name, a[name])


class Loss(Layer):
    """The last layer, which nothing follows: it has no dout, and its own results by name."""

    @property
    def inputs(self) -> tuple[str, ...]:
        """What it is given, but for its numbers."""
        return reference.LOSSES[self.kind].inputs

    @property
    def numbers(self) -> tuple[str, ...]:
        """The names of its numbers."""
        return reference.LOSSES[self.kind].numbers

    @property
    def phased(self) -> bool:
        """It does the same in both phases."""
        return False

    def _made(self, a: Inputs, made_of: Any = None) -> Any:
        return reference.LOSSES[self.kind](**{name: float(a.get(name, 0.0)) for name in self.numbers})

    def _forward(self, made: Any, a: Inputs) -> dict[str, Any]:
        loss = made.forward(a["x"], a["t"])
        return {"loss": loss, **{name: getattr(made, name) for name in self.kept}}

    def _backward(self, made: Any, a: Inputs) -> dict[str, Any]:
        self._keep(made, a)
        return {"dx": made.backward()}


def is_training(a: Inputs) -> bool:
    """The phase that these inputs are of."""
    return bool(a["training"]) if "training" in a else True
