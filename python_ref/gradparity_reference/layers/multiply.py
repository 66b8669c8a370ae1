"""x * y. Source: section 5.4.1."""

from __future__ import annotations

from typing import Any

from .layer import Layer, Operand


class Multiply(Layer):
    """x * y, element by element."""

    inputs = ("x", "y")

    def forward(self, x: Operand, y: Operand) -> Operand:
        """The product of two numbers, or of two arrays of one shape."""
        self.x: Any = x
        self.y: Any = y
        return x * y

    def backward(self, dout: Operand) -> tuple[Operand, Operand]:
        """(dx, dy): each factor's gradient is the other factor times dout."""
        return dout * self.y, dout * self.x
