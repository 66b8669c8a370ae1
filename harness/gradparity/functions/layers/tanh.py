"""tanh(x). The result is right to a few u relatively, as libraries' are; in dout (1 - y^2), 1 - y^2 has y^2's error."""

from __future__ import annotations

import numpy as np
from gradparity_reference import Tanh

from ...arithmetic.precision import EXP, SAFETY, Array, Precision
from ..evidence import Bugs, Candidates, Evidence, Inputs
from .layer import Layer

UNITS = EXP + 6  # the library's tanh; or, by e = expm1(2 x), e / (e + 2): expm1, a sum, a quotient

bug = Bugs("tanh")


def _out(p: Precision, a: Inputs) -> Array:
    out: Array = UNITS * p.u * abs(np.tanh(a["x"])) + p.tiny
    return out


def _dx(p: Precision, a: Inputs) -> Array:
    """Of dout (1 - y^2), dout (1 - y) (1 + y) and dout / cosh(x)^2. The last keeps no y, so y's own error counts."""
    square = np.square(a["out"] if "out" in a else np.tanh(a["x"]))
    slope = (2 * UNITS + 1) * p.u * square + 4 * p.u * abs(1 - square)
    return SAFETY * abs(a["dout"]) * slope + p.subnormal


class ByExpm1(Tanh):
    """e / (e + 2) with e = expm1(2 |x|), and dout (1 - y) (1 + y)."""

    def forward(self, x: Array) -> Array:
        """See `Tanh`. Beyond 22, y is 1 in float64, too, and e would overflow long after that."""
        e = np.expm1(2 * np.minimum(abs(x), 22))
        self.out = np.copysign(e / (e + 2), x)
        return self.out

    def backward(self, dout: Array) -> Array:
        """See `Tanh`."""
        dx: Array = dout * (1 - self.out) * (1 + self.out)
        return dx


TANH = Layer(
    "tanh",
    forward={"out": _out},
    backward={"dx": _dx},
    bugs=bug,
    kept=("out",),
    activation=True,
    elementwise=True,
    formulas=(ByExpm1,),
)


@bug("tanh by exponentials", results=("out",))
def _by_exponentials(e: Evidence) -> Candidates:
    x, both = e.inputs["x"], "exp(x) - exp(-x) over their sum"
    for y in ((np.exp(2 * x) - 1) / (np.exp(2 * x) + 1), (np.exp(x) - np.exp(-x)) / (np.exp(x) + np.exp(-x))):
        if not np.all(np.isfinite(y)):
            yield f"{both} overflows where x is large", y
    if e.comparable and np.all(abs(e.came - e.expected) <= UNITS * Precision.of(e.came.dtype).u):
        yield f"{both} loses digits where x is near 0, unlike the library's tanh, or expm1", e.came


@bug("tanh of another argument", results=("out",))
def _argument(e: Evidence) -> Candidates:
    yield "it is tanh(x / 2): 2 / (1 + exp(-x)) - 1, for 2 / (1 + exp(-2 x)) - 1", np.tanh(e.inputs["x"] / 2)
    yield "it is tanh(2 x)", np.tanh(2 * e.inputs["x"])


@bug("tanh's slope", results=("dx",))
def _slope(e: Evidence) -> Candidates:
    x, y, dout = (e.inputs[name] for name in ("x", "out", "dout"))
    yield "the slope is 1 - y, for 1 - y^2", dout * (1 - y)
    yield "the slope is y (1 - y), which is sigmoid's, for 1 - y^2", dout * y * (1 - y)
    yield "the slope is 1 - x^2, of the input, for 1 - y^2", dout * (1 - np.square(x))
    yield "the slope is 1 + y^2, for 1 - y^2", dout * (1 + np.square(y))
    yield "tanh is applied twice in the slope", dout * (1 - np.square(np.tanh(y)))
    yield "the slope is not applied", dout
    yield "the incoming gradient is not multiplied in", 1 - np.square(y)
