"""Every pair of twelve common bugs: both are found and named in nearly all, though one hides the other."""

from __future__ import annotations

import pytest
from common_bugs import PAIRS, missed

ENOUGH = 60  # of 66: some pairs cannot be told apart by their numbers


@pytest.mark.parametrize("everything", [True, False], ids=["trace and layers", "gradient and predict"])
def test_both_are_named_in_nearly_all_pairs(everything: bool) -> None:
    left = {pair: missed(pair, everything) for pair in PAIRS}
    unnamed = {pair: found for pair, found in left.items() if found[0]}
    assert len(PAIRS) - len(unnamed) >= ENOUGH, unnamed
