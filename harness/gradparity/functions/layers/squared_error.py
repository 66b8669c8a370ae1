"""Half the sum of squares, as a mean over the batch: a network's last layer. It is given x and t (labels), no dout."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...arithmetic.precision import SAFETY, Precision
from ..evidence import Bugs, Candidates, Evidence, Inputs
from .layer import Loss
from .softmax_with_loss import one_hot

bug = Bugs("squared_error")


def _loss(p: Precision, a: Inputs) -> Any:
    squares = np.square(a["x"] - one_hot(a))
    n = squares.size + 4
    return SAFETY * (p.gamma(n) + 3 * p.u) * squares.sum() / (2 * len(squares)) + p.subnormal


def _dx(p: Precision, a: Inputs) -> Any:
    return 3 * p.u * abs(a["x"] - one_hot(a)) / len(a["x"]) + p.subnormal


SQUARED_ERROR = Loss("squared_error", forward={"loss": _loss}, backward={"dx": _dx}, bugs=bug)


@bug("half missing", results=("loss",))
def _half(e: Evidence) -> Candidates:
    yield "the sum of squares is not halved", 2 * e.expected


@bug("slope doubled", results=("dx",))
def _doubled(e: Evidence) -> Candidates:
    yield "2 (x - t) / batch: the 2 of the square, which the loss's half takes away", 2 * e.expected


@bug("labels shifted")
def _labels_shifted(e: Evidence) -> Candidates:
    for shift in (1, -1):
        sentence = f"labels are off by one ({shift:+d}): counted from 0 and from 1"
        shifted = (e.inputs["t"] + shift) % e.classes
        yield sentence, SQUARED_ERROR.value(e.result, {**e.inputs, "t": shifted})


@bug("missing target", results=("dx",))
def _missing_target(e: Evidence) -> Candidates:
    yield "the target is not subtracted: x / batch, for (x - t) / batch", e.inputs["x"] / e.expected.dtype.type(e.batch)
