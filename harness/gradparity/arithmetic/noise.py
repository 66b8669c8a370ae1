"""How large a rounding error usually is: of an elementary operation, of a function, of a sum or product of many terms.

Sizes are root mean squares, in float64, whatever precision they speak of. They are generous: correct implementations
differ by a fifth of what follows from them (docs/verdicts.md has the measured figures).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from .precision import Array, Precision, root_mean_square

OPERATION = 1.0  # u: of one sum, difference, product, quotient or root
FUNCTION = 2.0  # u: of an elementary function, as libraries compute it
BACKWARD = 8.0  # u sqrt(n) of an argument's size: of a factorization, or another that does the same
UNDERFLOW = 4.0  # smallest subnormal numbers: less would be rounded away where the values are float64 itself
ALIKE = 64  # u: terms that are no further apart may be the same number, computed in another way
COHERENT = 0.25  # of the terms that are the same number: the share of a rounding error that they have in common


def of_operation(p: Precision, ufunc: np.ufunc, inputs: tuple[Any, ...], value: Array) -> Array:
    """Of ufunc(*inputs), elementwise. To add 0, and to multiply by 0 or 1 or divide by 1, is exact.

    Where a quotient or a function underflows, another way to compute it may give 0, or a number where this one does.
    """
    units = UNITS.get(ufunc, FUNCTION)
    underflow = np.logical_and(inputs[0], inputs[1]) if ufunc is np.multiply else value != 0
    size: Array = units * p.u * abs(value) + UNDERFLOW * p.subnormal * underflow
    if ufunc is np.divide or ufunc not in UNITS:
        small = (value != 0) & (abs(value) < 4 * p.tiny)
        size = np.where(small | (np.isinf(inputs[-1]) & (value == 0)), p.tiny, size)
    for exact in EXACT_OPERANDS.get(ufunc, ()):
        for operand in inputs if ufunc in COMMUTE else inputs[1:]:
            size = np.where(np.equal(operand, exact), 0.0, size)
    return size


UNITS = dict.fromkeys((np.add, np.subtract, np.multiply, np.divide, np.sqrt, np.square, np.reciprocal), OPERATION)
COMMUTE = (np.add, np.subtract, np.multiply)
EXACT_OPERANDS: dict[np.ufunc, tuple[float, ...]] = {
    np.add: (0.0,),
    np.subtract: (0.0,),
    np.multiply: (0.0, 1.0, -1.0),
    np.divide: (1.0, -1.0),
}


def of_addition(p: Precision, terms: Array, total: Array, other: Any, value: Array) -> Array:
    """Of a sum of so many terms, and another number: a loop may start from that, and carry it through the walk.

    ``terms`` are 0 where each of them is 0, or all but one: there is no walk then, and to add the number to 0 is exact.
    """
    carried = np.sqrt(terms / 3) * abs(np.asarray(other))
    size: Array = p.u * (OPERATION * abs(value) * ((terms > 0) | (total != 0)) + carried)
    return size


def of_product(p: Precision, a: Array, b: Array, value: Array) -> Array:
    """Of a @ b, matrices: a random walk of n steps in each element."""
    n, repeats = a.shape[1], np.minimum(_repeats(a.T, p.u)[:, None], _repeats(b, p.u))
    underflow = UNDERFLOW * p.subnormal * np.sqrt(n) * ((a != 0).astype(np.float64) @ (b != 0) > 0)
    size: Array = _walk(p, n, repeats, np.square(a) @ np.square(b), value) + underflow
    return size


def of_fast_product(size: Array) -> Array:
    """Of the same by a fast algorithm, such as Strassen's: by norm, so that small elements have the error of all."""
    found: Array = np.hypot(size, root_mean_square(size))
    return found


def of_sum(p: Precision, a: Array, axis: int | tuple[int, ...] | None, value: Array) -> Array:
    """Of a.sum(axis), a walk over the terms. A sum of one term that is not 0 is exact."""
    axes = range(a.ndim) if axis is None else axis if isinstance(axis, tuple) else (axis,)
    moved = np.moveaxis(a, list(axes), range(len(list(axes))))
    terms = moved.reshape(-1, *moved.shape[len(list(axes)) :])
    if not terms.size:  # a sum of nothing
        return np.zeros(value.shape)
    flat = terms.reshape(len(terms), -1)
    repeats = _repeats(flat, p.u).reshape(terms.shape[1:])
    size = _walk(p, len(terms), repeats, np.square(terms).sum(axis=0), value.reshape(terms.shape[1:]))
    return np.where(np.count_nonzero(terms, axis=0) > 1, size, 0.0).reshape(value.shape)


def of_sum_of_products(p: Precision, function: Callable[..., Any], operands: Sequence[Any], value: Array) -> Array:
    """Of a function that is linear in each operand, such as einsum: as of a matrix product.

    How many products each element is a sum of, the function itself says: of operands that are 1.
    """
    ones = [np.ones_like(one) if isinstance(one, np.ndarray) else one for one in operands]
    squares = [np.square(one) if isinstance(one, np.ndarray) else one for one in operands]
    n = np.asarray(function(*ones), np.float64)
    size = _walk(p, n, NONE_ALIKE, function(*squares), np.asarray(value))
    return size + UNDERFLOW * p.subnormal * np.sqrt(n) * (size > 0)


def of_running_sum(p: Precision, a: Array, options: Mapping[str, Any], value: Array) -> Array:
    """Of np.cumsum: of each sum, the walk so far."""
    n = np.add.accumulate(np.ones_like(a), **options)
    return _walk(p, n, NONE_ALIKE, np.add.accumulate(np.square(a), **options), value)


def of_many(p: Precision, ufunc: np.ufunc, a: Array, value: Array) -> Array:
    """Of a reduction by another ufunc than add, such as a product: a rounding for each operand."""
    size: Array = UNITS.get(ufunc, FUNCTION) * p.u * np.sqrt(a.size / max(1, np.size(value))) * abs(np.asarray(value))
    return size


def of_backward_error(p: Precision, a: Array) -> tuple[float, float]:
    """Of each element of an argument, and of all of it relatively, where the result is that of arguments a little
    beside these: LAPACK's promise. What all elements have in common does not cancel in a sum over the result.
    """
    if not a.size:
        return 0.0, 0.0
    n = max(a.shape, default=1)
    return BACKWARD * p.u * math.sqrt(n) * float(root_mean_square(a)), p.u * math.sqrt(n)


NONE_ALIKE = np.zeros(())  # repeats: no terms are the same number, or nobody looked


def _walk(p: Precision, n: int | Array, repeats: Array, squares: Array, value: Array) -> Array:
    """Where m terms are the same number, so may be m steps' roundings, and the walk is longer."""
    m = np.maximum(COHERENT * repeats, 1.0)
    size: Array = p.u * (m * np.sqrt(n / 2) * np.sqrt(squares) + np.sqrt(m * n / 3) * abs(value))
    return size


def _repeats(a: Array, u: float) -> Array:
    """How many numbers but 0 of each column of a are the same but for their own rounding. (columns,)."""
    n = len(a)
    ordered = np.sort(a, axis=0)
    reach, counts = ordered + min(n, ALIKE) * u * abs(ordered), ordered != 0
    low: Array = counts.any(axis=0).astype(np.intp)
    if not np.any(counts[:-1] & (ordered[1:] <= reach[:-1])):  # as nearly always
        return low
    place, high = np.arange(n)[:, None], np.full(low.shape, n)
    while np.any(low < high):  # is there a run of this length? A longer one has shorter ones in it
        length = (low + high + 1) // 2
        last = place + length - 1
        within = np.take_along_axis(ordered, np.minimum(last, n - 1), axis=0) <= reach
        holds = np.any(counts & (last < n) & within, axis=0)
        low, high = np.where(holds, length, low), np.where(holds, high, length - 1)
    return low
