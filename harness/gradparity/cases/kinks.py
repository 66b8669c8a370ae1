"""Where rounding may decide how a pass goes on: at relu's 0, and between the largest elements of a window."""

from __future__ import annotations

from typing import Any

import numpy as np
from gradparity_reference import MaxPooling, Relu
from gradparity_reference.layers.windows import im2col

from ..functions.layers import LAYERS
from .case import Array, Case

MOST_DECISIONS = 20_000  # of kinks, that a draw could be clear of
CLEARANCE = 32.0  # in rounding errors of the layer
APART = 2.0  # in root mean squares of what two cases differ by


def kinks_are_clear(case: Case) -> bool:
    """Whether what decides at a kink is either exactly on it or many rounding errors away: relu's 0, a window's tie."""
    if not any(LAYERS[layer.kind].kink for layer in case.spec.kinds):
        return True
    single = _decisions(case, np.float32)
    if sum(gaps.size for _, gaps in single) > MOST_DECISIONS:
        return True  # some are always close: the envelope sees them going both ways
    double = _decisions(case, np.float64)
    shrink = np.finfo(case.spec.dtype).eps / np.finfo(np.float32).eps
    for (z32, _), (z64, gaps) in zip(single, double, strict=True):
        error = np.sqrt(np.mean((z32 - z64) ** 2)) * shrink
        if np.any((gaps != 0) & (abs(gaps) < CLEARANCE * error)):
            return False
    return True


def kinks_are_alike(case: Case, other: Case) -> bool:
    """Whether what decides at a kink goes one way in both, and is further from the other than the two are apart.

    An error of the size that they differ by then goes the same way, too. They are of one network and one batch size.
    """
    if not any(LAYERS[layer.kind].kink for layer in case.spec.kinds):
        return True
    for (z, gaps), (near, others) in zip(_decisions(case, np.float64), _decisions(other, np.float64), strict=True):
        apart = APART * np.sqrt(np.mean((z - near) ** 2))
        nearest = np.minimum(abs(gaps), abs(others))
        if np.any(np.sign(gaps) != np.sign(others)) or np.any((gaps != 0) & (nearest < apart)):
            return False
    return True


def _decisions(case: Case, dtype: Any) -> list[tuple[Array, Array]]:
    """What each layer with a kink is given, and how far each of its decisions is from going the other way."""
    network = case.network(dtype)
    trace = network.trace(case.x.astype(dtype), case.t)
    given = [case.x.astype(dtype), *(trace[f"{name}.out"] for name in network.layers)]
    return [
        (x, x if isinstance(layer, Relu) else _leads(layer, x))
        for layer, x in zip(network.layers.values(), given, strict=False)
        if isinstance(layer, Relu | MaxPooling)
    ]


def _leads(layer: MaxPooling, x: Array) -> Array:
    """By how much the largest element of each window is above the next."""
    windows = im2col(x, (layer.height, layer.width), layer.stride, layer.pad)
    ordered = np.sort(windows.reshape(*windows.shape[:4], -1), axis=-1)
    leads: Array = ordered[..., -1] - ordered[..., -2] if ordered.shape[-1] > 1 else ordered[..., -1]
    return leads
