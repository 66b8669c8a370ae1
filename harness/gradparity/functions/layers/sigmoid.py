"""1 / (1 + exp(-x)). The result is right to a few u relatively; in dout y (1 - y), 1 - y has y's absolute error."""

from __future__ import annotations

import numpy as np
from gradparity_reference import Sigmoid

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


class WithoutOverflow(Sigmoid):
    """exp(x) / (1 + exp(x)) for negative x, and dout (y - y y)."""

    def forward(self, x: Array) -> Array:
        """See `Sigmoid`."""
        e = np.exp(-abs(x))
        self.out = np.where(x < 0, e / (1 + e), 1 / (1 + e))
        return self.out

    def backward(self, dout: Array) -> Array:
        """See `Sigmoid`."""
        dx: Array = dout * (self.out - self.out * self.out)
        return dx


class BookSigmoid(Sigmoid):
    """dout (1 - y) y, in the order of the book's layer."""

    def backward(self, dout: Array) -> Array:
        """See `Sigmoid`."""
        dx: Array = dout * (1 - self.out) * self.out
        return dx


SIGMOID = Layer(
    "sigmoid",
    forward={"out": _out},
    backward={"dx": _dx},
    bugs=bug,
    kept=("out",),
    activation=True,
    assumed=True,
    elementwise=True,
    formulas=(WithoutOverflow, BookSigmoid),
)


@bug("exp(x) for exp(-x)", results=("out",))
def _exp_sign(e: Evidence) -> Candidates:
    yield "the sign in the exponent: the curve is mirrored", 1 / (1 + np.exp(e.inputs["x"]))


@bug("overflow", loses=True)
def _overflow(e: Evidence) -> Candidates:
    x = e.inputs["x"]
    for text, power in {"exp(x)": np.exp(x), "exp(-x)": np.exp(-x)}.items():
        if e.result == "dx":
            formula, came = f"{text} / (1 + {text})^2", e.inputs["dout"] * power / (1 + power) ** 2
        else:
            formula, came = f"{text} / (1 + {text})", power / (1 + power)
        if not np.isfinite(power).all():
            yield f"{text} overflows in {formula}", came


CLIPPED = (
    10.0,
    15.0,
    16.0,
    20.0,
    30.0,
    32.0,
    35.0,
    36.0,
    40.0,
    45.0,
    50.0,
    60.0,
    80.0,
    88.0,
    100.0,
    500.0,
    700.0,
    709.0,
)


@bug("sigmoid clipped")
def _clipped(e: Evidence) -> Candidates:
    largest = float(abs(e.inputs["x"]).max(initial=0.0))
    for most in (most for most in CLIPPED if most < largest):
        sentence = f"x is clipped to [-{most:g}, {most:g}] before the sigmoid"
        y = SIGMOID.value("out", {"x": np.clip(e.inputs["x"], -most, most)})
        yield (
            sentence,
            y if e.result == "out" else e.inputs["dout"] * np.where(abs(e.inputs["x"]) > most, 0, y * (1 - y)),
        )


@bug.solved("exp is off", "exp(-x) is off by the factor 1 + {c}", results=("out",), starts=(1e-6,))
def _exp_off(e: Evidence, c: float) -> Array:
    power = np.exp(-e.inputs["x"])
    y: Array = 1 / (1 + (power + power * power.dtype.type(c)))
    return y


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
