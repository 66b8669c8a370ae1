"""Max pooling. Source: sections 7.3 and 7.4.4."""

from __future__ import annotations

import numpy as np

from .layer import Array, Layer
from .windows import col2im, im2col, out_sizes


class MaxPooling(Layer):
    """The largest number of each window, channel by channel. Zeros that ``pad`` puts around an image take part.

    The gradient goes to the number that was the largest: of equal ones to the first, row by row. Where windows overlap,
    gradients add up.
    """

    numbers = ("height", "width", "stride", "pad")

    def __init__(self, height: int, width: int, stride: int = 2, pad: int = 0) -> None:
        """Windows of so many rows and columns begin ``stride`` pixels apart."""
        self.height, self.width, self.stride, self.pad = height, width, stride, pad

    def forward(self, x: Array) -> Array:
        """x is (batch, channels, height, width); the result is (batch, channels, out height, out width)."""
        size = self.height, self.width
        self.x = x
        rows, columns = out_sizes(x, size, self.stride, self.pad)
        windows = im2col(x, size, self.stride, self.pad).reshape(len(x), rows, columns, x.shape[1], -1)
        self.largest = np.argmax(windows, axis=-1)[..., None]
        out: Array = np.take_along_axis(windows, self.largest, axis=-1)[..., 0].transpose(0, 3, 1, 2)
        return out

    def backward(self, dout: Array) -> Array:
        """dx, of the shape of x. dout is of the shape of the result."""
        at = dout.transpose(0, 2, 3, 1)[..., None]
        dcol = np.zeros_like(at, shape=(*at.shape[:-1], self.height * self.width))
        np.put_along_axis(dcol, self.largest, at, axis=-1)
        return col2im(dcol.reshape(*at.shape[:-1], self.height, self.width), self.x, self.stride, self.pad)
