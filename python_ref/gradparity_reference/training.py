"""Training: batches drawn from images of bytes, a loop of steps, and what the network has learnt."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from .layers import Array
from .network import Network
from .optimizers import Optimizer

ROWS_AT_A_TIME = 1000  # when a whole set is evaluated


@dataclass(frozen=True)
class Images:
    """A set of images, (n, inputs) of bytes, held as they came, and labels, (n,), from 0. A pixel is byte / scale.

    ``shape`` is that of one image as a network takes it: (inputs,), or (channels, height, width).
    """

    pixels: Array
    labels: Array
    scale: float
    shape: tuple[int, ...] = (-1,)

    def batch(self, rows: Array, dtype: Any) -> tuple[Array, Array]:
        """x, (len(rows), *shape), in this dtype, and the labels of these rows."""
        x = self.pixels[rows].astype(dtype)
        x /= x.dtype.type(self.scale)
        return x.reshape(len(x), *self.shape), self.labels[rows]


def train(
    network: Network, images: Images, batches: Array, optimizer: Optimizer, masks: Mapping[str, Array] = {}
) -> Array:
    """One update for each row of batches, (steps, batch), rows of images: the loss before each, (steps,).

    ``masks`` are those of the network by name, each of them (steps, ...): one for each step.
    """
    params = network.params
    losses = np.empty(len(batches), network.dtype)
    for step, rows in enumerate(batches):
        x, t = images.batch(rows, losses.dtype)
        network.hold({name: of_steps[step] for name, of_steps in masks.items()})
        gradient = network.gradient(x, t)
        optimizer.update(params, gradient)
        losses[step] = gradient["loss"]
    return losses


def evaluate(network: Network, images: Images) -> tuple[Any, float]:
    """The mean loss over the set, without weight decay, and the share of labels that the network gets right."""
    dtype = network.dtype
    loss, right, count = 0.0, 0, len(images.labels)
    for start in range(0, count, ROWS_AT_A_TIME):
        rows = np.arange(start, min(start + ROWS_AT_A_TIME, count))
        x, t = images.batch(rows, dtype)
        logits = network.predict(x)
        loss += float(network.last.forward(logits, t)) * len(rows)
        right += int((logits.argmax(axis=1) == t).sum())
    return dtype.type(loss / count), right / count
