"""Derivatives by evaluating the loss alone, as a check on those that backward computes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from .layers import Array
from .network import Network


def central_difference(network: Network, x: Array, t: Array, step: float = 1e-4) -> dict[str, Array]:
    """(loss(p + step) - loss(p - step)) / (2 step) for every parameter: {"dW1": ..., "db1": ...}, in their dtype.

    Each parameter is moved in place and put back exactly. Source: "Deep Learning from Scratch", section 4.3.
    """

    def slope(p: Array, i: tuple[int, ...]) -> Any:
        value, h = p[i], p.dtype.type(step)
        p[i] = value + h
        above = network.loss(x, t)
        p[i] = value - h
        below = network.loss(x, t)
        p[i] = value
        return (above - below) / (2 * h)

    return {"d" + name: _each_element(p, slope) for name, p in network.params.items()}


def complex_step(network: Network, x: Array, t: Array, step: float = 1e-20) -> dict[str, Array]:
    """imag(loss(p + i step)) / step for every parameter: exact to rounding, as nothing is subtracted.

    The network must be analytic where it is taken: relu away from its kink is. Float64 results.
    Source: W. Squire and G. Trapp, "Using complex variables to estimate derivatives", SIAM Review 40 (1998).
    """
    held = network.params | network.state | network.masks
    complex_ones = {name: a.astype(np.complex128) if a.dtype.kind == "f" else a for name, a in held.items()}
    epsilon = getattr(network.last, "epsilon", 0.0)
    moved = Network(network.kinds, complex_ones, epsilon, weight_decay=network.weight_decay)

    def slope(p: Array, i: tuple[int, ...]) -> float:
        value = p[i]
        p[i] = value + 1j * step
        result = float(moved.loss(x, t).imag) / step
        p[i] = value
        return result

    return {"d" + name: _each_element(p, slope).real for name, p in moved.params.items()}


def _each_element(p: Array, slope: Callable[[Array, tuple[int, ...]], Any]) -> Array:
    out = np.empty_like(p)
    for i in np.ndindex(p.shape):
        out[i] = slope(p, i)
    return out
