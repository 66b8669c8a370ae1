"""A network: affine layers with relu or sigmoid between them, and softmax with cross-entropy at the end.

Source: "Deep Learning from Scratch", section 5.7 (TwoLayerNet), for any number of layers.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .layers import Affine, Array, Relu, Sigmoid, SoftmaxWithLoss

ACTIVATIONS: dict[str, type[Relu] | type[Sigmoid]] = {"relu": Relu, "sigmoid": Sigmoid}


class Network:
    """``len(weights)`` affine layers with an activation between each two.

    >>> import numpy as np
    >>> net = Network([np.eye(2), np.eye(2)], [np.zeros(2), np.zeros(2)])
    >>> x = np.array([[2.0, 1.0]])
    >>> net.predict(x)
    array([[2., 1.]])
    >>> float(net.loss(x, np.array([0])))
    0.31326168751822286
    """

    def __init__(
        self, weights: Sequence[Array], biases: Sequence[Array], activation: str = "relu", epsilon: float = 0.0
    ) -> None:
        """weights[i] is (sizes[i], sizes[i + 1]), biases[i] is (sizes[i + 1],), all of one dtype.

        Raises KeyError for an activation other than "relu" or "sigmoid".
        """
        self.affines = [Affine(W, b) for W, b in zip(weights, biases, strict=True)]
        between = ACTIVATIONS[activation]
        self.activations = [between() for _ in self.affines[1:]]
        self.last = SoftmaxWithLoss(epsilon)
        self.activation = activation

    @property
    def params(self) -> dict[str, Array]:
        """The parameters by name, W1, b1, W2, ...: the arrays themselves, not copies."""
        pairs = enumerate(self.affines, start=1)
        return {name: array for i, a in pairs for name, array in ((f"W{i}", a.W), (f"b{i}", a.b))}

    def predict(self, x: Array) -> Array:
        """The logits, (batch, classes), of x, (batch, inputs)."""
        for affine, activation in zip(self.affines, self.activations, strict=False):
            x = activation.forward(affine.forward(x))
        return self.affines[-1].forward(x)

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
        for affine, activation in zip(self.affines[:0:-1], self.activations[::-1], strict=True):
            dout = activation.backward(affine.backward(dout))
        self.affines[0].backward_parameters(dout)
        pairs = enumerate(self.affines, start=1)
        return {"loss": loss} | {k: g for i, a in pairs for k, g in ((f"dW{i}", a.dW), (f"db{i}", a.db))}

    def trace(self, x: Array, t: Array) -> dict[str, Any]:
        """Every intermediate array of one forward and backward pass, in the order in which they arise.

        Forward: affine1.out, relu1.out, affine2.out, ..., softmax.y, loss. Backward: softmax.dx, affine2.dx,
        affine2.dW, affine2.db, relu1.dx, ..., affine1.dx (the gradient of the data), affine1.dW, affine1.db.
        """
        record: dict[str, Any] = {}
        for i, affine in enumerate(self.affines, start=1):
            record[f"affine{i}.out"] = x = affine.forward(x)
            if i <= len(self.activations):
                record[f"{self.activation}{i}.out"] = x = self.activations[i - 1].forward(x)
        loss = self.last.forward(x, t)
        record["softmax.y"], record["loss"] = self.last.y, loss
        record["softmax.dx"] = dout = self.last.backward()
        for i in range(len(self.affines), 0, -1):
            affine = self.affines[i - 1]
            record[f"affine{i}.dx"] = dout = affine.backward(dout)
            record[f"affine{i}.dW"], record[f"affine{i}.db"] = affine.dW, affine.db
            if i > 1:
                record[f"{self.activation}{i - 1}.dx"] = dout = self.activations[i - 2].backward(dout)
        return record
