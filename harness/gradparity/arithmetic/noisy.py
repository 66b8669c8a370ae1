"""Stochastic arithmetic: every operation rounds at random.

The values are float64 and stand for numbers of some precision. What an operation gives has a random error of the size
that rounding makes; what only moves or chooses elements has none. A ``Pass`` is one run of some function. The first is
still: it makes no noise, and writes on a tape how large the noise of each operation is; those after it read the
tape. So all of them must do the same operations in the same order.

Source of the idea: D. S. Parker, "Monte Carlo Arithmetic" (1997); CADNA and Verificarlo do it by a compiler.
"""

from __future__ import annotations

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
    """A comparison on the tape: a - b in the still pass, and how far each other pass was from that."""

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
    ) -> None:
        """``masks`` draws what a comparison gives where rounding may decide it."""
        self.precision, self.tape, self.rng, self.masks = precision, tape, rng, masks
        self.position = 0

    def array(self, value: Array) -> Carried:
        """This value, exactly, in float64."""
        found = super().array(np.asarray(value, np.float64))
        if self.rng is None:
            found.note = Note(_alike(bare(found), []), 0, found.shape, found.strides)
        return found

    def apply(self, ufunc: np.ufunc, method: str, inputs: tuple[Any, ...], options: dict[str, Any]) -> Any:
        """NumPy's result, with noise where it is rounded."""
        raw = [bare(one) for one in inputs]
        value = getattr(ufunc, method)(*raw, **options)
        if type(value) is tuple or value.dtype.kind != "f":
            return self._compared(value, *raw) if ufunc in COMPARISONS and method == "__call__" else value
        if ufunc in EXACT:
            return value
        if self.rng is None:
            size, terms = _size(self.precision, ufunc, method, inputs, options, np.asarray(value))
            return self._written(np.asarray(value), inputs, size, terms)
        entry = self._next()
        drawn = self.rng.standard_normal(entry.shape)
        if entry.rows is not None:
            drawn = drawn[entry.rows]
        drawn *= entry.size
        drawn += value
        return drawn

    def _next(self) -> Any:
        self.position += 1
        return self.tape[self.position - 1]

    def _written(self, value: Array, inputs: Sequence[Any], size: Array, terms: int) -> Carried:
        rows = _alike(value, [one for one in inputs if isinstance(one, Carried)])
        size = np.nan_to_num(size, nan=0.0, posinf=0.0)
        kinds = 0 if rows is None or not rows.size else int(rows.max()) + 1
        shared = rows is not None and kinds < len(rows)
        self.tape.append(Entry(size, (kinds, *size.shape[1:]) if shared else size.shape, rows if shared else None))
        found = self.carry(value)
        found.note = Note(rows, terms, found.shape, found.strides)
        return found

    def _compared(self, value: Array, a: Array, b: Array) -> Array:
        """Where rounding may decide it, it is drawn."""
        with np.errstate(invalid="ignore"):
            difference = np.asarray(np.subtract(a, b, dtype=np.float64))
        if self.rng is None:
            self.tape.append(Decision(difference))
            return value
        on_tape: Decision = self._next()
        if self.masks is None:
            on_tape.deviations.append(difference - on_tape.difference)
        elif on_tape.near is not None:
            return np.where(on_tape.near, self.masks(value.shape), value)
        return value


def _size(
    p: Precision, ufunc: np.ufunc, method: str, inputs: tuple[Any, ...], options: dict[str, Any], value: Array
) -> tuple[Array, int]:
    """Of the noise; and of how many terms the result is a sum to which a loop may add more, 0 if it is none."""
    raw = tuple(bare(one) for one in inputs)
    with np.errstate(all="ignore"):
        if ufunc is np.matmul and raw[0].ndim == raw[1].ndim == 2:
            return noise.of_product(p, raw[0], raw[1], value), raw[0].shape[1]
        if ufunc is np.add and method == "reduce":
            return noise.of_sum(p, raw[0], options.get("axis", 0), value), 0
        if method == "__call__" and ufunc is np.add:
            for one, other in (inputs, reversed(inputs)):
                note = _note(one)
                if note and note.terms:
                    return noise.of_addition(p, note.terms, bare(other), value), note.terms + 1
        if method == "__call__" and ufunc is not np.matmul:
            return noise.of_operation(p, ufunc, raw, value), 0
    raise NotImplementedError(f"{ufunc.__name__}.{method} has no stochastic arithmetic yet")


@dataclass(frozen=True)
class Note:
    """What the still pass knows of an array: numbers for its rows, the same for those that are computed alike, and of
    how many terms it is a sum. Both are of this shape in this memory order: a transposed view has other rows.
    """

    rows: Array | None
    terms: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]


def _note(one: Any) -> Note | None:
    note = one.note if isinstance(one, Carried) else None
    return note if note and (note.shape, note.strides) == (one.shape, one.strides) else None


def _alike(value: Array, inputs: Sequence[Carried]) -> Array | None:
    """Numbers for the rows: equal for those of equal value, of inputs with as many rows that are alike, too."""
    if value.ndim == 0:
        return None
    notes = [note for one in inputs if (note := _note(one))]
    known = [note.rows.tolist() for note in notes if note.rows is not None and len(note.rows) == len(value)]
    numbers: dict[Any, int] = {}
    each = np.ascontiguousarray(value + 0.0).reshape(len(value), -1)  # + 0.0, as -0.0 is equal to 0.0
    keys = zip((row.tobytes() for row in each), *known, strict=True)
    return np.array([numbers.setdefault(key, len(numbers)) for key in keys], np.intp)
