"""A few thousand messages of the fuzz, the same in every run: nothing but a message or a WireError comes of them."""

from __future__ import annotations

import pytest
from fuzz import corpus, fuzz_reader, messages
from fuzz_port import fuzz_port


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


def test_a_port_answers_a_mutated_request_or_exits() -> None:
    report = fuzz_port("python", 40, 0)
    assert report.findings == []
    assert {outcome.split()[0] for outcome in report.outcomes} == {"answered", "exited"}
