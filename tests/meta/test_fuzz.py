"""A few thousand messages of the fuzz, the same in every run: nothing but a message or a WireError comes of them."""

from __future__ import annotations

import pytest
from fuzz import corpus, fuzz_reader, messages


@pytest.mark.parametrize("chunk", range(4))
def test_whatever_arrives_is_a_message_or_is_refused(chunk: int) -> None:
    report = fuzz_reader(0, chunk)
    assert report.findings == []
    assert report.outcomes["refused"] > 100
    assert report.outcomes.total() - report.outcomes["refused"] > 100


def test_the_same_seed_gives_the_same_messages() -> None:
    requests, replies = corpus()
    assert messages(3, 5, requests) == messages(3, 5, requests) != messages(4, 5, requests)
    assert set(requests).isdisjoint(replies)
