"""x * y, element by element."""

from __future__ import annotations

from ...arithmetic.precision import Array, Precision
from ..evidence import Bugs, Candidates, Evidence
from .layer import Layer

bug = Bugs("multiply")


def _one(p: Precision, value: Array) -> Array:
    bound: Array = p.u * abs(value) + p.subnormal
    return bound


MULTIPLY = Layer(
    "multiply",
    forward={"out": lambda p, a: _one(p, a["x"] * a["y"])},
    backward={"dx": lambda p, a: _one(p, a["dout"] * a["y"]), "dy": lambda p, a: _one(p, a["dout"] * a["x"])},
    bugs=bug,
    elementwise=True,
)


@bug("operands exchanged", results=("dx", "dy"))
def _exchanged(e: Evidence) -> Candidates:
    other = "x" if e.result == "dx" else "y"
    sentence = "dx and dy are exchanged: each factor's gradient is the other factor times dout"
    yield sentence, e.inputs["dout"] * e.inputs[other]
