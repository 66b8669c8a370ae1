"""The layers in PyTorch: each a function of x and of what the layer holds. Autograd knows the way back.

Weights of an affine layer are (outputs, inputs), as in torch.nn.Linear.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import torch
import torch.nn.functional as F

Arrays = Mapping[str, torch.Tensor]


def affine(x: torch.Tensor, a: Arrays, training: bool) -> torch.Tensor:
    """Rows; an image is one, too."""
    return F.linear(x.flatten(1), a["W"], a["b"])


def convolution(x: torch.Tensor, a: Arrays, training: bool, stride: int, pad: int) -> torch.Tensor:
    """PyTorch's does not flip the filters either."""
    return F.conv2d(x, a["W"], a["b"], stride, pad)


def max_pooling(
    x: torch.Tensor, a: Arrays, training: bool, height: int, width: int, stride: int, pad: int
) -> torch.Tensor:
    """The zeros of ``pad`` take part, which those of max_pool2d's own padding would not."""
    return F.max_pool2d(F.pad(x, [pad] * 4) if pad else x, (height, width), stride)


def batch_norm(x: torch.Tensor, a: Arrays, training: bool, momentum: float, epsilon: float) -> torch.Tensor:
    """By the batch's mean and variance in training, by the running ones, which stay as they are, in the test.

    Not by F.batch_norm, which refuses a batch of one.
    """
    running = (None, None) if training else (a["running_mean"], a["running_var"])
    return torch.batch_norm(x, a["gamma"], a["beta"], *running, training, 0.0, epsilon, False)


def dropout(x: torch.Tensor, a: Arrays, training: bool, ratio: float) -> torch.Tensor:
    """By the mask that is given."""
    return x * (a["mask"] if training else 1 - ratio)


LAYERS: dict[str, Callable[..., torch.Tensor]] = {
    "affine": affine,
    "relu": lambda x, a, training: torch.relu(x),
    "sigmoid": lambda x, a, training: torch.sigmoid(x),
    "tanh": lambda x, a, training: torch.tanh(x),
    "batch_norm": batch_norm,
    "dropout": dropout,
    "convolution": convolution,
    "max_pooling": max_pooling,
}


def squared_error(x: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    """Half the squares of each row, and the mean of the rows."""
    return (x - F.one_hot(labels, x.shape[1])).square().sum(1).mean() / 2


LOSSES: dict[str, Callable[..., torch.Tensor]] = {
    "softmax_with_loss": F.cross_entropy,
    "squared_error": squared_error,
}


def operands(kind: str, x: torch.Tensor, W: torch.Tensor, numbers: Mapping[str, Any]) -> tuple[Any, Any]:
    """The two matrices that a layer multiplies, W as (outputs, inputs): of a convolution, its windows as rows."""
    if kind == "affine":
        return x.flatten(1), W
    windows = F.unfold(x, W.shape[2:], padding=numbers["pad"], stride=numbers["stride"])
    return windows.transpose(1, 2).reshape(-1, windows.shape[1]), W.flatten(1)
