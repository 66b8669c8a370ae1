"""The reference of a case: what the oracle computes, and what rounding explains in each of its arrays."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from gradparity_oracle import central_difference, layers

from ..cases import Array, Case, following
from . import bounds
from .envelope import LIMIT, envelopes
from .propagation import propagated_bounds
from .rounding import Precision
from .verdicts import Allowance

OPERATIONS = ("gradient", "predict", "accuracy", "trace", "numerical_gradient")

# Central differences of two implementations are compared with each other, so truncation does not matter, and
# a large step, exact in binary, lets the least of the loss's rounding error through.
STEP = 1.0
CLOSE_LOGITS = 16.0  # envelopes: logits closer than this may change places


@dataclass(frozen=True)
class LayerCheck:
    """One layer by itself: what it is fed with, what must come out, and what rounding explains."""

    name: str
    kind: str
    fields: dict[str, str]
    inputs: dict[str, Array]
    expected: dict[str, Array]
    allowances: dict[str, Allowance]


class Reference:
    """Everything is computed when it is first asked for. ``epsilon`` is the port's, where the port has its own."""

    def __init__(self, case: Case, epsilon: float | None = None) -> None:
        self.case = case
        self.epsilon = case.spec.epsilon if epsilon is None else epsilon

    @property
    def operations(self) -> list[str]:
        """Those that this case asks for: numerical gradients are for small nets."""
        return [op for op in OPERATIONS if op != "numerical_gradient" or self.case.spec.numerical]

    @cached_property
    def following(self) -> Reference:
        """The reference of another case of the same sizes, to be asked after this one."""
        return Reference(following(self.case), self.epsilon)

    def compute(self) -> None:
        """Fill every cache, so that threads only read from here on."""
        self.layers  # noqa: B018
        for operation in self.operations:
            for array in getattr(self, operation):
                self.allowance(operation, array)
        for operation in ("gradient", "trace"):
            for array in getattr(self.following, operation):
                self.following.allowance(operation, array)

    @cached_property
    def trace(self) -> dict[str, Array]:
        """Every intermediate array of the pass, by layer."""
        return _arrays(self.case.network(epsilon=self.epsilon).trace(self.case.x, self.case.t))

    @cached_property
    def gradient(self) -> dict[str, Array]:
        """loss, dW1, db1, ..."""
        return _arrays(self.case.network(epsilon=self.epsilon).gradient(self.case.x, self.case.t))

    @cached_property
    def predict(self) -> dict[str, Array]:
        """The logits, out."""
        return {"out": self.case.network().predict(self.case.x)}

    @cached_property
    def accuracy(self) -> dict[str, Array]:
        """The share of correct labels, as a float64 scalar."""
        return {"accuracy": np.asarray(self.case.network().accuracy(self.case.x, self.case.t))}

    @cached_property
    def numerical_gradient(self) -> dict[str, Array]:
        """dW1, db1, ... by central differences."""
        network = self.case.network(epsilon=self.epsilon)
        return _arrays(central_difference(network, self.case.x, self.case.t, STEP))

    @cached_property
    def _envelopes(self) -> dict[str, float]:
        return envelopes(self.case, self.epsilon)

    @cached_property
    def _allowances(self) -> dict[str, Allowance]:
        limits = propagated_bounds(self.case, self.trace, self.epsilon)
        return {name: Allowance(2 * limits[name], LIMIT * self._envelopes[name]) for name in self.trace}

    def allowance(self, operation: str, array: str) -> Allowance:
        """What rounding explains in an array of the reply to this operation."""
        if operation == "accuracy":
            return self._of_accuracy()
        if operation == "numerical_gradient":
            return self._of_difference(array)
        return self._allowances[self.in_trace(operation, array)]

    def in_trace(self, operation: str, array: str) -> str:
        """An array's name in the trace: "dW1" is "affine1.dW", the logits are "affine2.out"."""
        if operation == "predict":
            return f"affine{len(self.case.weights)}.out"
        if operation == "gradient" and array != "loss":
            return f"affine{array[2:]}.{array[:2]}"
        return array

    def _of_difference(self, array: str) -> Allowance:
        # Two losses, each off by its envelope (doubled, as the loss away from the point may be larger), over 2 steps.
        of_losses = LIMIT * np.sqrt(2) * 2 * self._envelopes["loss"] / (2 * STEP)
        size = float(np.sqrt(np.mean(np.square(self.numerical_gradient[array], dtype=np.float64))))
        return Allowance(spread=float(of_losses + 4 * Precision.of(self.case.spec.dtype).u * size))

    def _of_accuracy(self) -> Allowance:
        logits = self.predict["out"].astype(np.float64)
        name = self.in_trace("predict", "out")
        rows = np.arange(len(logits))
        of_label = logits[rows, self.case.labels]
        others = logits.copy()
        others[rows, self.case.labels] = -np.inf
        gap = abs(of_label - others.max(axis=1))
        close = (gap <= CLOSE_LOGITS * self._envelopes[name]) & (self._envelopes[name] > 0)
        # A sum over n, or times 1 / n.
        rounding = 4 * Precision.of(np.float64).u * self.accuracy["accuracy"]
        return Allowance(limit=np.asarray(close.mean() + rounding))

    @cached_property
    def layers(self) -> list[LayerCheck]:
        """Each layer of the network, and a multiplication and an addition, fed with the oracle's own inputs."""
        return [*self._elementwise_layers(), *self._network_layers(), self._last_layer()]

    def _network_layers(self) -> list[LayerCheck]:
        checks, x = [], self.case.x
        depth, activation = len(self.case.weights), self.case.spec.activation
        for i, (W, b) in enumerate(zip(self.case.weights, self.case.biases, strict=True), start=1):
            above = f"{activation}{i}.dx" if i < depth else "softmax.dx"
            checks.append(self._layer(f"affine{i}", "affine", {"x": x, "W": W, "b": b, "dout": self.trace[above]}))
            if i < depth:
                z, dout = self.trace[f"affine{i}.out"], self.trace[f"affine{i + 1}.dx"]
                checks.append(self._layer(f"{activation}{i}", activation, {"x": z, "dout": dout}))
                x = self.trace[f"{activation}{i}.out"]
        return checks

    def _elementwise_layers(self) -> list[LayerCheck]:
        rng = np.random.Generator(np.random.Philox(self.case.seed))
        shape = (len(self.case.x), self.case.spec.sizes[-1])
        x, y, dout = (rng.normal(size=shape).astype(self.case.spec.dtype) for _ in range(3))
        return [self._layer(kind, kind, {"x": x, "y": y, "dout": dout}) for kind in ("multiply", "add")]

    def _layer(self, name: str, kind: str, inputs: dict[str, Array]) -> LayerCheck:
        dout = inputs["dout"]
        if kind == "affine":
            affine = layers.Affine(inputs["W"], inputs["b"])
            out, dx = affine.forward(inputs["x"]), affine.backward(dout)
            expected = {"out": out, "dx": dx, "dW": affine.dW, "db": affine.db}
        elif kind in ("relu", "sigmoid"):
            activation = layers.Relu() if kind == "relu" else layers.Sigmoid()
            expected = {"out": activation.forward(inputs["x"]), "dx": activation.backward(dout)}
        else:
            binary = layers.Multiply() if kind == "multiply" else layers.Add()
            out = binary.forward(inputs["x"], inputs["y"])
            dx, dy = binary.backward(dout)
            expected = {"out": out, "dx": dx, "dy": dy}
        doubles = [a.astype(np.float64) for a in inputs.values()]
        bound = getattr(bounds, kind)(Precision.of(self.case.spec.dtype), *doubles)
        return LayerCheck(name, kind, {"kind": kind}, inputs, expected, _twice(bound))

    def _last_layer(self) -> LayerCheck:
        x, t = self.trace[f"affine{len(self.case.weights)}.out"], self.case.t
        last = layers.SoftmaxWithLoss(self.epsilon)
        loss = last.forward(x, t)
        expected = _arrays({"loss": loss, "y": last.y, "dx": last.backward()})
        p = Precision.of(self.case.spec.dtype)
        bound = bounds.softmax_with_loss(p, x.astype(np.float64), self.case.labels, self.epsilon)
        kind = "softmax_with_loss"
        fields = {"kind": kind, "epsilon": repr(self.epsilon)}
        return LayerCheck("softmax", kind, fields, {"x": x, "t": t}, expected, _twice(bound))


def _arrays(values: dict[str, Any]) -> dict[str, Array]:
    return {name: np.asarray(value) for name, value in values.items()}


def _twice(bound: dict[str, Any]) -> dict[str, Allowance]:
    """The port and the oracle each lie within the bound of the exact result."""
    return {name: Allowance(limit=2 * np.asarray(e)) for name, e in bound.items()}
