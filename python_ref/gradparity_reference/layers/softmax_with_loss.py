"""Softmax, and the mean cross-entropy. Source: section 5.6.3."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from .layer import Array


class SoftmaxWithLoss:
    """softmax, then the mean cross-entropy ``-mean(log(p_target + epsilon))``.

    The logarithm of p is taken as x - logsumexp(x), so that a probability that underflows to 0 still has one.
    ``epsilon`` is 0 in mathematics and 1e-7 in the book (section 4.2.2). The gradient is that of epsilon = 0.
    """

    inputs: ClassVar[tuple[str, ...]] = ("x", "t")
    numbers: ClassVar[tuple[str, ...]] = ("epsilon",)

    def __init__(self, epsilon: float = 0.0) -> None:
        self.epsilon = epsilon

    def forward(self, x: Array, t: Array) -> Any:
        """The loss, a scalar. x is (batch, classes); t is one-hot of that shape, or (batch,) labels counted from 0."""
        self.rows = np.arange(len(x))
        self.labels = t if t.ndim == 1 else t.argmax(axis=1)
        z = x - x.max(axis=1, keepdims=True)
        e = np.exp(z)
        total = e.sum(axis=1, keepdims=True)
        self.y: Array = e / total
        log_p = (z - np.log(total))[self.rows, self.labels]
        if self.epsilon:
            log_p = np.log(np.exp(log_p) + x.dtype.type(self.epsilon))
        return -log_p.mean()

    def backward(self) -> Array:
        """dx = (y - t) / batch, (batch, classes): the loss is where the gradient starts, so there is no dout."""
        dx = self.y.copy()
        dx[self.rows, self.labels] -= 1
        dx /= dx.dtype.type(len(dx))
        return dx
