"""Convolution, as a matrix product. Source: sections 7.2 and 7.4.3."""

from __future__ import annotations

from .layer import Array, Layer
from .windows import col2im, im2col, out_sizes


class Convolution(Layer):
    """Each filter laid on each window of the images, products summed; the filter is not flipped. Then a bias each.

    W is (filters, channels, height, width), b is (filters,).
    """

    params = ("W", "b")
    weights = ("W",)
    numbers = ("stride", "pad")

    def __init__(self, W: Array, b: Array, stride: int = 1, pad: int = 0) -> None:
        """Windows begin ``stride`` pixels apart; ``pad`` rows and columns of zeros stand on all four sides."""
        self.W, self.b = W, b
        self.stride, self.pad = stride, pad

    def forward(self, x: Array) -> Array:
        """x is (batch, channels, height, width); the result is (batch, filters, out height, out width)."""
        filters, _, *size = self.W.shape
        self.x = x
        height, width = out_sizes(x, (size[0], size[1]), self.stride, self.pad)
        windows = im2col(x, (size[0], size[1]), self.stride, self.pad)
        self.col = windows.reshape(len(x) * height * width, -1)
        out = self.col @ self.W.reshape(filters, -1).T + self.b
        images: Array = out.reshape(len(x), height, width, filters).transpose(0, 3, 1, 2)
        return images

    def backward(self, dout: Array) -> Array:
        """dx, of the shape of x; keeps dW and db too. dout is (batch, filters, out height, out width)."""
        self.backward_parameters(dout)
        filters, *window = self.W.shape
        batch, _, height, width = dout.shape
        dcol = self.rows @ self.W.reshape(filters, -1)
        return col2im(dcol.reshape(batch, height, width, *window), self.x, self.stride, self.pad)

    def backward_parameters(self, dout: Array) -> None:
        """dW and db alone."""
        self.rows = dout.transpose(0, 2, 3, 1).reshape(-1, len(self.W))
        self.dW: Array = (self.rows.T @ self.col).reshape(self.W.shape)
        self.db: Array = self.rows.sum(axis=0)
