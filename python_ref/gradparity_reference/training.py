"""Training: batches drawn from images of bytes, a loop of steps, and what the network has learnt."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from .layers import Array
from .network import Network
from .optimizers import Optimizer

ROWS_AT_A_TIME = 10_000  # when a whole set is evaluated


@dataclass(frozen=True)
class Images:
    """A set of images, (n, inputs) of bytes, held as they came, and labels, (n,), from 0. A pixel is byte / scale."""

    pixels: Array
    labels: Array
    scale: float

    def batch(self, rows: Array, dtype: Any) -> tuple[Array, Array]:
        """x, (len(rows), inputs), in this dtype, and the labels of these rows."""
        x = self.pixels[rows].astype(dtype)
        x /= x.dtype.type(self.scale)
        return x, self.labels[rows]


def train(network: Network, images: Images, batches: Array, optimizer: Optimizer) -> Array:
    """One update for each row of batches, (steps, batch), rows of images: the loss before each, (steps,)."""
    params = network.params
    losses = np.empty(len(batches), params["W1"].dtype)
    for step, rows in enumerate(batches):
        x, t = images.batch(rows, losses.dtype)
        gradient = network.gradient(x, t)
        optimizer.update(params, gradient)
        losses[step] = gradient["loss"]
    return losses


def evaluate(network: Network, images: Images) -> tuple[Any, float]:
    """The mean loss over the set, and the share of labels that the network gets right."""
    dtype = network.params["W1"].dtype
    loss, right, count = 0.0, 0, len(images.labels)
    for start in range(0, count, ROWS_AT_A_TIME):
        rows = np.arange(start, min(start + ROWS_AT_A_TIME, count))
        x, t = images.batch(rows, dtype)
        logits = network.predict(x)
        loss += float(network.last.forward(logits, t)) * len(rows)
        right += int((logits.argmax(axis=1) == t).sum())
    return dtype.type(loss / count), right / count
