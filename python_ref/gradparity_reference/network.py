"""A network: an ordered collection of named layers, and a loss at the end.

Source: "Deep Learning from Scratch", section 5.7 (TwoLayerNet), for any layers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from .layers import LAYERS, LOSS, LOSSES, Array, Layer
from .layers.layer import rounded


class LayerSpec(NamedTuple):
    """A layer of a network: its kind, and its numbers, such as stride and pad."""

    kind: str
    numbers: tuple[tuple[str, float], ...] = ()


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

    ``loss``, ``gradient`` and ``trace`` are of the training phase, ``predict`` and ``accuracy`` of the test.
    """

    def __init__(
        self,
        kinds: Sequence[str | LayerSpec],
        arrays: Mapping[str, Array],
        epsilon: float = 0.0,
        layers: Mapping[str, type[Layer]] = LAYERS,
        losses: Mapping[str, Any] = LOSSES,
        weight_decay: float = 0.0,
    ) -> None:
        """Make it of the layers of these kinds; the loss is the last kind, or else softmax with cross-entropy.

        ``arrays`` are what the layers hold, by name and number, W1, b1, gamma2, running_mean2, mask2, ..., the params
        all of one dtype; no copies are made. ``epsilon`` is that of the cross-entropy. ``weight_decay`` times half the
        squares of all weights is added to the loss (section 6.4.2). ``layers`` and ``losses`` are the classes to make
        it of. Raises KeyError for a kind that there is not, and for an array that is missing.
        """
        specs = [LayerSpec(kind) if isinstance(kind, str) else kind for kind in kinds]
        last = specs.pop().kind if specs and specs[-1].kind in losses else LOSS
        self.kinds = [*specs, LayerSpec(last)]
        self.layers: dict[str, Layer] = {}
        self.numbers: dict[str, int] = {}
        self.last = losses[last](epsilon) if last == LOSS else losses[last]()
        self.weight_decay = weight_decay
        number = 0
        for kind, options in specs:
            made_of = layers[kind]
            number += bool(made_of.params)
            held = (arrays[f"{name}{number}"] for name in made_of.arrays())
            name = f"{kind}{number}"
            self.layers[name], self.numbers[name] = made_of(*held, **dict(options)), number

    @property
    def params(self) -> dict[str, Array]:
        """The parameters by name, W1, b1, W2, ...: the arrays themselves, not copies."""
        return {f"{param}{i}": getattr(layer, param) for i, layer in self._numbered() for param in layer.params}

    @property
    def weights(self) -> dict[str, Array]:
        """Those of the parameters that weight decay makes smaller: W1, W2, ..."""
        return {f"{name}{i}": getattr(layer, name) for i, layer in self._numbered() for name in layer.weights}

    @property
    def dtype(self) -> Any:
        """That of the parameters, or float64 where there are none."""
        return next((p.dtype for p in self.params.values()), np.dtype(np.float64))

    @property
    def state(self) -> dict[str, Array]:
        """What training has moved on beside the parameters: running_mean2, running_var2, ..."""
        return {f"{name}{i}": getattr(layer, name) for i, layer in self._numbered() for name in layer.state}

    @property
    def masks(self) -> dict[str, Array]:
        """The masks by name: mask2, ..."""
        return {f"{name}{i}": getattr(layer, name) for i, layer in self._numbered() for name in layer.masks}

    def held(self) -> dict[str, Array]:
        """The parameters and the state, layer by layer: W1, b1, gamma2, beta2, running_mean2, ..."""
        numbered = self._numbered()
        return {f"{name}{i}": getattr(layer, name) for i, layer in numbered for name in layer.params + layer.state}

    def hold(self, arrays: Mapping[str, Array]) -> None:
        """Take these arrays, by name and number, for those that the layers have: a state, or other masks."""
        for i, layer in self._numbered():
            for name in layer.arrays():
                if f"{name}{i}" in arrays:
                    setattr(layer, name, arrays[f"{name}{i}"])

    def predict(self, x: Array) -> Array:
        """The logits, (batch, classes), of x, (batch, inputs) or (batch, channels, height, width)."""
        return self._forward(x, training=False)

    def loss(self, x: Array, t: Array) -> Any:
        """The mean loss against t, a scalar, and what weight decay adds. t: one-hot, or labels (batch,) from 0."""
        return self.penalized(self.last.forward(self._forward(x, training=True), t))

    def penalized(self, loss: Any) -> Any:
        """A loss with what weight decay adds to it: half of it, times the squares of all weights."""
        for W in self.weights.values() if self.weight_decay else ():
            loss = loss + (rounded(self.weight_decay / 2, W) * W**2).sum()
        return loss

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
        numbered = self._numbered()
        found = {f"{name}{i}": slope for i, layer in numbered for name, slope in layer.gradients.items()}
        return {"loss": loss} | found | self.decayed(found)

    def decayed(self, gradient: Mapping[str, Array]) -> dict[str, Array]:
        """The gradients of the weights with what weight decay adds to each; none where there is no weight decay."""
        if not self.weight_decay:
            return {}
        return {
            f"d{name}": gradient[f"d{name}"] + rounded(self.weight_decay, W) * W for name, W in self.weights.items()
        }

    def trace(self, x: Array, t: Array) -> dict[str, Any]:
        """Every intermediate array of one forward and backward pass, in the order in which they arise.

        Forward: affine1.out, relu1.out, affine2.out, ..., softmax.y, loss. Backward: softmax.dx, affine2.dx,
        affine2.dW, affine2.db, relu1.dx, ..., affine1.dx (the gradient of the data), affine1.dW, affine1.db. A layer
        with a state has that after its out, as this pass moves it on. Each array is the layer's own, and the loss that
        of the last layer: weight decay is in none of them.
        """
        record: dict[str, Any] = {}
        for name, layer in self.layers.items():
            layer.training = True
            record[f"{name}.out"] = x = layer.forward(x)
            record |= {f"{name}.{key}": getattr(layer, key) for key in layer.state}
        loss, last = self.last.forward(x, t), last_name(self.kinds[-1].kind)
        if hasattr(self.last, "y"):
            record[f"{last}.y"] = self.last.y
        record["loss"] = loss
        record[f"{last}.dx"] = dout = self.last.backward()
        for name, layer in reversed(self.layers.items()):
            record[f"{name}.dx"] = dout = layer.backward(dout)
            record |= {f"{name}.{key}": slope for key, slope in layer.gradients.items()}
        return record

    def _forward(self, x: Array, training: bool) -> Array:
        for layer in self.layers.values():
            layer.training = training
            x = layer.forward(x)
        return x

    def _numbered(self) -> list[tuple[int, Layer]]:
        return [(self.numbers[name], layer) for name, layer in self.layers.items()]


def last_name(kind: str) -> str:
    """What a trace calls the last layer: softmax, or squared_error."""
    return kind.removesuffix("_with_loss")


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
