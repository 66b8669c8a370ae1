"""Two common bugs at once: both are found, and both are named. `python tests/common_bugs.py` tries all pairs."""

from __future__ import annotations

import pytest
from common_bugs import BUGS, missed

SAMPLE = [
    ("softmax over the batch", "mask at zero"),
    ("labels off by one", "memory order of W"),
    ("slope without 1 - y", "bias recycled"),
    ("epsilon", "weight decay"),
    ("softmax over the batch", "labels off by one"),
]


def test_none_of_them_is_no_bug() -> None:
    for everything in (True, False):
        assert missed((), everything) == ([], [])


@pytest.mark.parametrize("bug", BUGS)
def test_each_is_named_by_itself(bug: str) -> None:
    unnamed, told = missed((bug,), everything=True)
    assert not unnamed, told


@pytest.mark.parametrize("everything", [True, False], ids=["trace and layers", "gradient and predict"])
@pytest.mark.parametrize("pair", SAMPLE, ids=" and ".join)
def test_both_of_two_are_named(pair: tuple[str, str], everything: bool) -> None:
    unnamed, told = missed(pair, everything)
    assert not unnamed, told
