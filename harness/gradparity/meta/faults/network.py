"""The reference with faults in it, as a port for `gradparity.compare`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

import numpy as np
from gradparity_reference import LAYERS, LOSS, LOSSES, Affine, Network, Relu, Sigmoid, SoftmaxWithLoss, dense

from ...cases import Array
from .fault import Fault, Given, Situation


class Asks(StrEnum):
    """What the port has to ask for; each has what the one before has."""

    GRADIENT = "gradient alone"
    PREDICT = "gradient and predict"
    TRACE = "gradient, predict and trace"
    LAYERS = "gradient, predict, trace and layers"


@dataclass
class Spoiler:
    """Spoils each result, and keeps what each place was given in the call before."""

    faults: Sequence[Fault]
    situation: Situation = field(default_factory=Situation)
    before: dict[tuple[Any, ...], Given] = field(default_factory=dict)

    def __call__(self, place: str, name: str, right: Any, **given: Any) -> Any:
        """What comes instead of this result of the layer of this name, in its own dtype."""
        given = {key: np.array(value) if isinstance(value, np.ndarray) else value for key, value in given.items()}
        shapes = tuple(value.shape for value in given.values() if isinstance(value, np.ndarray))
        key = (place, name, right.dtype, np.shape(right), shapes)
        came = np.asarray(right)
        for fault in self.faults:
            if place in fault.spoils:
                step = Given(right=came, before=self.before.get(key), situation=self.situation, **given)
                came = np.asarray(fault.spoils[place](step)).astype(right.dtype)
        self.before[key] = Given(right=np.array(right), **given)
        return came if isinstance(right, np.ndarray) else came[()]

    @property
    def layers(self) -> dict[str, Any]:
        """The layers' classes by kind, with the faults in them."""
        spoil = self

        class FaultyAffine(Affine):
            name = ""

            def forward(self, x: Array) -> Array:
                right = super().forward(x)
                out: Array = spoil("affine.out", self.name, right, x=self.x, W=self.W, b=self.b)
                return out

            def backward_parameters(self, dout: Array) -> None:
                super().backward_parameters(dout)
                given = {"x": self.x, "W": self.W, "b": self.b, "dout": dout}
                self.dW = spoil("affine.dW", self.name, self.dW, **given)
                self.db = spoil("affine.db", self.name, self.db, **given)

            def backward(self, dout: Array) -> Array:
                right = super().backward(dout)
                dx: Array = spoil("affine.dx", self.name, right, x=self.x, W=self.W, b=self.b, dout=dout)
                return dx

        class FaultyRelu(Relu):
            name = ""

            def forward(self, x: Array) -> Array:
                self.x = x
                out: Array = spoil("relu.out", self.name, super().forward(x), x=x)
                return out

            def backward(self, dout: Array) -> Array:
                dx: Array = spoil("relu.dx", self.name, super().backward(dout), x=self.x, dout=dout)
                return dx

        class FaultySigmoid(Sigmoid):
            name = ""

            def forward(self, x: Array) -> Array:
                self.x = x
                self.out = spoil("sigmoid.out", self.name, super().forward(x), x=x)
                return self.out

            def backward(self, dout: Array) -> Array:
                right = super().backward(dout)
                dx: Array = spoil("sigmoid.dx", self.name, right, x=self.x, y=self.out, dout=dout)
                return dx

        class FaultySoftmax(SoftmaxWithLoss):
            def forward(self, x: Array, t: Array) -> Any:
                right = super().forward(x, t)
                given = {"x": x, "t": self.labels, "epsilon": self.epsilon}
                self.y = spoil("softmax.y", "", self.y, **given)
                return spoil("softmax.loss", "", right, y=self.y, **given)

            def backward(self) -> Array:
                dx: Array = spoil("softmax.dx", "", super().backward(), y=self.y, t=self.labels)
                return dx

        return {"affine": FaultyAffine, "relu": FaultyRelu, "sigmoid": FaultySigmoid, LOSS: FaultySoftmax}


def as_port(faults: Sequence[Fault], asks: Asks) -> tuple[Any, dict[str, Any]]:
    """A function that makes the network of a case, and the layers' classes, to be given to `gradparity.compare`."""
    spoil = Spoiler(faults)
    made = spoil.layers

    def faulty(weights: list[Array], biases: list[Array], activation: str, epsilon: float) -> Any:
        params = {f"W{i}": W for i, W in enumerate(weights, 1)} | {f"b{i}": b for i, b in enumerate(biases, 1)}
        kinds = dense(len(weights), activation)
        network = Network(kinds, params, epsilon, {**LAYERS, **made}, {**LOSSES, LOSS: made[LOSS]})
        for name, layer in network.layers.items():
            layer.name = name  # type: ignore[attr-defined]
        return {Asks.GRADIENT: GradientAlone, Asks.PREDICT: WithPredict}.get(asks, WithTrace)(network, spoil)

    return faulty, made if asks is Asks.LAYERS else {}


class GradientAlone:
    """A network that can be asked for its gradient."""

    def __init__(self, network: Network, spoil: Spoiler) -> None:
        self.network, self.spoil = network, spoil

    def gradient(self, x: Array, t: Array) -> dict[str, Any]:
        """The loss and the gradients, with the faults of the whole network in them, too."""
        self._now(x, t)
        found, params = self.network.gradient(x, t), self.network.params
        return {
            name: value if name == "loss" else self.spoil(f"network.{name[:2]}", name, value, W=params[name[1:]])
            for name, value in found.items()
        }

    def _now(self, x: Array, t: Array | None = None) -> None:
        first = next(iter(self.network.params.values()))
        fortran = bool(first.flags.f_contiguous and not first.flags.c_contiguous)
        labels = t is not None and t.ndim == 1
        depth = len(self.network.params) // 2
        self.spoil.situation = replace(
            Situation(), batch=len(x), depth=depth, dtype=str(first.dtype), integer_labels=labels, fortran=fortran
        )


class WithPredict(GradientAlone):
    """And for its logits."""

    def predict(self, x: Array) -> Array:
        """The logits."""
        self._now(x)
        return self.network.predict(x)


class WithTrace(WithPredict):
    """And for each intermediate array."""

    def trace(self, x: Array, t: Array) -> dict[str, Any]:
        """All that arises."""
        self._now(x, t)
        found = self.network.trace(x, t)
        self.spoil.situation = Situation()  # a layer alone knows nothing of it
        return found
