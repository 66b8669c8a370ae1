"""Two common bugs at once: both are found, and both are named. All pairs are in tests/whole."""

from __future__ import annotations

import pytest
from common_bugs import BUGS, missed

SAMPLE = [
    ("log10", "bias recycled"),
    ("first logit subtracted", "log10"),
    ("sum for mean", "mask at zero"),
    ("softmax over the batch", "slope without 1 - y"),
    ("epsilon", "weight decay"),
]


def test_none_of_them_is_no_bug() -> None:
    for everything in (True, False):
        assert missed((), everything) == ([], [])


@pytest.mark.parametrize("bug", BUGS)
def test_each_is_named_by_itself(bug: str) -> None:
    unnamed, told = missed((bug,), everything=True)
    assert not unnamed, told


@pytest.mark.parametrize("pair", SAMPLE, ids=" and ".join)
def test_both_of_two_are_named(pair: tuple[str, str]) -> None:
    unnamed, told = missed(pair, everything=True)
    assert not unnamed, told
