"""max(x, 0), with gradient 0 at 0. Nothing is rounded."""

from __future__ import annotations

import numpy as np

from ..evidence import Bugs, Candidates, Evidence
from .layer import Layer

bug = Bugs("relu")

RELU = Layer(
    "relu",
    forward={"out": lambda p, a: np.zeros_like(a["x"])},
    backward={"dx": lambda p, a: np.zeros_like(a["x"])},
    bugs=bug,
    activation=True,
    gain=2.0,
    kink=True,
    elementwise=True,
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


@bug("mask missing")
def _mask_missing(e: Evidence) -> Candidates:
    yield "the mask is not applied", e.inputs["x"] if e.result == "out" else e.inputs["dout"]
    if e.result == "dx" and e.inputs["x"].shape == e.inputs["dout"].shape:
        yield "the mask is that of the gradient itself, not of the input", np.maximum(e.inputs["dout"], 0)
