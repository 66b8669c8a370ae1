"""Stochastic arithmetic: every operation rounds at random.

The values are float64 and stand for numbers of some precision. What an operation gives has a random error of the size
that rounding makes; what only moves or chooses elements has none. A ``Pass`` is one run of some function. The first is
still: it makes no noise, and writes on a tape how large the noise of each operation is; those after it read the
tape. So all of them must do the same operations in the same order.

Source of the idea: D. S. Parker, "Monte Carlo Arithmetic" (1997); CADNA and Verificarlo do it by a compiler.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from . import noise
from .carried import Arithmetic, Carried, bare
from .precision import Array, Precision

COMPARISONS = {np.less, np.less_equal, np.greater, np.greater_equal, np.equal, np.not_equal}
EXACT = {
    np.negative, np.positive, np.absolute, np.fabs, np.maximum, np.minimum, np.fmax, np.fmin, np.sign, np.copysign,
    np.floor, np.ceil, np.rint, np.trunc, np.conjugate,
}  # fmt: skip


SUMS_OF_PRODUCTS = {np.dot, np.vdot, np.inner, np.outer, np.einsum, np.tensordot, np.convolve, np.correlate}
CHOICES = {np.argmax: 1.0, np.argmin: -1.0}
BACKWARD_STABLE = ("numpy.linalg", "numpy.fft")


class Diverged(Exception):
    """A pass did other operations than the still one: what it does depends on its numbers."""


@dataclass
class Entry:
    """An operation on the tape: the size of its noise, and which rows of its result share theirs, if some do.

    ``shape`` is that of what is drawn.
    """

    size: Array
    shape: tuple[int, ...]
    rows: Array | None


@dataclass
class Decision:
    """A comparison on the tape: its outcome and a - b in the still pass, and how far each other pass was from that."""

    outcome: Array
    difference: Array
    deviations: list[Array] = field(default_factory=list)
    near: Array | None = None  # where rounding may decide it, once that is known


Tape = list[Entry | Decision]


class Pass(Arithmetic):
    """One run. Without a generator it is the still one, which fills the tape."""

    def __init__(
        self,
        precision: Precision,
        tape: Tape,
        rng: np.random.Generator | None = None,
        masks: Callable[[tuple[int, ...]], Array] | None = None,
        times: float = 1.0,
        fast: bool = False,
    ) -> None:
        """``masks`` draws what a comparison gives where rounding may decide it; else it is that of the still pass.

        The noise is so many ``times`` as large as rounding's. ``fast``: matrix products are accurate by norm alone.
        """
        self.precision, self.tape, self.rng, self.masks, self.times = precision, tape, rng, masks, times
        self.fast, self.position = fast, 0
        self.lost: list[str] = []

    def array(self, value: Array) -> Carried:
        """This value, exactly: floating-point numbers in float64, others as they are."""
        found = super().array(np.asarray(value, np.float64) if value.dtype.kind == "f" else value)
        if self.rng is None:
            found.note = Note(_alike(bare(found), []), NO_NOISE, 0, found.shape, found.strides)
        return found

    def apply(self, ufunc: np.ufunc, method: str, inputs: tuple[Any, ...], options: dict[str, Any]) -> Any:
        """NumPy's result, with noise where it is rounded."""
        raw = tuple(bare(one) for one in inputs)
        value = super().apply(ufunc, method, raw, options)
        if type(value) is tuple or value.dtype.kind != "f":
            return self._compared(value, *raw) if ufunc in COMPARISONS and method == "__call__" else value
        if ufunc in EXACT:
            return value
        if self.rng is None:
            size, terms = _size(self.precision, ufunc, method, inputs, options, np.asarray(value))
            size = noise.of_fast_product(size) if self.fast and ufunc is np.matmul else size
            return self._written(np.asarray(value), inputs, size, terms)
        return self._rounded(value)

    def _rounded(self, value: Any) -> Any:
        entry = self._next()
        if type(entry) is not Entry or entry.size.shape != value.shape:
            raise Diverged
        assert self.rng
        drawn = self.rng.standard_normal(entry.shape)
        if entry.rows is not None:
            drawn = drawn[entry.rows]
        drawn *= entry.size
        if self.times != 1:
            drawn *= self.times
        drawn += value
        return drawn

    def call(self, func: Any, args: Any, kwargs: Any, numpys_own: Callable[[], Any]) -> Any:
        """A sum of products by itself; what comes of ufuncs by these; anything else by the noise of its arguments."""
        if func in SUMS_OF_PRODUCTS:
            return self._sum_of_products(func, args, kwargs)
        if func in CHOICES:
            return self._chosen(func, args, kwargs)
        if func.__module__.startswith(BACKWARD_STABLE):
            return func(*self._disturbed(args), **kwargs)
        value = numpys_own()
        plain_ones = [one for one in (value if isinstance(value, tuple | list) else [value]) if _is_plain_float(one)]
        return func(*self._disturbed(args), **kwargs) if plain_ones else value

    def _sum_of_products(self, func: Any, args: Any, kwargs: Any) -> Any:
        raw = [bare(one) for one in args]
        value = func(*raw, **kwargs)
        if np.asarray(value).dtype.kind != "f":
            return value
        if self.rng is None:
            size = noise.of_sum_of_products(self.precision, lambda *arrays: func(*arrays, **kwargs), raw, value)
            return self._written(np.asarray(value), args, size, 0)
        return self._rounded(value)

    def _disturbed(self, args: Any) -> list[Any]:
        """The arguments, each float array with the noise that a backward stable algorithm's result looks like."""
        return [self._disturb(one) if isinstance(one, Carried) else one for one in args]

    def _disturb(self, one: Carried) -> Array:
        plain: Array = bare(one)
        if self.rng is None or (plain.dtype.kind != "f" and plain.ndim == 0):  # a degree, or a power, is exact
            return plain
        each, common = (self.times * size for size in noise.of_backward_error(self.precision, plain))
        return plain * (1 + common * self.rng.standard_normal()) + each * self.rng.standard_normal(plain.shape)

    def left(self, how: str) -> None:
        """Kept in ``lost``, with the place in the code that did it."""
        frame = sys._getframe(2)
        while frame.f_back and frame.f_globals.get("__name__", "").partition(".")[0] in ("numpy", "gradparity"):
            frame = frame.f_back
        self.lost.append(f"{how} at {os.path.basename(frame.f_code.co_filename)}:{frame.f_lineno}")

    def _next(self) -> Any:
        self.position += 1
        if self.position > len(self.tape):
            raise Diverged
        return self.tape[self.position - 1]

    def _written(self, value: Array, inputs: Sequence[Any], size: Array, terms: int) -> Carried:
        rows = _alike(value, [one for one in inputs if isinstance(one, Carried)])
        size = np.nan_to_num(size, nan=0.0, posinf=0.0)
        kinds = 0 if rows is None or not rows.size else int(rows.max()) + 1
        shared = rows is not None and kinds < len(rows)
        self.tape.append(Entry(size, (kinds, *size.shape[1:]) if shared else size.shape, rows if shared else None))
        found = self.carry(value)
        found.note = Note(rows, size, terms, found.shape, found.strides)
        return found

    def _chosen(self, func: Any, args: Any, kwargs: Any) -> Any:
        """The place of the largest element, or smallest: where rounding may decide between some, one is drawn."""
        a, axis = bare(args[0]), kwargs.get("axis", args[1] if len(args) > 1 else None)
        found = func(*map(bare, args), **kwargs)
        if a.dtype.kind != "f" or not a.size:
            return found
        # How far each is behind; the others' best stands for the largest, whose lead it is.
        up = np.asarray(CHOICES[func] * a, np.float64)
        behind = up - np.max(up, axis=axis, keepdims=True)
        if self.rng is None:
            self.tape.append(Decision(np.asarray(found), behind))
            return found
        on_tape = self._next()
        if type(on_tape) is not Decision or on_tape.difference.shape != behind.shape:
            raise Diverged
        if self.masks is None:
            on_tape.deviations.append((behind - on_tape.difference) / self.times)
            return on_tape.outcome
        if on_tape.near is None:
            return found
        drawn = on_tape.near & self.masks(behind.shape)
        return func(CHOICES[func] * np.where(drawn, np.inf, up), **{**kwargs, "axis": axis})

    def _compared(self, value: Array, a: Array, b: Array) -> Array:
        """Where rounding may decide it, it is drawn."""
        with np.errstate(invalid="ignore"):
            difference = np.asarray(np.subtract(a, b, dtype=np.float64))
        if self.rng is None:
            self.tape.append(Decision(np.asarray(value), difference))
            return value
        on_tape = self._next()
        if type(on_tape) is not Decision or on_tape.difference.shape != difference.shape:
            raise Diverged
        if self.masks is None:
            on_tape.deviations.append((difference - on_tape.difference) / self.times)
            return on_tape.outcome
        return value if on_tape.near is None else np.where(on_tape.near, self.masks(value.shape), value)


def _size(
    p: Precision, ufunc: np.ufunc, method: str, inputs: tuple[Any, ...], options: dict[str, Any], value: Array
) -> tuple[Array, int]:
    """Of the noise; and of how many terms the result is a sum to which a loop may add more, 0 if it is none."""
    raw = tuple(bare(one) for one in inputs)
    with np.errstate(all="ignore"):
        if ufunc is np.matmul and raw[0].ndim == raw[1].ndim == 2:
            return noise.of_product(p, raw[0], raw[1], value), raw[0].shape[1]
        if ufunc in (np.matmul, np.vecdot, np.matvec, np.vecmat):
            return noise.of_sum_of_products(p, lambda *arrays: ufunc(*arrays, **options), raw, value), 0
        if ufunc is np.add and method == "reduce":
            return noise.of_sum(p, raw[0], options.get("axis", 0), value), 0
        if ufunc is np.add and method == "accumulate":
            return noise.of_running_sum(p, raw[0], options, value), 0
        if method in ("reduce", "accumulate"):
            return noise.of_many(p, ufunc, raw[0], value), 0
        if method == "outer":
            return noise.of_operation(p, ufunc, _outer(*raw), value), 0
        if method == "__call__" and ufunc is np.add:
            for one, other in (inputs, reversed(inputs)):
                note = _note(one)
                if note and note.terms:
                    walked = note.terms * (note.size > 0)
                    return noise.of_addition(p, walked, bare(one), bare(other), value), note.terms + 1
        if method == "__call__":
            return noise.of_operation(p, ufunc, raw, value), 0
    raise NotImplementedError(f"{ufunc.__name__}.{method} has no stochastic arithmetic yet")


def _outer(a: Array, b: Array) -> tuple[Array, Array]:
    a, b = np.asarray(a), np.asarray(b)
    return a.reshape(a.shape + (1,) * b.ndim), b


def _is_plain_float(one: Any) -> bool:
    return type(one) is not Carried and isinstance(one, np.ndarray | np.floating) and one.dtype.kind == "f"


NO_NOISE = np.zeros(())


@dataclass(frozen=True)
class Note:
    """What the still pass knows of an array: numbers for its rows, the same for those that are computed alike, how
    large its last noise is, and of how many terms it is a sum. All are of this shape in this memory order: a transposed
    view has other rows.
    """

    rows: Array | None
    size: Array
    terms: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]


def _note(one: Any) -> Note | None:
    note = one.note if isinstance(one, Carried) else None
    return note if note and (note.shape, note.strides) == (one.shape, one.strides) else None


def _alike(value: Array, inputs: Sequence[Carried]) -> Array | None:
    """Numbers for the rows: equal for those of equal value, of inputs with as many rows that are alike, too."""
    if value.ndim == 0 or not value.size:
        return None
    notes = [note for one in inputs if (note := _note(one))]
    known = [note.rows.tolist() for note in notes if note.rows is not None and len(note.rows) == len(value)]
    numbers: dict[Any, int] = {}
    each = np.ascontiguousarray(value + 0.0).reshape(len(value), -1)  # + 0.0, as -0.0 is equal to 0.0
    keys = zip((row.tobytes() for row in each), *known, strict=True)
    return np.array([numbers.setdefault(key, len(numbers)) for key in keys], np.intp)
