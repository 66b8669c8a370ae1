"""Ports that hide: RIGHT must agree; WRONG must not, and what is wrong is named as told here, or not at all.

Each is a network as people write one, with one thing changed. What is told is a sentence for people; the names that
would be true of it stand beside.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

Array = Any


class Net:
    """The network, in NumPy: what is below changes one of its methods."""

    def __init__(
        self,
        weights: list[Array],
        biases: list[Array],
        activation: str = "relu",
        epsilon: float = 0.0,
        dtype: str = "float64",
    ) -> None:
        self.weights, self.biases, self.activation = weights, biases, activation
        self.epsilon, self.dtype = epsilon, np.dtype(dtype)

    def dot(self, a: Array, b: Array) -> Array:
        return a @ b

    def column_sums(self, d: Array) -> Array:
        return d.sum(axis=0)

    def sigmoid(self, z: Array) -> Array:
        return 1 / (1 + np.exp(-z))

    def relu(self, z: Array) -> Array:
        return np.maximum(z, 0)

    def relu_slope(self, z: Array) -> Array:
        return z > 0

    def shift(self, z: Array) -> Array:
        return z.max(axis=1, keepdims=True)

    def softmax(self, z: Array) -> Array:
        e = np.exp(z - self.shift(z))
        return e / e.sum(axis=1, keepdims=True)

    def log_softmax(self, z: Array) -> Array:
        z = z - z.max(axis=1, keepdims=True)
        return z - np.log(np.exp(z).sum(axis=1, keepdims=True))

    def mean(self, terms: Array) -> Array:
        return terms.mean()

    def given(self, gradients: dict[str, Array], x: Array) -> dict[str, Array]:
        return gradients

    def predict(self, x: Array) -> Array:
        self.inputs, self.z = [], []
        for W, b in zip(self.weights, self.biases, strict=True):
            self.inputs.append(x)
            z = self.dot(x, W) + b
            self.z.append(z)
            x = self.relu(z) if self.activation == "relu" else self.sigmoid(z)
        return z

    def gradient(self, x: Array, t: Array) -> tuple[Array, dict[str, Array]]:
        z = self.predict(x)
        rows, labels = np.arange(len(x)), t if t.ndim == 1 else t.argmax(axis=1)
        log_p = self.log_softmax(z)[rows, labels]
        if self.epsilon:
            log_p = np.log(np.exp(log_p) + self.dtype.type(self.epsilon))
        loss = -self.mean(log_p)
        d = self.softmax(z)
        d[rows, labels] -= 1
        d = d / self.dtype.type(len(d))
        found = {}
        for i in reversed(range(len(self.weights))):
            found[f"W{i + 1}"] = self.dot(self.inputs[i].T, d)
            found[f"b{i + 1}"] = self.column_sums(d)
            if i:
                d = self.dot(d, self.weights[i].T)
                if self.activation == "relu":
                    d = d * self.relu_slope(self.z[i - 1]).astype(self.dtype)
                else:
                    d = d * self.inputs[i] * (1 - self.inputs[i])
        return loss, self.given(found, x)


class CompensatedSum(Net):
    def column_sums(self, d: Array) -> Array:
        total, lost = np.zeros(d.shape[1], d.dtype), np.zeros(d.shape[1], d.dtype)
        for row in d:
            y = row - lost
            after = total + y
            lost, total = (after - total) - y, after
        return total


class DoubleInside(Net):
    def dot(self, a: Array, b: Array) -> Array:
        return (a.astype("f8") @ b.astype("f8")).astype(a.dtype)

    def column_sums(self, d: Array) -> Array:
        return d.astype("f8").sum(axis=0).astype(d.dtype)


class BlockedProduct(Net):
    def dot(self, a: Array, b: Array) -> Array:
        out = np.zeros((a.shape[0], b.shape[1]), a.dtype)
        for start in range(0, a.shape[1], 3):
            out = out + a[:, start : start + 3] @ b[start : start + 3]
        return out


class PlainProduct(Net):
    def dot(self, a: Array, b: Array) -> Array:
        out = np.zeros((a.shape[0], b.shape[1]), a.dtype)
        for k in range(a.shape[1]):
            out = out + a[:, k : k + 1] * b[k : k + 1]
        return out


class SigmoidByTanh(Net):
    def sigmoid(self, z: Array) -> Array:
        half = self.dtype.type(0.5)
        return half + half * np.tanh(half * z)


class SoftmaxByLogarithm(Net):
    def softmax(self, z: Array) -> Array:
        return np.exp(self.log_softmax(z))


class TensorFloat(Net):
    def dot(self, a: Array, b: Array) -> Array:
        def cut(x: Array) -> Array:
            return (np.ascontiguousarray(x).view("u4") & np.uint32(0xFFFFE000)).view("f4")

        return cut(a) @ cut(b) if a.dtype == np.float32 else a @ b


class FlushedToZero(Net):
    def dot(self, a: Array, b: Array) -> Array:
        out = a @ b
        out[np.abs(out) < np.finfo(a.dtype).tiny] = 0
        return out


class OnlyBig(Net):
    def given(self, gradients: dict[str, Array], x: Array) -> dict[str, Array]:
        if len(x) > 50:
            gradients["W1"] = gradients["W1"].copy()
            gradients["W1"][0, 0] *= 1 + 1e-6
        return gradients


class TailDropped(Net):
    def column_sums(self, d: Array) -> Array:
        n = len(d) // 8 * 8 if len(d) >= 8 else len(d)
        return d[:n].sum(axis=0)


class HalfAtZero(Net):
    def relu_slope(self, z: Array) -> Array:
        return (z > 0) + 0.5 * (z == 0)


class Leaky(Net):
    def relu(self, z: Array) -> Array:
        return np.where(z > 0, z, self.dtype.type(1e-6) * z)


class ExpOff(Net):
    def sigmoid(self, z: Array) -> Array:
        return 1 / (1 + np.exp(-z) * (1 + self.dtype.type(1e-9)))


class FirstLogit(Net):
    def shift(self, z: Array) -> Array:
        return z[:, :1]


class NoShift(Net):
    def shift(self, z: Array) -> Array:
        return z.dtype.type(0)


class Clipped(Net):
    def given(self, gradients: dict[str, Array], x: Array) -> dict[str, Array]:
        return {name: np.clip(a, -5, 5) for name, a in gradients.items()}


class AnotherEachTime(Net):
    def given(self, gradients: dict[str, Array], x: Array) -> dict[str, Array]:
        rng = np.random.default_rng()
        return {name: a * (1 + 1e-9 * rng.normal()) for name, a in gradients.items()}


class Decay(Net):
    def given(self, gradients: dict[str, Array], x: Array) -> dict[str, Array]:
        of = {f"W{i}": W for i, W in enumerate(self.weights, start=1)}
        return {name: a + self.dtype.type(0.01) * of[name] if name in of else a for name, a in gradients.items()}


class MeanByMore(Net):
    def mean(self, terms: Array) -> Array:
        return terms.sum() / self.dtype.type(len(terms) + 1e-7)


RIGHT = (Net, CompensatedSum, DoubleInside, BlockedProduct, PlainProduct, SigmoidByTanh, SoftmaxByLogarithm)


@dataclass(frozen=True)
class Truth:
    """What is wrong, said; and the names of known bugs that are true of it, with the constant where there is one."""

    said: str
    names: frozenset[str]
    constant: float | None = None


def _truth(said: str, *names: str, constant: float | None = None) -> Truth:
    return Truth(said, frozenset(names), constant)


WRONG = {
    TensorFloat: _truth("10 bits of mantissa inside (TensorFloat-32)", "reduced precision inside", constant=10),
    FlushedToZero: _truth("denormal results flushed to zero", "denormals flushed"),
    OnlyBig: _truth("one element of dW1, from batch 51 on"),
    TailDropped: _truth("rows past the last multiple of 8 are not in db", "block's tail dropped"),
    HalfAtZero: _truth("slope 1/2 at 0", "slope at zero", constant=0.5),
    Leaky: _truth("a leaky relu, slope 1e-6", "leaky slope", constant=1e-6),
    ExpOff: _truth("exp off by 1e-9 relatively, always to one side", "exp is off", constant=1e-9),
    FirstLogit: _truth("the row's first logit is subtracted, not its largest", "softmax shift"),
    NoShift: _truth("nothing is subtracted", "softmax shift", "overflow"),
    Clipped: _truth("gradients clipped to [-5, 5]", "gradient clipped", constant=5),
    AnotherEachTime: _truth("another answer each time, by 1e-9", "does not repeat"),
    Decay: _truth("weight decay 0.01 W added to dW", "weight decay added", constant=0.01),
    MeanByMore: _truth("divided by N + 1e-7", "another divisor", constant=1e-7),
}
