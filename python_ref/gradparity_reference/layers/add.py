"""x + y. Source: section 5.4.2."""

from __future__ import annotations

from .layer import Layer, Operand


class Add(Layer):
    """x + y, element by element."""

    inputs = ("x", "y")

    def forward(self, x: Operand, y: Operand) -> Operand:
        """The sum of two numbers, or of two arrays of one shape."""
        return x + y

    def backward(self, dout: Operand) -> tuple[Operand, Operand]:
        """(dx, dy): both are dout."""
        return dout, dout
