"""What a case may have that others hide: numbers that are drawn by chance in none of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from gradparity_reference import Network
from numpy.typing import NDArray

from .spec import CaseSpec

Array = NDArray[Any]


def apply_quirk(spec: CaseSpec, x: Array, labels: Array, held: Mapping[str, Array]) -> None:
    """Write the quirk of the case into x (batch, inputs), its labels (batch,) and what its layers hold, in place."""
    single = spec.dtype == "float32"
    W, b = (held.get(f"{name}{len(spec.sizes) - 1}") for name in "Wb")  # of the last layer, where there are sizes
    match spec.quirk:
        case "zero-rows":
            x[::2] = 0.0
        case "exact-zeros":  # whole columns and rows of pre-activations that are 0 in any order of summation
            x[::2] = 0.0
            held["b1"][:] = 0.0
            held["W1"][:, ::3] = 0.0
        case "saturated":  # logits so large that most probabilities underflow to 0
            assert W is not None
            W *= 60.0 if single else 500.0
        case "ties":  # few numbers, so that the largest of a window is often there twice
            x[...] = np.round(x)
        case "denormals":
            x[:, ::4] *= 1e-40 if single else 1e-310
        case "steep":
            _steep(x, held["W1"], *((120.0, -120.0) if single else (1000.0, -450.0)))
        case "negative-logits" | "tied-logits" | "nan-logits":
            assert W is not None and b is not None
            logits = Network(spec.kinds, held).predict(x)
            CHOICES[spec.quirk](logits, labels, W, b, single)


def _steep(x: Array, W: Array, up: float, down: float) -> None:
    """The first input drives all units up or down: in some rows to 25 and to 50, and in some to where exp overflows.

    The other rows stay near 0, and it is W that is large and not x: a gradient is a sum over the rows, and what a right
    sigmoid may round away far out must not be all that there is of it.
    """
    W[0, ::2], W[0, 1::2] = up, down
    x[:, 0] /= up
    for row, z in (1, up), (3, 25.0), (5, 50.0):
        x[row::8, 0] = z / up


def _all_negative(logits: Array, labels: Array, W: Array, b: Array, single: bool) -> None:
    """So far below 0 that exp of them is 0: whoever looks for the largest from 0 on finds none."""
    b -= 200.0 if single else 800.0
    labels[::2] = logits.argmax(axis=1)[::2]


def _tied(logits: Array, labels: Array, W: Array, b: Array, single: bool) -> None:
    """The largest logit is there several times, exactly: no sum is in it. The first is the label more often."""
    tied = np.arange(len(b))[1 :: 2 if len(b) > 3 else 1]
    if len(tied):
        W[:, tied] = 0.0
        b[tied] = 1.0 + abs(logits).max()
        labels[:] = np.where(np.arange(len(labels)) % 3 == 2, tied[-1], tied[0])


def _not_numbers(logits: Array, labels: Array, W: Array, b: Array, single: bool) -> None:
    """The later logits are NaN. The label is the first of these, or the last, or the largest that is none."""
    first = len(b) // 2
    b[first:] = np.nan
    largest = logits[:, :first].argmax(axis=1) if first else np.zeros(len(labels), int)
    turn = np.arange(len(labels)) % 4
    labels[:] = np.select([turn < 2, turn == 2], [np.full(len(labels), first), largest], len(b) - 1)


CHOICES = {"negative-logits": _all_negative, "tied-logits": _tied, "nan-logits": _not_numbers}
