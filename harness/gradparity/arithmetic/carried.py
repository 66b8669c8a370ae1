"""NumPy arrays that compute by an arithmetic of their own: the same code, read several ways.

A ``Carried`` array hands every operation on it to its arithmetic, and the result carries the arithmetic on. So code
that is written for NumPy can be run in stochastic arithmetic, or with its sums in another order, as it is.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from .precision import Array


class Arithmetic:
    """How operations are computed: a subclass replaces some."""

    def apply(self, ufunc: np.ufunc, method: str, inputs: tuple[Any, ...], options: dict[str, Any]) -> Any:
        """The result of an operation, ``method`` of a ufunc ("__call__" or "reduce"), on plain arrays.

        A floating-point result is carried on; it may be a ``Carried`` array already.
        """
        return getattr(ufunc, method)(*inputs, **options)

    def array(self, value: Array) -> Carried:
        """This value, in a copy of the same memory order."""
        return self.carry(np.array(value, order="K"))

    def carry(self, value: Any) -> Carried:
        """This very value, from now on computed with in this arithmetic."""
        found = (value if type(value) is np.ndarray else np.asarray(value)).view(Carried)
        found.arithmetic = self
        return found


class Carried(np.ndarray[Any, Any]):
    """An array with an arithmetic."""

    arithmetic: Arithmetic | None = None
    note: Any = None  # the arithmetic's own, of this array; views and copies have it too

    def __array_finalize__(self, made_from: Any) -> None:
        """A view or a copy belongs to the same arithmetic."""
        if type(made_from) is Carried:
            self.arithmetic, self.note = made_from.arithmetic, made_from.note

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, out: Any = None, **options: Any) -> Any:
        """What the arithmetic makes of the operation."""
        arithmetic = _arithmetic((*inputs, *out) if out else inputs)
        value = arithmetic.apply(ufunc, method, inputs, options)
        if type(value) is tuple:
            return value
        if type(value) is not Carried and value.dtype.kind == "f":
            value = arithmetic.carry(value)
        if out is None:
            return value
        out[0][...] = value
        return out[0]

    def __array_function__(self, func: Any, types: Any, args: Any, kwargs: Any) -> Any:
        """Functions that are made of ufuncs come back here through these; others only move or choose elements."""
        found = super().__array_function__(func, types, args, kwargs)
        if type(found) is np.ndarray and found.dtype.kind == "f":
            found = _arithmetic(_flat(args)).carry(found)
        return found


def bare(one: Any) -> Any:
    """The array without its arithmetic; anything else as it is."""
    return one.view(np.ndarray) if type(one) is Carried else one


def _flat(args: Any) -> list[Any]:
    return [one for arg in args for one in (_flat(arg) if isinstance(arg, list | tuple) else [arg])]


def _arithmetic(arrays: Sequence[Any]) -> Arithmetic:
    for one in arrays:
        if type(one) is Carried and one.arithmetic:
            return one.arithmetic
    raise AssertionError("a Carried array is made by Arithmetic.array")
