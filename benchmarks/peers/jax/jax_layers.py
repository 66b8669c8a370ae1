"""The layers in JAX: each a function of x and of what the layer holds. ``grad`` knows the way back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import jax
import jax.numpy as jnp
from jax import lax

Arrays = Mapping[str, jax.Array]


def affine(x: jax.Array, a: Arrays, training: bool) -> jax.Array:
    """Rows; an image is one, too."""
    return x.reshape(len(x), -1) @ a["W"] + a["b"]


def convolution(x: jax.Array, a: Arrays, training: bool, stride: int, pad: int) -> jax.Array:
    """XLA's does not flip the filters either."""
    out = lax.conv_general_dilated(x, a["W"], (stride, stride), [(pad, pad)] * 2)
    return out + a["b"][:, None, None]


def max_pooling(x: jax.Array, a: Arrays, training: bool, height: int, width: int, stride: int, pad: int) -> jax.Array:
    """The zeros of ``pad`` take part, which those of reduce_window's own padding would not.

    Its gradient, XLA's select-and-scatter, is slow on a CPU: two thirds of SimpleConvNet's.
    """
    images = jnp.pad(x, [(0, 0), (0, 0), (pad, pad), (pad, pad)])
    return lax.reduce_window(images, -jnp.inf, lax.max, (1, 1, height, width), (1, 1, stride, stride), "VALID")


def batch_norm(x: jax.Array, a: Arrays, training: bool, momentum: float, epsilon: float) -> jax.Array:
    """By the batch's mean and variance in training, by the running ones in the test."""
    mean, var = (x.mean(axis=0), x.var(axis=0)) if training else (a["running_mean"], a["running_var"])
    return a["gamma"] * (x - mean) / jnp.sqrt(var + epsilon) + a["beta"]


def dropout(x: jax.Array, a: Arrays, training: bool, ratio: float) -> jax.Array:
    """By the mask that is given."""
    return x * (a["mask"] if training else 1 - ratio)


LAYERS: dict[str, Callable[..., jax.Array]] = {
    "affine": affine,
    "relu": lambda x, a, training: jax.nn.relu(x),
    "sigmoid": lambda x, a, training: jax.nn.sigmoid(x),
    "tanh": lambda x, a, training: jnp.tanh(x),
    "batch_norm": batch_norm,
    "dropout": dropout,
    "convolution": convolution,
    "max_pooling": max_pooling,
}


def softmax_with_loss(x: jax.Array, labels: jax.Array) -> jax.Array:
    """The mean cross-entropy."""
    return -jnp.take_along_axis(jax.nn.log_softmax(x), labels[:, None], axis=1).mean()


def squared_error(x: jax.Array, labels: jax.Array) -> jax.Array:
    """Half the squares of each row, and the mean of the rows."""
    return ((x - jax.nn.one_hot(labels, x.shape[1], dtype=x.dtype)) ** 2).sum(axis=1).mean() / 2


LOSSES: dict[str, Callable[..., jax.Array]] = {"softmax_with_loss": softmax_with_loss, "squared_error": squared_error}


def operands(kind: str, x: jax.Array, W: jax.Array, numbers: Mapping[str, Any]) -> tuple[jax.Array, jax.Array]:
    """The two matrices that a layer multiplies: of a convolution, its windows as rows and its filters as columns."""
    if kind == "affine":
        return x.reshape(len(x), -1), W
    stride, pad = numbers["stride"], numbers["pad"]
    windows = lax.conv_general_dilated_patches(x, W.shape[2:], (stride, stride), [(pad, pad)] * 2)
    return windows.transpose(0, 2, 3, 1).reshape(-1, windows.shape[1]), W.reshape(len(W), -1).T
