"""Of words without end the beginning and the end are kept, however they come."""

from __future__ import annotations

from gradparity.ports.kept import CUT, Kept
from hypothesis import given
from hypothesis import strategies as st


@given(st.lists(st.binary(max_size=40)), st.integers(20, 60))
def test_both_ends_are_kept_and_no_more_than_the_limit(pieces: list[bytes], limit: int) -> None:
    kept, whole = Kept(limit), b"".join(pieces)
    for piece in pieces:
        kept.add(piece)
    if len(whole) <= limit:
        assert kept.text == whole
    else:
        half = (limit - len(CUT)) // 2
        assert kept.text == whole[:half] + CUT + whole[-half:] and len(kept.text) <= limit
