"""Half the sum of squares, as a mean over the batch. Source: section 4.2.1; as a network's last layer, 5.6.3."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from .layer import Array


class SquaredError:
    """The loss of an output layer that changes nothing: ``sum((x - t)^2) / 2`` of each row, and the mean of the rows.

    The gradient is as simple as that of softmax with cross-entropy: (x - t) / batch.
    """

    inputs: ClassVar[tuple[str, ...]] = ("x", "t")
    numbers: ClassVar[tuple[str, ...]] = ()

    def forward(self, x: Array, t: Array) -> Any:
        """The loss, a scalar. x is (batch, classes); t is one-hot of that shape, or (batch,) labels counted from 0."""
        labels = t if t.ndim == 1 else t.argmax(axis=1)
        self.difference: Array = x.copy()
        self.difference[np.arange(len(x)), labels] -= 1
        return (self.difference**2).sum(axis=1).mean() / 2

    def backward(self) -> Array:
        """dx = (x - t) / batch, (batch, classes): the loss is where the gradient starts, so there is no dout."""
        dx: Array = self.difference / self.difference.dtype.type(len(self.difference))
        return dx
