"""max(x, 0), with gradient 0 at 0. Nothing is rounded."""

from __future__ import annotations

import numpy as np
from gradparity_reference import Relu

from ...arithmetic.precision import Array
from ..evidence import Bugs, Candidates, Evidence
from .layer import Layer

bug = Bugs("relu")


class MaskedByResult(Relu):
    """The mask is that of the result, and multiplies."""

    def forward(self, x: Array) -> Array:
        """See `Relu`."""
        out = super().forward(x)
        self.active = out > 0
        return out

    def backward(self, dout: Array) -> Array:
        """See `Relu`."""
        dx: Array = dout * self.active
        return dx


RELU = Layer(
    "relu",
    forward={"out": lambda p, a: np.zeros_like(a["x"])},
    backward={"dx": lambda p, a: np.zeros_like(a["x"])},
    bugs=bug,
    activation=True,
    gain=2.0,
    kink=True,
    assumed=True,
    elementwise=True,
    formulas=(MaskedByResult,),
)


@bug("mask inverted")
def _mask_inverted(e: Evidence) -> Candidates:
    lead = e.inputs["x"] if e.result == "out" else e.inputs["dout"]
    yield "the mask is inverted: it keeps what is negative", np.where(e.inputs["x"] <= 0, lead, 0)
    if e.result == "out":
        yield "the mask is inverted: it keeps what is negative", np.minimum(e.inputs["x"], 0)


@bug("mask at zero", results=("dx",))
def _mask_at_zero(e: Evidence) -> Candidates:
    yield "the gradient passes at exactly 0: < written for <=", np.where(e.inputs["x"] < 0, 0, e.inputs["dout"])


@bug.solved("slope at zero", "the slope at exactly 0 is {c}, for 0", results=("dx",), starts=(0.5,))
def _slope_at_zero(e: Evidence, c: float) -> Array:
    x, dout = e.inputs["x"], e.inputs["dout"]
    return np.where(x == 0, dout.dtype.type(c) * dout, np.where(x > 0, dout, 0))


@bug.solved("leaky slope", "a leaky relu: its slope below 0 is {c}, for 0", starts=(0.01,))
def _leaky(e: Evidence, c: float) -> Array:
    x = e.inputs["x"]
    lead = x if e.result == "out" else e.inputs["dout"]
    return np.where(x > 0, lead, lead.dtype.type(c) * lead)


@bug("mask missing")
def _mask_missing(e: Evidence) -> Candidates:
    yield "the mask is not applied", e.inputs["x"] if e.result == "out" else e.inputs["dout"]
    if e.result == "dx" and e.inputs["x"].shape == e.inputs["dout"].shape:
        yield "the mask is that of the gradient itself, not of the input", np.maximum(e.inputs["dout"], 0)
