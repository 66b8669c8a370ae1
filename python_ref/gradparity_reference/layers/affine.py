"""x @ W + b. Source: section 5.6.1."""

from __future__ import annotations

from .layer import Array, Layer


class Affine(Layer):
    """x @ W + b: W is (inputs, outputs), b is (outputs,). Images are taken as rows, in the order of their elements."""

    params = ("W", "b")
    weights = ("W",)

    def __init__(self, W: Array, b: Array) -> None:
        self.W = W
        self.b = b

    def forward(self, x: Array) -> Array:
        """x is (batch, inputs) or (batch, channels, height, width); the result is (batch, outputs)."""
        self.shape = x.shape
        self.x = x.reshape(len(x), -1)
        out: Array = self.x @ self.W + self.b
        return out

    def backward(self, dout: Array) -> Array:
        """dx, of the shape of x; keeps dW and db too. dout is (batch, outputs)."""
        self.backward_parameters(dout)
        dx: Array = dout @ self.W.T
        return dx.reshape(self.shape)

    def backward_parameters(self, dout: Array) -> None:
        """dW and db alone."""
        self.dW: Array = self.x.T @ dout
        self.db: Array = dout.sum(axis=0)
