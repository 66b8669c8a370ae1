"""Max pooling. It chooses, so nothing is rounded but the sums of gradients where windows overlap."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from gradparity_reference import MaxPooling
from gradparity_reference.layers.windows import col2im, im2col

from ...arithmetic.precision import SAFETY, Array, Precision
from ..evidence import Bugs, Candidates, Evidence, Inputs
from .images import as_channels_last, fit_windows, from_channels_last, padded, padded_on_one_side
from .layer import Fitted, Layer, Shape

bug = Bugs("max_pooling")


def _dx(p: Precision, a: Inputs) -> Any:
    terms = MAX_POOLING.value("dx", {**a, "dout": (a["dout"] != 0).astype(np.float64)})
    sizes = MAX_POOLING.value("dx", {**a, "dout": abs(a["dout"])})
    return SAFETY * p.gamma(np.maximum(terms - 1, 0)) * sizes


def _fit(options: Mapping[str, str], shape: Shape) -> Fitted:
    pad, stride = int(options.get("pad", 0)), int(options.get("stride", options["height"]))
    (height, width), out = fit_windows("max_pooling", options, shape, stride, pad)
    return Fitted((shape[0], *out), {"height": height, "width": width, "stride": stride, "pad": pad})


MAX_POOLING: Layer = Layer(
    "max_pooling",
    forward={"out": lambda p, a: np.zeros(MAX_POOLING.value("out", a).shape)},
    backward={"dx": _dx},
    bugs=bug,
    notation=r"(?P<height>\d+)(x(?P<width>\d+))?(s(?P<stride>\d+))?(p(?P<pad>\d+))?",
    fit=_fit,
    kink=True,
)


class _Shared(MaxPooling):
    """The gradient goes to elements of each window by a mask of other making."""

    def backward(self, dout: Array) -> Array:
        windows = im2col(self.x, (self.height, self.width), self.stride, self.pad)
        windows = windows.reshape(*windows.shape[:4], -1)
        at = dout.transpose(0, 2, 3, 1)[..., None]
        dcol = self.share(windows, windows == windows.max(axis=-1, keepdims=True)) * at
        return self.back(dcol.reshape(*dcol.shape[:4], self.height, self.width))

    def share(self, windows: Array, largest: Array) -> Array:
        return _first(largest)

    def back(self, dcol: Array) -> Array:
        return col2im(dcol, self.x, self.stride, self.pad)


def _first(mask: Array) -> Array:
    """The first of each row of the last axis alone."""
    first: Array = mask & (np.cumsum(mask, axis=-1) == 1)
    return first


def _by(e: Evidence, **methods: Any) -> Array:
    return MAX_POOLING.value(e.result, e.inputs, type("Changed", (_Shared,), methods))


@bug("overlap assigned", results=("dx",))
def _assigned(e: Evidence) -> Candidates:
    for last in (True, False):

        def back(self: Any, dcol: Array, last: bool = last) -> Array:
            return _assign(self, dcol, last)

        which = "last" if last else "first"
        sentence = f"where windows overlap, the {which} one's gradient stands: assigned, for added"
        yield sentence, _by(e, back=back)
        yield sentence, _by(e, back=lambda self, dcol, last=last: _assign(self, dcol, last, only_largest=True))


def _assign(layer: Any, dcol: Array, last: bool, only_largest: bool = False) -> Array:
    """Window after window written over each other; or only at the element to which its gradient goes."""
    batch, rows, columns, channels, height, width = dcol.shape
    pad, s, shape = layer.pad, layer.stride, layer.x.shape
    padded = np.zeros((batch, channels, shape[2] + 2 * pad, shape[3] + 2 * pad), dcol.dtype)
    order = [(i, j) for i in range(rows) for j in range(columns)]
    for i, j in order if last else order[::-1]:
        window = dcol[:, i, j]
        place = padded[:, :, i * s : i * s + height, j * s : j * s + width]
        place[...] = np.where(window != 0, window, place) if only_largest else window
    images: Array = padded[:, :, pad : pad + shape[2], pad : pad + shape[3]]
    return images


@bug("tie rule", results=("dx",))
def _ties(e: Evidence) -> Candidates:
    def last(self: Any, windows: Array, largest: Array) -> Array:
        return _first(largest[..., ::-1])[..., ::-1]

    def by_columns(self: Any, windows: Array, largest: Array) -> Array:
        order = np.arange(windows.shape[-1]).reshape(self.height, self.width).T.ravel()
        return _first(largest[..., order])[..., np.argsort(order)]

    def of_all(self: Any, windows: Array, largest: Array) -> Array:
        return largest

    def shared(self: Any, windows: Array, largest: Array) -> Array:
        share: Array = largest / largest.sum(axis=-1, keepdims=True).astype(windows.dtype)
        return share

    for sentence, share in (
        ("of equal elements the last gets the gradient, where the first is meant", last),
        ("equal elements are looked at column by column, where row by row is meant", by_columns),
        ("each of equal elements gets the whole gradient, where the first is meant", of_all),
        ("equal elements share the gradient, where the first gets all of it", shared),
    ):
        yield sentence, _by(e, share=share)


@bug("padding takes no part")
def _without_padding(e: Evidence) -> Candidates:
    if e.inputs["pad"]:
        value = MAX_POOLING.value(e.result, e.inputs, padded(MaxPooling, fill=-np.inf))
        yield "the padding is of -infinity, where it is of zeros", value


@bug("padding on one side")
def _one_sided(e: Evidence) -> Candidates:
    if e.inputs["pad"]:
        for side, made_of in padded_on_one_side(MaxPooling):
            yield f"all padding stands {side}", MAX_POOLING.value(e.result, e.inputs, made_of)


@bug("channels last")
def _channels_last(e: Evidence) -> Candidates:
    for name in ("x", "dout"):  # dout is not there yet on the way forward
        turned = {**e.inputs, name: from_channels_last(e.inputs[name])} if name in e.inputs else e.inputs
        yield f"{name} is read as if channels came last", MAX_POOLING.value(e.result, turned)
    yield "channels come last in the result", as_channels_last(e.expected)


@bug("mean pooling", results=("out",))
def _mean(e: Evidence) -> Candidates:
    size = e.inputs["height"].item(), e.inputs["width"].item()
    windows = im2col(e.inputs["x"], size, e.inputs["stride"].item(), e.inputs["pad"].item())
    yield "the mean of each window, for its maximum", windows.mean(axis=(4, 5)).transpose(0, 3, 1, 2)
