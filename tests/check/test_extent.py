"""How much of an array is wrong: which elements, and what they have in common."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from gradparity.arithmetic.precision import Array
from gradparity.arithmetic.verdicts import Allowance
from gradparity.check.extents import extent_words
from gradparity.diagnosis.extent import BLOCKS, extent_of
from gradparity.functions.evidence import Evidence
from hypothesis import given
from hypothesis import strategies as st


def evidence(shape: tuple[int, ...], *wrong: Any) -> Evidence:
    right: Array = np.arange(float(np.prod(shape))).reshape(shape) + 1
    came = np.array(right)
    for place in wrong:
        came[place] += 1
    return Evidence("x", "out", {}, right, came, Allowance(limit=np.zeros(shape)), 1, 1)


@pytest.mark.parametrize(
    ("shape", "wrong", "words"),
    [
        ((3, 4), [np.s_[:]], "all of it"),
        ((), [()], "its one number"),
        ((5, 6), [(3, 2)], "1 of 30 elements, [3, 2], in row 3 of 5"),
        ((5, 6), [np.s_[1]], "6 of 30 elements, in row 1 of 5"),
        ((7, 6), [np.s_[6]], "6 of 42 elements, in row 6 of 7, the last"),
        ((6, 5), [np.s_[:, 1]], "6 of 30 elements, in column 1 of 5"),
        ((7, 6), [np.s_[4:]], "18 of 42 elements, in rows 4, 5, 6 of 7: past the last multiple of 4"),
        ((5, 70), [np.s_[:, 64:]], "30 of 350 elements, in columns 64 to 69 of 70: past the last multiple of 64"),
        ((6, 6), [np.s_[0], np.s_[5], np.s_[:, 0], np.s_[:, 5]], "20 of 36 elements, all at the border"),
        ((6, 6), [(1, 1), (2, 2), (3, 3), (4, 4)], "4 of 36 elements"),
    ],
)
def test_where_it_is_wrong(shape: tuple[int, ...], wrong: list[Any], words: str) -> None:
    assert extent_words(extent_of(evidence(shape, *wrong))) == words


@given(length=st.integers(5, 200), block=st.sampled_from(BLOCKS), axis=st.integers(0, 1))
def test_the_end_of_a_blocked_loop_is_seen(length: int, block: int, axis: int) -> None:
    start = length // block * block
    if 0 < start < length:
        tail = np.s_[start:] if axis == 0 else np.s_[:, start:]
        found = extent_of(evidence((length, 3) if axis == 0 else (3, length), tail))
        assert found.axis == axis and found.places == [*range(start, length)]
        assert found.block >= block and length // found.block * found.block == start
