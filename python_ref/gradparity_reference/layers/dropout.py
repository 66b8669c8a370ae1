"""Dropout. Source: section 6.4.3; N. Srivastava et al. (2014)."""

from __future__ import annotations

from .layer import Array, Layer, rounded


class Dropout(Layer):
    """In training x times a mask of 0 and 1; in the test x times 1 - ratio, the share that training keeps.

    The mask is given, so that no random generator has to be shared: 1 where a number drawn from [0, 1) is above ratio.
    """

    masks = ("mask",)
    numbers = ("ratio",)

    def __init__(self, mask: Array, ratio: float = 0.5) -> None:
        """The mask is uint8, of the shape of x."""
        self.mask, self.ratio = mask, ratio

    def forward(self, x: Array) -> Array:
        """x of any shape; the same shape comes back."""
        out: Array = x * self._kept(x)
        return out

    def backward(self, dout: Array) -> Array:
        """dx, of the shape of x."""
        dx: Array = dout * self._kept(dout)
        return dx

    def _kept(self, like: Array) -> Array:
        kept: Array = self.mask if self.training else rounded(1 - self.ratio, like)
        return kept
