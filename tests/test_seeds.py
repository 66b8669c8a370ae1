"""Seeds as text."""

from __future__ import annotations

import pytest
from gradparity.seeds import MOST_SEEDS, SEED_LIMIT, parse_seeds
from hypothesis import given
from hypothesis import strategies as st

SEED = st.integers(0, SEED_LIMIT - 1)
SPAN = st.tuples(st.integers(0, SEED_LIMIT - 100), st.integers(0, 99))


@given(st.lists(SEED | SPAN, min_size=1, max_size=5))
def test_what_is_written_is_read_in_order_and_each_once(parts: list[int | tuple[int, int]]) -> None:
    text = ",".join(str(part) if isinstance(part, int) else f"{part[0]}-{sum(part)}" for part in parts)
    seeds = [s for part in parts for s in ([part] if isinstance(part, int) else range(part[0], sum(part) + 1))]
    assert parse_seeds(text) == list(dict.fromkeys(seeds))


@pytest.mark.parametrize("text", ["", "x", "1-", "-1", "5-3", "1,,2", "1.5", f"{SEED_LIMIT}", f"0-{MOST_SEEDS}", "0x1"])
def test_nonsense_says_what_was_expected(text: str) -> None:
    with pytest.raises(ValueError, match=f"expected seeds like 3, 1,5,9 or 0-4, came '{text}'"):
        parse_seeds(text)
