"""Twelve common bugs of ports of this network, and ports that have any of them at once."""

from __future__ import annotations

from collections.abc import Collection
from itertools import combinations
from typing import Any

import gradparity
import numpy as np
from gradparity.meta.faults.named import names_in

Array = Any

BUGS = {
    "log10": {"logarithm's base"},
    "epsilon": {"epsilon in the logarithm"},
    "sum for mean": {"sum for mean"},
    "softmax over the batch": {"softmax axis"},
    "first logit subtracted": {"softmax shift"},
    "labels off by one": {"labels shifted"},
    "mask at zero": {"mask at zero", "slope at zero"},
    "slope without 1 - y": {"sigmoid's slope"},
    "bias recycled": {"bias recycled"},
    "memory order of W": {"memory order"},
    "weight decay": {"weight decay added"},
    "single precision": {"single precision inside", "reduced precision inside"},
}
"""What is wrong, and the names of known bugs that are true of it."""
PAIRS = list(combinations(BUGS, 2))
CASES = ("random-9-6-4-*", "random-11-8-5-3-*", "random-6-5-*", "random-5-4-3-*")
"""The small ones of the suite, with all that is special in any of them."""


def made_with(bugs: Collection[str], everything: bool) -> tuple[Any, dict[str, Any]]:
    """A class for `gradparity.compare` that has these bugs, and its layers.

    ``everything``: it can be asked for its trace and its layers, and not only for the gradient and the logits.
    """

    class Affine:
        def __init__(self, W: Array, b: Array) -> None:
            self.W = W
            self.b = b
            self.used = W.ravel("F").reshape(W.shape) if "memory order of W" in bugs else W

        def forward(self, x: Array) -> Array:
            self.x = x
            single = "single precision" in bugs
            out = (x.astype("f4") @ self.used.astype("f4")).astype(x.dtype) if single else x @ self.used
            down = np.resize(self.b, out.size).reshape(out.shape[::-1]).T
            return out + (down if "bias recycled" in bugs else self.b)

        def backward(self, dout: Array) -> Array:
            self.dW = self.x.T @ dout
            self.db = dout.sum(axis=0)
            return dout @ self.used.T

    class Relu:
        def forward(self, x: Array) -> Array:
            self.dead = x < 0 if "mask at zero" in bugs else x <= 0
            return np.maximum(x, 0)

        def backward(self, dout: Array) -> Array:
            return np.where(self.dead, dout.dtype.type(0), dout)

    class Sigmoid:
        def forward(self, x: Array) -> Array:
            self.y = 1 / (1 + np.exp(-x))
            return self.y

        def backward(self, dout: Array) -> Array:
            dx = dout * self.y
            return dx if "slope without 1 - y" in bugs else dx * (1 - self.y)

    class SoftmaxWithLoss:
        def __init__(self, epsilon: float = 0.0) -> None:
            self.epsilon = 1e-7 if "epsilon" in bugs else epsilon

        def forward(self, x: Array, t: Array) -> Array:
            self.rows = np.arange(len(x))
            labels = t if t.ndim == 1 else t.argmax(axis=1)
            self.labels = (labels + 1) % x.shape[1] if "labels off by one" in bugs else labels
            over = None if "softmax over the batch" in bugs else 1
            largest = x.max(axis=over, keepdims=True)
            z = x - (x[:, :1] if "first logit subtracted" in bugs else largest)
            e = np.exp(z)
            total = e.sum(axis=over, keepdims=True)
            self.y = e / total
            log_p = (z - np.log(total))[self.rows, self.labels]
            if self.epsilon:
                log_p = np.log(np.exp(log_p) + x.dtype.type(self.epsilon))
            return -(log_p / x.dtype.type(np.log(10)) if "log10" in bugs else log_p).mean()

        def backward(self) -> Array:
            dx = self.y.copy()
            dx[self.rows, self.labels] -= 1
            return dx if "sum for mean" in bugs else dx / dx.dtype.type(len(dx))

    activations = {"relu": Relu, "sigmoid": Sigmoid}

    class Port:
        def __init__(self, weights: list[Array], biases: list[Array], activation: str, epsilon: float) -> None:
            if activation not in activations:
                raise NotImplementedError(f"it has no {activation}")
            self.layers: dict[str, Any] = {}
            for i, (W, b) in enumerate(zip(weights, biases, strict=True), start=1):
                self.layers[f"affine{i}"] = Affine(W, b)
                if i < len(weights):
                    self.layers[f"{activation}{i}"] = activations[activation]()
            self.last = SoftmaxWithLoss(epsilon)

        def predict(self, x: Array) -> Array:
            for layer in self.layers.values():
                x = layer.forward(x)
            return x

        def gradient(self, x: Array, t: Array) -> tuple[Array, dict[str, Array]]:
            loss, dout = self.last.forward(self.predict(x), t), self.last.backward()
            found: dict[str, Array] = {}
            for name, layer in reversed(self.layers.items()):
                dout = layer.backward(dout)
                if isinstance(layer, Affine):
                    i = name.removeprefix("affine")
                    decay = layer.W.dtype.type(0.01 if "weight decay" in bugs else 0)
                    found |= {f"W{i}": layer.dW + decay * layer.W, f"b{i}": layer.db}
            return loss, found

    class Traced(Port):
        def trace(self, x: Array, t: Array) -> dict[str, Array]:
            found: dict[str, Array] = {}
            for name, layer in self.layers.items():
                found[f"{name}.out"] = x = layer.forward(x)
            found["loss"] = self.last.forward(x, t)
            found["softmax.y"] = self.last.y
            found["softmax.dx"] = dout = self.last.backward()
            for name, layer in reversed(self.layers.items()):
                found[f"{name}.dx"] = dout = layer.backward(dout)
                if isinstance(layer, Affine):
                    found |= {f"{name}.dW": layer.dW, f"{name}.db": layer.db}
            return found

    layers = {"affine": Affine, **activations, "softmax_with_loss": SoftmaxWithLoss}
    return (Traced, layers) if everything else (Port, {})


def missed(bugs: Collection[str], everything: bool, cases: Collection[str] = CASES) -> tuple[list[str], list[str]]:
    """Which of these bugs of a port are not named, and the names that are given."""
    port, layers = made_with(bugs, everything)
    with np.errstate(all="ignore"):
        found = names_in(gradparity.compare(port, cases=cases, layers=layers, activation="relu"))
    names = {one.name for one in found}
    return [bug for bug in bugs if not BUGS[bug] & names], [str(one) for one in found]


if __name__ == "__main__":
    for everything in (True, False):
        left = {pair: found for pair in PAIRS if (found := missed(pair, everything))[0]}
        print("with trace and layers:" if everything else "gradient and predict alone:", end=" ")
        print(f"{len(PAIRS) - len(left)} of {len(PAIRS)} pairs named")
        for pair, (unnamed, told) in left.items():
            print(f"    {' and '.join(pair)}: not named {', '.join(unnamed)}; told {', '.join(told)}")
