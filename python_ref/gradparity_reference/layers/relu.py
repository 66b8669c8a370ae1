"""max(x, 0). Source: section 5.5.1."""

from __future__ import annotations

import numpy as np

from .layer import Array, Layer


class Relu(Layer):
    """max(x, 0), with gradient 0 at 0. NaN stays NaN."""

    def forward(self, x: Array) -> Array:
        """x of any shape; the same shape comes back."""
        self.inactive = x.real <= 0
        out: Array = np.maximum(x, 0)  # which orders complex numbers by their real parts
        return out

    def backward(self, dout: Array) -> Array:
        """dx, of the shape of x."""
        dx: Array = np.where(self.inactive, dout.dtype.type(0), dout)
        return dx
