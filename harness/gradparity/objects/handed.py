"""A case as it is handed to an object, and the object's results as arrays."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from ..cases import Array

Layout = Literal["in_out", "out_in"]
LAYOUTS: tuple[Layout, ...] = ("in_out", "out_in")
WEIGHT = re.compile(r"(\w+\.)?d?W\d*")  # W1, dW1, affine1.dW


@dataclass(frozen=True)
class Handed:
    """One case. The arrays are the object's to keep, and writable; the weights are in its layout."""

    sizes: tuple[int, ...]
    activation: str
    dtype: str
    epsilon: float
    x: Array
    t: Array
    params: dict[str, Array]

    @staticmethod
    def of(fields: Mapping[str, str], arrays: Mapping[str, Array], layout: Layout) -> Handed:
        """What a request to load says."""
        own = {name: own_copy(name, array, layout) for name, array in arrays.items()}
        sizes = tuple(int(size) for size in fields["sizes"].split(","))
        x, t = own.pop("x"), own.pop("t")
        return Handed(sizes, fields["activation"], fields["dtype"], float(fields["epsilon"]), x, t, own)

    @property
    def by_name(self) -> dict[str, Any]:
        """All that a class or a function can ask for, by the name of its parameter."""
        return {
            "sizes": self.sizes,
            "weights": [array for name, array in self.params.items() if name[0] == "W"],
            "biases": [array for name, array in self.params.items() if name[0] == "b"],
            "params": self.params,
            "activation": self.activation,
            "dtype": self.dtype,
            "epsilon": self.epsilon,
        }


NAMES = ("sizes", "weights", "biases", "params", "activation", "dtype", "epsilon")
"""The keys of `Handed.by_name`."""


def own_copy(name: str, array: Array, layout: Layout) -> Array:
    """A writable copy in the same memory order, a weight in this layout."""
    fortran = array.flags.f_contiguous and not array.flags.c_contiguous
    return np.array(_turned(name, array, layout), order="F" if fortran else "C")


def as_array(name: str, value: Any, dtype: Any, layout: Layout) -> Array:
    """A copy of a result: of an array, a tensor, a number; a weight's gradient as (inputs, outputs).

    A Python float has no dtype: it becomes one of ``dtype`` where that changes nothing, and is float64 where it would.
    Raises TypeError for an array of which something is masked, as the mask would be lost.
    """
    if np.ma.is_masked(value):
        raise TypeError(f"{name}: expected an array, came a masked one, whose mask would be lost; try .filled(...)")
    if hasattr(value, "detach"):  # a tensor
        value = value.detach().cpu().numpy()
    if type(value) is float and dtype is not None:
        narrow = np.array(value, dtype)
        if float(narrow) == value or value != value:
            return narrow
    return np.array(_turned(name, np.asarray(value), layout))


def _turned(name: str, array: Array, layout: Layout) -> Array:
    return array.T if layout == "out_in" and array.ndim == 2 and WEIGHT.fullmatch(name) else array
