"""tanh. Source: its volume 2, section 5.3."""

from __future__ import annotations

import numpy as np

from .layer import Array, Layer


class Tanh(Layer):
    """(exp(x) - exp(-x)) / (exp(x) + exp(-x)), with the slope 1 - tanh(x)^2. Source: its volume 2, section 5.3."""

    def forward(self, x: Array) -> Array:
        """x of any shape; the same shape comes back. Near 0 the library's tanh keeps the digits that exp(x) loses."""
        self.out: Array = np.tanh(x)
        return self.out

    def backward(self, dout: Array) -> Array:
        """dx, of the shape of x."""
        dx: Array = dout * (1 - self.out**2)
        return dx
