"""Images and the windows that a filter sees of them, each window a row. Source: section 7.4.2."""

from __future__ import annotations

import numpy as np

from .layer import Array


def out_sizes(x: Array, size: tuple[int, int], stride: int, pad: int) -> tuple[int, int]:
    """Rows and columns of the result: (height + 2 pad - window) // stride + 1, and so in width."""
    height, width = ((x.shape[2 + i] + 2 * pad - size[i]) // stride + 1 for i in (0, 1))
    return height, width


def im2col(x: Array, size: tuple[int, int], stride: int, pad: int) -> Array:
    """All windows of images x, (batch, channels, height, width), padded by zeros on all four sides.

    (batch, out height, out width, channels, window height, window width).
    """
    padded = np.pad(x, [(0, 0), (0, 0), (pad, pad), (pad, pad)])
    windows = np.lib.stride_tricks.sliding_window_view(padded, size, axis=(2, 3))
    every: Array = windows[:, :, ::stride, ::stride].transpose(0, 2, 3, 1, 4, 5)
    return every


def col2im(col: Array, x: Array, stride: int, pad: int) -> Array:
    """Images of the shape of x in which all windows are added up, where they overlap: the way back of a gradient."""
    _, rows, columns, _, height, width = col.shape
    batch, channels, x_height, x_width = x.shape
    padded = np.zeros_like(col, shape=(batch, channels, x_height + 2 * pad, x_width + 2 * pad))
    col = col.transpose(0, 3, 4, 5, 1, 2)
    for i in range(height):
        for j in range(width):
            padded[:, :, i : i + stride * rows : stride, j : j + stride * columns : stride] += col[:, :, i, j]
    images: Array = padded[:, :, pad : pad + x_height, pad : pad + x_width]
    return images
