"""What a port declares to do on purpose otherwise than the reference, and the reference that does exactly that.

A declaration is a name, or a name and a value: ``flush_denormals``, ``log_base=10``. Layers and losses that differ by
it are subclasses of the reference's, so envelopes and bounds hold of them as of any other.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from functools import cache
from typing import Any

import gradparity_reference as reference
import numpy as np

from ..arithmetic.precision import SAFETY, Array, Precision
from .evidence import Inputs
from .layers import Layer
from .layers.layer import Bound
from .layers.softmax_with_loss import one_hot, probability, softmax, softmax_relative

ACCURACIES = ("last", "any", "percent")


@dataclass(frozen=True)
class Declared:
    """What is declared; by default nothing.

    * ``flush_denormals``: denormal numbers are zeros, given or computed, as in JAX.
    * ``log_base``: of the logarithm in the loss. The gradient is that of the natural logarithm.
    * ``clip``: the loss is of max(p, clip). The gradient is not clipped.
    * ``epsilon_in_gradient``: the gradient is that of -log(p + epsilon), as automatic differentiation gives it.
    * ``slope_at_zero``: of relu, at exactly 0.
    * ``predict``: "probabilities", for logits.
    * ``accuracy``: of a tie the "last" of the largest logits, or "any" of them; or in "percent".
    * ``reduction``: "sum" over the batch, for the mean, in loss and gradient.
    """

    flush_denormals: bool = False
    log_base: float | None = None
    clip: float | None = None
    epsilon_in_gradient: bool = False
    slope_at_zero: float | None = None
    predict: str = ""
    accuracy: str = ""
    reduction: str = ""

    @staticmethod
    def of(declared: str | Mapping[str, Any] | Iterable[str]) -> Declared:
        """Of the text of hello's field, ``flush_denormals,log_base=10``; or a dict or a collection of the same.

        Raises ValueError for what is not known, with what is.
        """
        if isinstance(declared, Mapping):
            declared = [f"{name}={value}" for name, value in declared.items() if value is not False]
        texts = declared.split(",") if isinstance(declared, str) else list(declared)
        found: dict[str, Any] = {}
        for text in filter(None, (str(one).strip() for one in texts)):
            name, _, value = text.partition("=")
            if name not in KNOWN:
                raise ValueError(f"expected some of {', '.join(KNOWN)}, came {text!r}")
            if name in found:
                raise ValueError(f"expected {name} once, came {text!r}, too")
            found[name] = KNOWN[name].read(text, value)
        return Declared(**found)

    @property
    def texts(self) -> list[str]:
        """Each declaration as hello has it."""
        own = {one.name: getattr(self, one.name) for one in fields(self) if getattr(self, one.name) != one.default}
        return [name if value is True else f"{name}={_shown(value)}" for name, value in own.items()]

    def network(
        self,
        kinds: Sequence[str | reference.LayerSpec],
        arrays: Mapping[str, Array],
        epsilon: float = 0.0,
        weight_decay: float = 0.0,
        tiny: float = 0.0,
        other: Mapping[str, type[Any]] = {},
    ) -> DeclaredNetwork:
        """The reference's network with what is declared. ``other`` are classes in place of the reference's, by kind.

        ``tiny`` is the smallest normal number of the arithmetic that it stands for.
        """
        made_of = {kind: self.made_of(kind, tiny, other.get(kind)) for kind in reference.LAYERS | reference.LOSSES}
        network = DeclaredNetwork(kinds, arrays, epsilon, made_of, _losses(made_of), weight_decay)
        network.declared = self
        return network

    def made_of(self, kind: str, tiny: float, made_of: type[Any] | None = None) -> type[Any]:
        """The class of a layer of this kind: ``made_of``, or the reference's, with what is declared of it."""
        plain: type[Any] = made_of or (reference.LAYERS | reference.LOSSES)[kind]
        return _class_of(self, kind, tiny, plain)  # type: ignore[arg-type]

    def layer(self, layer: Layer, tiny: float) -> Layer:
        """The layer with what is declared of it, and the bounds of that."""
        made_of = self.made_of(layer.kind, tiny)
        if made_of in (*reference.LAYERS.values(), *reference.LOSSES.values()):
            return layer
        bounds = {**layer.forward, **layer.backward}
        bounds |= _BOUNDS.get(layer.kind, _unchanged)(self, layer, replace(layer, made_of=made_of))
        if self.flush_denormals:
            bounds = {result: _of_flushed(result, bound, layer, made_of) for result, bound in bounds.items()}
        forward = {result: bounds[result] for result in layer.forward}
        return replace(layer, made_of=made_of, forward=forward, backward={one: bounds[one] for one in layer.backward})

    def gives(self, came: Array) -> bool:
        """Whether these may be results of a port that declares this: a denormal number is none where they are zeros."""
        if not self.flush_denormals or came.dtype.kind != "f":
            return True
        return not np.any((came != 0) & (abs(came) < np.finfo(came.dtype).tiny))


@dataclass(frozen=True)
class _Known:
    """How the value of a declaration is written, and read."""

    expected: str
    value: Callable[[str], Any]

    def read(self, text: str, value: str) -> Any:
        """Raises ValueError."""
        try:
            return self.value(value)
        except (ValueError, KeyError):
            raise ValueError(f"expected {self.expected}, came {text!r}") from None


def _number(least: float, most: float) -> Callable[[str], float]:
    def read(text: str) -> float:
        value = float(text)
        if not least <= value <= most or value == 1 == least:
            raise ValueError(text)
        return value

    return read


def _yes(text: str) -> bool:
    return {"": True, "True": True}[text]


def _one_of(*words: str) -> Callable[[str], str]:
    return lambda text: {word: word for word in words}[text]


KNOWN: dict[str, _Known] = {
    "flush_denormals": _Known("flush_denormals", _yes),
    "log_base": _Known("log_base=10 or another number above 1, at most 100", _number(1, 100)),
    "clip": _Known("clip=1e-7 or another number from 1e-300 to 0.5", _number(1e-300, 0.5)),
    "epsilon_in_gradient": _Known("epsilon_in_gradient", _yes),
    "slope_at_zero": _Known("slope_at_zero=0.5 or another number from 0 to 1", _number(0, 1)),
    "predict": _Known("predict=probabilities", _one_of("probabilities")),
    "accuracy": _Known(f"accuracy={' or '.join(ACCURACIES)}", _one_of(*ACCURACIES)),
    "reduction": _Known("reduction=sum", _one_of("sum")),
}
"""The declarations that there are, by name."""

NOTHING = Declared()


class DeclaredNetwork(reference.Network):
    """The reference's network, with what is declared of predict and accuracy. Its layers bring the rest."""

    declared = NOTHING

    def predict(self, x: Array) -> Array:
        """The logits, or what they are made of the probabilities."""
        logits = self.logits(x)
        return probability(logits) if self.declared.predict else logits

    def logits(self, x: Array) -> Array:
        """What `Network.predict` gives."""
        return super().predict(x)

    def accuracy(self, x: Array, t: Array) -> float:
        """The share, or the percentage, of rows whose largest logit is at the label."""
        labels, logits = (t if t.ndim == 1 else t.argmax(axis=1)), self.logits(x)
        if self.declared.accuracy == "any":
            return float((logits[np.arange(len(x)), labels] == logits.max(axis=1)).mean())
        if self.declared.accuracy == "last":
            return float((logits.shape[1] - 1 - logits[:, ::-1].argmax(axis=1) == labels).mean())
        share = float((logits.argmax(axis=1) == labels).mean())
        return 100 * share if self.declared.accuracy == "percent" else share


@cache
def _class_of(declared: Declared, kind: str, tiny: float, made_of: type[Any]) -> type[Any]:
    if kind == "relu" and declared.slope_at_zero:
        made_of = _with_slope(declared.slope_at_zero, made_of)
    if kind == reference.LOSS and (declared.log_base or declared.clip or declared.epsilon_in_gradient):
        made_of = _of_probability(declared, made_of)
    if kind in reference.LOSSES and declared.reduction:
        made_of = _summed(made_of)
    if declared.flush_denormals:
        made_of = _flushing_loss(tiny, made_of) if kind in reference.LOSSES else _flushing(tiny, made_of)
    return made_of


def _with_slope(slope: float, made_of: type[Any]) -> type[Any]:
    class WithSlope(made_of):  # type: ignore[misc]
        """relu, with this slope at 0."""

        def forward(self, x: Array) -> Array:
            self.at_zero = (x.real <= 0) & ~(x.real < 0)
            out: Array = super().forward(x)
            return out

        def backward(self, dout: Array) -> Array:
            dx: Array = np.where(self.at_zero, dout * dout.dtype.type(slope), super().backward(dout))
            return dx

    return WithSlope


def _of_probability(declared: Declared, made_of: type[Any]) -> type[Any]:
    class OfProbability(made_of):  # type: ignore[misc]
        """The loss of a clipped probability, to another base; the gradient with epsilon in it."""

        def forward(self, x: Array, t: Array) -> Any:
            loss, number = super().forward(x, t), x.dtype.type
            if declared.clip:
                p = np.maximum(self.y[self.rows, self.labels], number(declared.clip))
                loss = -np.log(p + number(self.epsilon) if self.epsilon else p).mean()
            return loss / number(math.log(declared.log_base)) if declared.log_base else loss

        def backward(self) -> Array:
            dx: Array = super().backward()
            if declared.epsilon_in_gradient and self.epsilon:
                p = self.y[self.rows, self.labels]
                dx = dx * (p / (p + dx.dtype.type(self.epsilon)))[:, None]
            return dx

    return OfProbability


def _summed(made_of: type[Any]) -> type[Any]:
    class Summed(made_of):  # type: ignore[misc]
        """A sum over the batch, for the mean."""

        def forward(self, x: Array, t: Array) -> Any:
            return super().forward(x, t) * x.dtype.type(len(x))

        def backward(self) -> Array:
            dx: Array = super().backward()
            dx *= dx.dtype.type(len(dx))
            return dx

    return Summed


def _flushed(a: Array, tiny: float) -> Any:
    return np.where(abs(a) < tiny, a.dtype.type(0), a)


def _flushing_loss(tiny: float, made_of: type[Any]) -> type[Any]:
    class FlushingLoss(made_of):  # type: ignore[misc]
        """A loss whose denormal numbers are zeros."""

        y: Array

        def forward(self, x: Array, t: Array) -> Any:
            loss = super().forward(_flushed(x, tiny), t)
            if hasattr(self, "y"):
                self.y = _flushed(self.y, tiny)
            return loss

        def backward(self) -> Array:
            dx: Array = _flushed(super().backward(), tiny)
            return dx

    return FlushingLoss


def _flushing(tiny: float, made_of: type[Any]) -> type[Any]:
    class Flushing(made_of):  # type: ignore[misc]
        """A layer whose denormal numbers are zeros, given or computed."""

        def forward(self, *inputs: Array) -> Array:
            out: Array = _flushed(super().forward(*(_flushed(one, tiny) for one in inputs)), tiny)
            return out

        def backward(self, dout: Array) -> Any:
            back = super().backward(_flushed(dout, tiny))
            self._flush()
            return tuple(_flushed(one, tiny) for one in back) if isinstance(back, tuple) else _flushed(back, tiny)

        def backward_parameters(self, dout: Array) -> None:
            super().backward_parameters(_flushed(dout, tiny))
            self._flush()

        def _flush(self) -> None:
            for name in self.params:
                setattr(self, f"d{name}", _flushed(getattr(self, f"d{name}"), tiny))

    return Flushing


def _of_flushed(result: str, bound: Bound, layer: Layer, made_of: type[Any]) -> Bound:
    """A port may flush more than results, such as each product, or less: it lies between flushing and not."""

    def of_flushed(p: Precision, a: Inputs) -> Array:
        changes: Array = abs(layer.value(result, a, made_of) - layer.value(result, a))
        found: Array = bound(p, a) + p.tiny + changes
        return found

    return of_flushed


def _unchanged(declared: Declared, layer: Layer, changed: Layer) -> dict[str, Bound]:
    return {}


def _of_relu(declared: Declared, layer: Layer, changed: Layer) -> dict[str, Bound]:
    def dx(p: Precision, a: Inputs) -> Array:
        return np.where(a["x"] == 0, p.u * abs((declared.slope_at_zero or 0) * a["dout"]) + p.subnormal, 0.0)

    return {"dx": dx}


def _of_loss(declared: Declared, layer: Layer, changed: Layer) -> dict[str, Bound]:
    """Those of the plain loss, scaled; and a few roundings more."""

    def loss(p: Precision, a: Inputs) -> Any:
        factor = (len(a["x"]) if declared.reduction else 1) / math.log(declared.log_base or math.e)
        return SAFETY * (factor * layer.bound("loss", p, a) + 4 * p.u * abs(changed.value("loss", a))) + p.subnormal

    def dx(p: Precision, a: Inputs) -> Array:
        n = len(a["x"]) if declared.reduction else 1
        bound: Array = n * layer.bound("dx", p, a) + 4 * p.u * abs(changed.value("dx", a)) + p.subnormal
        if declared.epsilon_in_gradient:
            rows = np.arange(len(a["x"]))
            slope = n / len(a["x"]) * abs(softmax(a["x"])[0] - one_hot(a))
            bound = bound + slope * (softmax_relative(a["x"], p)[rows, a["t"]] + 6 * p.u)[:, None]
        return SAFETY * bound

    return {"loss": loss, "dx": dx}


_BOUNDS = {"relu": _of_relu, reference.LOSS: _of_loss, "squared_error": _of_loss}


def _losses(made_of: Mapping[str, type[Any]]) -> dict[str, type[Any]]:
    return {kind: made_of[kind] for kind in reference.LOSSES}


def _shown(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)
