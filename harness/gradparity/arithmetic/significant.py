"""Significant bits: how many a number has, and numbers that are left with fewer, by rounding or by truncation."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import numpy as np

from .precision import Array

FORMATS = {24: "float32", 11: "float16 or TensorFloat-32", 8: "bfloat16"}
"""Of narrower formats, by the significant bits of their normal numbers, the implicit one counted."""

_OF_FLOAT64 = 53


def significant_bits(a: Array) -> Array:
    """How many bits each element needs, from its first that is 1 to its last; 0 of what is 0 or not finite.

    >>> significant_bits(np.array([0.75, -5.0, 0.1, 0.0])).tolist()
    [2, 3, 52, 0]
    """
    mantissa, _ = np.frexp(np.where(np.isfinite(a), a, 0.0).astype(np.float64))
    whole = np.abs(np.ldexp(mantissa, _OF_FLOAT64)).astype(np.int64)
    _, last = np.frexp((whole & -whole).astype(np.float64))  # the lowest bit that is 1 is 2^(last - 1)
    return np.where(whole == 0, 0, _OF_FLOAT64 + 1 - last)


def rounded_to(a: Array, bits: int) -> Array:
    """Each element rounded to so many significant bits, ties to even, in the dtype that it has."""
    return _shortened(a, bits, np.rint)


def truncated_to(a: Array, bits: int) -> Array:
    """Each element with its further bits cut off, in the dtype that it has."""
    return _shortened(a, bits, np.trunc)


WAYS = {"rounded": rounded_to, "truncated": truncated_to}


def shortened_inputs(
    inputs: Mapping[str, Any], together: str, formats: Iterable[int] = FORMATS, each: bool = True
) -> Iterator[tuple[int, str, dict[str, Array]]]:
    """Inputs of fewer bits: the bits, a sentence, and the inputs that are others now.

    They are so all ``together``, as they are called then, and ``each`` alone. Arrays of floating-point numbers are
    rounded, and truncated, to each of the formats that is narrower than their own.
    """
    floats = {name: a for name, a in inputs.items() if isinstance(a, np.ndarray) and a.dtype.kind == "f"}
    arrays = [name for name, a in floats.items() if a.ndim]
    alone = [[name] for name in floats] if each else []
    some = [one for one in (list(floats), arrays, *alone) if one]
    some = [one for i, one in enumerate(some) if one not in some[:i]]
    for bits in formats:
        for how, cut in WAYS.items():
            for names in some:
                if any(bits < np.finfo(floats[name].dtype).nmant for name in names):
                    what = f"{together} are" if len(names) > 1 else f"{names[0]} is"
                    sentence = f"{what} {how} to {bits} bits ({FORMATS[bits]})"
                    yield bits, sentence, {name: cut(floats[name], bits) for name in names}


def _shortened(a: Array, bits: int, cut: np.ufunc) -> Array:
    mantissa, exponent = np.frexp(np.asarray(a))
    found: Array = np.ldexp(cut(np.ldexp(mantissa, bits)), exponent - bits).astype(a.dtype)
    return found
