"""1 / (1 + exp(-x)). Source: section 5.5.2."""

from __future__ import annotations

import numpy as np

from .layer import Array, Layer


class Sigmoid(Layer):
    """1 / (1 + exp(-x))."""

    def forward(self, x: Array) -> Array:
        """x of any shape; the same shape comes back. Overflow of exp(-x) to infinity gives the right limit, 0."""
        with np.errstate(over="ignore"):
            self.out: Array = 1 / (1 + np.exp(-x))
        return self.out

    def backward(self, dout: Array) -> Array:
        """dx, of the shape of x."""
        dx: Array = dout * self.out * (1 - self.out)
        return dx
