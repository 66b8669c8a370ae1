"""Dropout. In training nothing is rounded: the mask is 0 and 1."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from ...arithmetic.precision import Array, Precision
from ..evidence import Bugs, Candidates, Evidence, Inputs
from .layer import Fitted, Layer, Shape, is_training

bug = Bugs("dropout")


def _scaled(lead: str) -> Any:
    def bound(p: Precision, a: Inputs) -> Array:
        size = abs(a[lead])
        return np.zeros_like(size) if is_training(a) else 2 * p.u * size + p.subnormal

    return bound


def _fit(options: Mapping[str, str], shape: Shape) -> Fitted:
    return Fitted(shape, {"ratio": float(options.get("ratio", 0.5))}, {"mask": shape})


DROPOUT = Layer(
    "dropout",
    forward={"out": _scaled("x")},
    backward={"dx": _scaled("dout")},
    bugs=bug,
    notation=r"(?P<ratio>0?\.\d+)?",
    fit=_fit,
    draws={"mask": lambda rng, shape, numbers: (rng.random(shape) > numbers["ratio"]).astype(np.uint8)},
)


def _lead(e: Evidence) -> Array:
    return e.inputs["x"] if e.result == "out" else e.inputs["dout"]


def _kept(e: Evidence) -> Any:
    return e.expected.dtype.type(1 - e.inputs["ratio"].item())


@bug("inverted dropout")
def _inverted(e: Evidence) -> Candidates:
    if is_training(e.inputs):
        sentence = "inverted dropout: divided by 1 - ratio in training, where the book multiplies in the test"
        yield sentence, _lead(e) * e.inputs["mask"] / _kept(e)
    else:
        yield "inverted dropout: nothing is done in the test, where the book multiplies by 1 - ratio", _lead(e)


@bug("mask in one direction")
def _one_direction(e: Evidence) -> Candidates:
    if is_training(e.inputs):
        way = "forward" if e.result == "out" else "backward"
        yield f"the mask is not applied {way}", _lead(e)


@bug("phase confused")
def _phase(e: Evidence) -> Candidates:
    here, other = ("training", "the test") if is_training(e.inputs) else ("the test", "training")
    turned = {**e.inputs, "training": np.asarray(not is_training(e.inputs))}
    yield f"in {here} it does what belongs to {other}", DROPOUT.value(e.result, turned)


@bug("ratio's complement")
def _complement(e: Evidence) -> Candidates:
    if is_training(e.inputs):
        yield "the mask is inverted: what is dropped is kept", _lead(e) * (1 - e.inputs["mask"])
    else:
        sentence = "multiplied by ratio, for 1 - ratio, the share that is kept"
        yield sentence, _lead(e) * e.expected.dtype.type(e.inputs["ratio"].item())
