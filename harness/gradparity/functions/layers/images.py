"""What layers of images share: windows that fit, and bugs of their order and their borders."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from gradparity_reference import Layer as ReferenceLayer

from ...arithmetic.precision import Array
from .layer import Shape


def fit_windows(
    kind: str, options: Mapping[str, str], shape: Shape, stride: int, pad: int
) -> tuple[tuple[int, int], tuple[int, int]]:
    """The size of the windows, and how many there are, down and across. Raises ValueError where none fits."""
    size = int(options["height"]), int(options.get("width", options["height"]))
    came = "x".join(map(str, shape))
    if len(shape) != 3:
        raise ValueError(f"{kind} takes images, channels x height x width, and would be given rows of {came}")
    if stride < 1 or min(size) < 1:
        raise ValueError(f"{kind}: expected windows and a stride of at least 1")
    space = [shape[1 + i] + 2 * pad - size[i] for i in (0, 1)]
    if min(space) < 0:
        raise ValueError(f"{kind}: expected windows within the image, came {size[0]}x{size[1]} in {came}, pad {pad}")
    return size, (space[0] // stride + 1, space[1] // stride + 1)


def as_channels_last(images: Array) -> Array:
    """The elements in the order row, column, channel, in an array of the same shape."""
    return images.transpose(0, 2, 3, 1).reshape(images.shape)


def from_channels_last(images: Array) -> Array:
    """These elements, taken for being in the order row, column, channel."""
    batch, channels, height, width = images.shape
    return images.reshape(batch, height, width, channels).transpose(0, 3, 1, 2)


def padded_on_one_side(made_of: type[ReferenceLayer]) -> Iterator[tuple[str, type[ReferenceLayer]]]:
    """This layer, with all of its padding before or behind the image, in words and as classes."""
    for side, before, behind in (("before the image", 2, 0), ("behind the image", 0, 2)):
        yield side, padded(made_of, before, behind)


def padded(made_of: type[ReferenceLayer], before: int = 1, behind: int = 1, fill: float = 0.0) -> type[ReferenceLayer]:
    """This layer, with so many times its padding before the image, and behind it, made of this number."""
    return type("Padded", (_Padded, made_of), {"before": before, "behind": behind, "fill": fill})


class _Padded(ReferenceLayer):
    """Pads by itself; the layer that it is mixed into pads nothing."""

    before: int
    behind: int
    fill: float
    pad: int

    def forward(self, *inputs: Any) -> Any:
        [x] = inputs
        self.own: int = self.__dict__.get("own", self.pad)
        self.pad = 0
        sides = self.before * self.own, self.behind * self.own
        return super().forward(np.pad(x, [(0, 0), (0, 0), sides, sides], constant_values=self.fill))

    def backward(self, dout: Any) -> Any:
        inner = slice(self.before * self.own, -self.behind * self.own or None)
        return super().backward(dout)[:, :, inner, inner]
