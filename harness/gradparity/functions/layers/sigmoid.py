"""1 / (1 + exp(-x)). The result is right to a few u relatively; in dout y (1 - y), 1 - y has y's absolute error."""

from __future__ import annotations

import numpy as np

from ...arithmetic.precision import EXP, SAFETY, Array, Precision
from ..evidence import Bugs, Candidates, Evidence, Inputs
from .layer import Layer

UNITS = EXP + 6  # 1 / (1 + exp(-x)), or exp(x) / (1 + exp(x)): exp, a sum, a quotient

bug = Bugs("sigmoid")


def _out(p: Precision, a: Inputs) -> Array:
    out: Array = UNITS * p.u / (1 + np.exp(-a["x"])) + p.tiny
    return out


def _dx(p: Precision, a: Inputs) -> Array:
    if "out" in a:  # it is kept as it is, or, where the port keeps more than it shows, known to rounding
        return UNITS * p.u * abs(a["dout"] * a["out"]) + p.subnormal
    y = 1 / (1 + np.exp(-a["x"]))
    slope = UNITS * p.u * y + 4 * p.u * y * (1 - y)
    return SAFETY * abs(a["dout"]) * (slope + p.tiny) + p.subnormal


SIGMOID = Layer(
    "sigmoid",
    forward={"out": _out},
    backward={"dx": _dx},
    bugs=bug,
    kept=("out",),
    activation=True,
    elementwise=True,
)


@bug("exp(x) for exp(-x)", results=("out",))
def _exp_sign(e: Evidence) -> Candidates:
    yield "the sign in the exponent: the curve is mirrored", 1 / (1 + np.exp(e.inputs["x"]))


@bug("sigmoid's slope", results=("dx",))
def _slope(e: Evidence) -> Candidates:
    x, y, dout = (e.inputs[name] for name in ("x", "out", "dout"))
    again = 1 / (1 + np.exp(-y))
    yield "the slope misses its factor 1 - y", dout * y
    yield "the slope misses its factor y", dout * (1 - y)
    yield "the slope is x (1 - x), of the input, for y (1 - y)", dout * x * (1 - x)
    yield "sigmoid is applied twice in the slope", dout * again * (1 - again)
    yield "the slope is not applied", dout
    yield "the incoming gradient is not multiplied in", y * (1 - y)
