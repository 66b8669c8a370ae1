"""Convolution: products of matrices, so the bounds are those of `affine`; dx is a sum over all windows of a pixel."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from gradparity_reference import Convolution

from ...arithmetic.precision import SAFETY, Array, Precision
from ..evidence import Bugs, Candidates, Evidence, Inputs
from .images import as_channels_last, fit_windows, from_channels_last, padded_on_one_side
from .layer import Fitted, Layer, Shape
from .reduced import NARROWER, SINGLE, reduced_operands

bug = Bugs("convolution")


def _passed(a: Inputs, absolute: bool = False) -> tuple[Convolution, Array]:
    """The layer after forward, and its result."""
    W, b, x = (abs(a[name]) if absolute else a[name] for name in ("W", "b", "x"))
    layer = Convolution(W, b, a["stride"].item(), a["pad"].item())
    return layer, layer.forward(x)


def _rows(images: Array) -> Array:
    """Each position of images as a row of its channels."""
    return images.transpose(0, 2, 3, 1).reshape(-1, images.shape[1])


def _out(p: Precision, a: Inputs) -> Any:
    layer, out = _passed(a)
    bound = p.product(layer.col, a["W"].reshape(len(a["W"]), -1).T, extra=a["b"], roundings=1)
    batch, filters, height, width = out.shape
    return bound.reshape(batch, height, width, filters).transpose(0, 3, 1, 2)


def _dx(p: Precision, a: Inputs) -> Any:
    not_zero = {**a, "W": (a["W"] != 0).astype(np.float64)}
    terms = _passed(not_zero)[0].backward((a["dout"] != 0).astype(np.float64))
    return SAFETY * (p.gamma(terms) * _passed(a, absolute=True)[0].backward(abs(a["dout"])) + terms * p.subnormal)


def _dW(p: Precision, a: Inputs) -> Any:
    return p.product(_rows(a["dout"]).T, _passed(a)[0].col).reshape(a["W"].shape)


def _fit(options: Mapping[str, str], shape: Shape) -> Fitted:
    filters, stride, pad = int(options["filters"]), int(options.get("stride", 1)), int(options.get("pad", 0))
    size, out = fit_windows("convolution", options, shape, stride, pad)
    numbers = {"stride": stride, "pad": pad}
    return Fitted((filters, *out), numbers, {"W": (filters, shape[0], *size), "b": (filters,)})


CONVOLUTION = Layer(
    "convolution",
    forward={"out": _out},
    backward={"dx": _dx, "dW": _dW, "db": lambda p, a: p.column_sum(_rows(a["dout"]))},
    bugs=bug,
    notation=r"(?P<filters>\d+)k(?P<height>\d+)(x(?P<width>\d+))?(s(?P<stride>\d+))?(p(?P<pad>\d+))?",
    fit=_fit,
)


@bug("kernel flipped")
def _flipped(e: Evidence) -> Candidates:
    sentence = "the kernel is flipped: a convolution, where the book's is a cross-correlation"
    if e.result == "dW":
        yield sentence, e.expected[..., ::-1, ::-1]
    yield sentence, CONVOLUTION.value(e.result, {**e.inputs, "W": e.inputs["W"][..., ::-1, ::-1]})


@bug("padding on one side")
def _one_sided(e: Evidence) -> Candidates:
    if e.inputs["pad"]:
        for side, made_of in padded_on_one_side(Convolution):
            yield f"all padding stands {side}", CONVOLUTION.value(e.result, e.inputs, made_of)


@bug("kernel's gradient scaled", results=("dW", "db"))
def _scaled(e: Evidence) -> Candidates:
    positions = e.inputs["dout"].shape[2] * e.inputs["dout"].shape[3]
    what = "the kernel's gradient" if e.result == "dW" else "the bias's gradient"
    yield f"{what} is multiplied by the number of positions", e.expected * positions
    yield f"{what} is divided by the number of positions: a mean, where the sum is meant", e.expected / positions
    yield f"{what} is counted twice", 2 * e.expected


@bug("channels last")
def _channels_last(e: Evidence) -> Candidates:
    for name in ("x", "W", "dout"):  # dout is not there yet on the way forward
        turned = {**e.inputs, name: from_channels_last(e.inputs[name])} if name in e.inputs else e.inputs
        sentence = f"{name} is read as if channels came last"
        yield sentence, CONVOLUTION.value(e.result, turned)
    if e.expected.ndim == 4:
        yield "channels come last in the result", as_channels_last(e.expected)


@bug("missing bias", results=("out",))
def _missing_bias(e: Evidence) -> Candidates:
    yield "the bias is not added", CONVOLUTION.value("out", {**e.inputs, "b": np.zeros_like(e.inputs["b"])})


@bug("single precision inside", results=("out", "dx", "dW", "db"))
def _single_operands(e: Evidence) -> Candidates:
    yield from reduced_operands(e, CONVOLUTION, SINGLE)


@bug("reduced precision inside", results=("out", "dx", "dW", "db"))
def _reduced_operands(e: Evidence) -> Candidates:
    yield from reduced_operands(e, CONVOLUTION, NARROWER)
