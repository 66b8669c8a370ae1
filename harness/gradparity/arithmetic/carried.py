"""NumPy arrays that compute by an arithmetic of their own: the same code, read several ways.

A ``Carried`` array hands every operation on it to its arithmetic, and the result carries the arithmetic on. So code
that is written for NumPy can be run in stochastic arithmetic, or with its sums in another order, as it is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from .precision import Array

CARRIED = "fiu"  # kinds of numbers: integers may become floating-point numbers by an operation


class Arithmetic:
    """How operations are computed: a subclass replaces some."""

    def apply(self, ufunc: np.ufunc, method: str, inputs: tuple[Any, ...], options: dict[str, Any]) -> Any:
        """The result of an operation, ``method`` of a ufunc ("__call__" or "reduce"), on plain arrays.

        A floating-point result is carried on; it may be a ``Carried`` array already.
        """
        return getattr(ufunc, method)(*inputs, **options)

    def call(self, func: Any, args: Any, kwargs: Any, numpys_own: Callable[[], Any]) -> Any:
        """The result of one of NumPy's functions. ``numpys_own`` comes back through the ufuncs that it is made of."""
        return numpys_own()

    def left(self, how: str) -> None:
        """A number has left this arithmetic."""

    def array(self, value: Array) -> Carried:
        """This value, in a copy of the same memory order."""
        return self.carry(np.array(value, order="K"))

    def carry(self, value: Any) -> Carried:
        """This very value, from now on computed with in this arithmetic."""
        found = (value if type(value) is np.ndarray else np.asarray(value)).view(Carried)
        found.arithmetic = self
        return found

    def carry_all(self, found: Any) -> Any:
        """What a function gives, with every array and number in it carried on; what is none stays as it is."""
        if isinstance(found, list | tuple):
            kind, parts = type(found), [self.carry_all(one) for one in found]
            return kind(*parts) if hasattr(found, "_fields") else kind(parts)
        is_plain = type(found) is np.ndarray or isinstance(found, np.floating)
        return self.carry(found) if is_plain and found.dtype.kind in CARRIED else found


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
        if type(value) is not Carried and value.dtype.kind in CARRIED:
            value = arithmetic.carry(value)
        if out is None:
            return value
        out[0][...] = value
        return out[0]

    def __array_function__(self, func: Any, types: Any, args: Any, kwargs: Any) -> Any:
        """What the arithmetic makes of one of NumPy's functions that is no ufunc."""
        arithmetic = _arithmetic(_flat((args, *kwargs.values())))

        def numpys_own() -> Any:
            return super(Carried, self).__array_function__(func, types, args, kwargs)

        return arithmetic.carry_all(numpys_own() if func in MOVES else arithmetic.call(func, args, kwargs, numpys_own))

    def __getitem__(self, index: Any) -> Any:
        """An element is an array without dimensions, so that it is computed with in this arithmetic, too."""
        found = super().__getitem__(index)
        return self.arithmetic.carry(found) if self.arithmetic and isinstance(found, np.floating) else found

    def __setitem__(self, index: Any, value: Any) -> None:
        """An element that is assigned keeps its noise, as it is only moved."""
        super().__setitem__(index, bare(value))

    def __iter__(self) -> Iterator[Any]:
        """Elements as ``[i]`` gives them."""
        return (self[i] for i in range(len(self)))

    def dot(self, b: Any, out: Any = None) -> Any:
        """np.dot, which the method would not ask."""
        return np.dot(self, b, out)

    def argmax(self, axis: Any = None, out: Any = None, **options: Any) -> Any:
        """np.argmax, see ``dot``."""
        return self._chosen(np.argmax, axis, options)

    def argmin(self, axis: Any = None, out: Any = None, **options: Any) -> Any:
        """np.argmin, see ``dot``."""
        return self._chosen(np.argmin, axis, options)

    def _chosen(self, func: Any, axis: Any, options: Any) -> Any:
        plain = bare(self)
        if not self.arithmetic:
            return func(plain, axis, **options)
        return self.arithmetic.call(func, (self, axis), options, lambda: func(plain, axis, **options))

    def __float__(self) -> float:
        """The number, which no arithmetic hears of from here on."""
        self._leaves("float()")
        return float(bare(self))

    def __int__(self) -> int:
        """See ``__float__``."""
        self._leaves("int()")
        return int(bare(self))

    def item(self, *args: Any) -> Any:
        """See ``__float__``."""
        self._leaves("item()")
        return bare(self).item(*args)

    def tolist(self) -> Any:
        """See ``__float__``."""
        self._leaves("tolist()")
        return bare(self).tolist()

    def _leaves(self, how: str) -> None:
        if self.arithmetic and self.dtype.kind == "f":  # an integer has no rounding to lose
            self.arithmetic.left(how)


def is_carried(one: Any) -> bool:
    """Whether it has an arithmetic, or is nothing that could have one: an integer, say."""
    return type(one) is Carried or np.asarray(one).dtype.kind not in "fc"


def bare(one: Any) -> Any:
    """The array without its arithmetic; anything else as it is."""
    return one.view(np.ndarray) if type(one) is Carried else one


MOVES = {
    np.concatenate, np.where, np.take, np.choose, np.select, np.compress, np.stack, np.vstack, np.hstack, np.dstack,
    np.column_stack, np.block, np.pad, np.tile, np.repeat, np.roll, np.rot90, np.flip, np.fliplr, np.flipud, np.split,
    np.array_split, np.hsplit, np.vsplit, np.reshape, np.ravel, np.transpose, np.swapaxes, np.moveaxis, np.squeeze,
    np.expand_dims, np.broadcast_to, np.broadcast_arrays, np.atleast_1d, np.atleast_2d, np.atleast_3d, np.diag,
    np.diagonal, np.tril, np.triu, np.sort, np.partition, np.unique, np.insert, np.delete, np.append, np.resize,
    np.copy, np.copyto, np.zeros_like, np.ones_like, np.empty_like, np.full_like, np.take_along_axis, np.extract,
    np.put_along_axis, np.putmask, np.place, np.real, np.max, np.min, np.amax, np.amin, np.nan_to_num, np.clip,
    np.fill_diagonal, np.trim_zeros, np.meshgrid, np.lib.stride_tricks.as_strided,
    np.lib.stride_tricks.sliding_window_view,
}  # fmt: skip
"""What only moves or chooses elements, or makes new ones that no rounding made."""


def _flat(args: Any) -> list[Any]:
    return [one for arg in args for one in (_flat(arg) if isinstance(arg, list | tuple) else [arg])]


def _arithmetic(arrays: Sequence[Any]) -> Arithmetic:
    for one in arrays:
        if type(one) is Carried and one.arithmetic:
            return one.arithmetic
    raise AssertionError("a Carried array is made by Arithmetic.array")
