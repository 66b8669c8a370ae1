"""A network: an ordered collection of named layers, and softmax with cross-entropy at the end.

Source: "Deep Learning from Scratch", section 5.7 (TwoLayerNet), for any layers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from .layers import LAYERS, Array, Layer, SoftmaxWithLoss


def dense(depth: int, activation: str) -> list[str]:
    """The kinds of ``depth`` affine layers with an activation between each two.

    >>> dense(2, "relu")
    ['affine', 'relu', 'affine']
    """
    return ["affine", *[activation, "affine"] * (depth - 1)]


class Network:
    """Layers by name, in the order in which they are applied: the kind, and a number that counts those with params.

    >>> import numpy as np
    >>> net = Network(dense(2, "relu"), {"W1": np.eye(2), "b1": np.zeros(2), "W2": np.eye(2), "b2": np.zeros(2)})
    >>> list(net.layers)
    ['affine1', 'relu1', 'affine2']
    >>> x = np.array([[2.0, 1.0]])
    >>> net.predict(x)
    array([[2., 1.]])
    >>> float(net.loss(x, np.array([0])))
    0.31326168751822286
    """

    def __init__(
        self,
        kinds: Sequence[str],
        params: Mapping[str, Array],
        epsilon: float = 0.0,
        layers: Mapping[str, type[Layer]] = LAYERS,
        loss: type[SoftmaxWithLoss] = SoftmaxWithLoss,
    ) -> None:
        """``params`` by name and number, W1, b1, W2, ..., all of one dtype; the layers hold these arrays, no copies.

        ``layers`` and ``loss`` are the classes to make it of. Raises KeyError for a kind that there is not, and for a
        parameter that is missing.
        """
        self.kinds = list(kinds)
        self.layers: dict[str, Layer] = {}
        self.last = loss(epsilon)
        number = 0
        for kind in kinds:
            made_of = layers[kind]
            number += bool(made_of.params)
            self.layers[f"{kind}{number}"] = made_of(*(params[f"{name}{number}"] for name in made_of.params))

    @property
    def params(self) -> dict[str, Array]:
        """The parameters by name, W1, b1, W2, ...: the arrays themselves, not copies."""
        pairs = enumerate(self._learning(), start=1)
        return {f"{name}{i}": getattr(layer, name) for i, layer in pairs for name in layer.params}

    def predict(self, x: Array) -> Array:
        """The logits, (batch, classes), of x, (batch, inputs)."""
        for layer in self.layers.values():
            x = layer.forward(x)
        return x

    def loss(self, x: Array, t: Array) -> Any:
        """The mean cross-entropy, a scalar, against t: one-hot (batch, classes), or labels (batch,) from 0."""
        return self.last.forward(self.predict(x), t)

    def accuracy(self, x: Array, t: Array) -> float:
        """The share of rows whose largest logit (the first, in a tie) is at the label."""
        labels = t if t.ndim == 1 else t.argmax(axis=1)
        return float((self.predict(x).argmax(axis=1) == labels).mean())

    def gradient(self, x: Array, t: Array) -> dict[str, Any]:
        """The loss, and the gradient of every parameter: {"loss": ..., "dW1": ..., "db1": ..., "dW2": ...}."""
        loss = self.loss(x, t)
        dout = self.last.backward()
        first, *others = self.layers.values()
        for layer in reversed(others):
            dout = layer.backward(dout)
        first.backward_parameters(dout)
        pairs = enumerate(self._learning(), start=1)
        return {"loss": loss} | {f"{name}{i}": slope for i, layer in pairs for name, slope in layer.gradients.items()}

    def trace(self, x: Array, t: Array) -> dict[str, Any]:
        """Every intermediate array of one forward and backward pass, in the order in which they arise.

        Forward: affine1.out, relu1.out, affine2.out, ..., softmax.y, loss. Backward: softmax.dx, affine2.dx,
        affine2.dW, affine2.db, relu1.dx, ..., affine1.dx (the gradient of the data), affine1.dW, affine1.db.
        """
        record: dict[str, Any] = {}
        for name, layer in self.layers.items():
            record[f"{name}.out"] = x = layer.forward(x)
        loss = self.last.forward(x, t)
        record["softmax.y"], record["loss"] = self.last.y, loss
        record["softmax.dx"] = dout = self.last.backward()
        for name, layer in reversed(self.layers.items()):
            record[f"{name}.dx"] = dout = layer.backward(dout)
            record |= {f"{name}.{key}": slope for key, slope in layer.gradients.items()}
        return record

    def _learning(self) -> list[Layer]:
        return [layer for layer in self.layers.values() if layer.params]


class MultiLayerNet(Network):
    """Affine layers with an activation between each two. Source: section 6.5 (TwoLayerNet of 5.7, with two)."""

    def __init__(
        self, weights: Sequence[Array], biases: Sequence[Array], activation: str = "relu", epsilon: float = 0.0
    ) -> None:
        """weights[i] is (sizes[i], sizes[i + 1]), biases[i] is (sizes[i + 1],), all of one dtype.

        Raises KeyError for an activation that there is not.
        """
        pairs = enumerate(zip(weights, biases, strict=True), start=1)
        params = {name: array for i, (W, b) in pairs for name, array in ((f"W{i}", W), (f"b{i}", b))}
        super().__init__(dense(len(weights), activation), params, epsilon)
