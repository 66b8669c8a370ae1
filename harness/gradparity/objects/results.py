"""What an object gave, itself and no copy: whether it is the object's own, too, which a later call changes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ..cases import Array

Given = Mapping[str, Any]


@dataclass
class Results:
    """What was last given for each operation, with this batch and with the one before."""

    last: dict[str, Given] = field(default_factory=dict)
    earlier: dict[str, Given] = field(default_factory=dict)


def overwritten(results: Given, ask: Callable[[], Given]) -> Given:
    """Copies of what ``ask`` gives while there is NaN in these results; afterwards they are what they were."""
    arrays = list(_writable(results))
    kept = [array.copy() for array in arrays]
    try:
        for array in arrays:
            array[...] = np.nan
        return {name: _copy(value) for name, value in ask().items()}
    finally:
        for array, before in zip(arrays, kept, strict=True):
            array[...] = before


def _writable(results: Given) -> Iterator[Array]:
    """The arrays among them, and the tensors as arrays: of numbers that can be NaN, and that can be written to."""
    for value in results.values():
        array = value.detach().cpu().numpy() if hasattr(value, "detach") else value
        if isinstance(array, np.ndarray) and array.dtype.kind == "f" and array.flags.writeable:
            yield array


def _copy(value: Any) -> Any:
    if hasattr(value, "detach"):
        return np.array(value.detach().cpu().numpy())
    return value.copy() if isinstance(value, np.ndarray) else value
