"""Optimizers: each updates the parameters in place, given their gradient.

Source: "Deep Learning from Scratch", section 6.1.
"""

from __future__ import annotations

from collections.abc import Mapping

from .layers import Array


class SGD:
    """Stochastic gradient descent: p <- p - learning_rate * dp."""

    def __init__(self, learning_rate: float = 0.01) -> None:
        self.learning_rate = learning_rate

    def update(self, params: Mapping[str, Array], gradient: Mapping[str, Array]) -> None:
        """params are {"W1": ..., "b1": ..., ...}, changed in place; gradient has "dW1", "db1", ... of their shapes."""
        for name, p in params.items():
            p -= p.dtype.type(self.learning_rate) * gradient["d" + name]
