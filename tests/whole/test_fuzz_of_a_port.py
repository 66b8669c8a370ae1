"""The Python port's process under mutated requests, the same in every run."""

from __future__ import annotations

from fuzz_port import fuzz_port


def test_a_port_answers_a_mutated_request_or_exits() -> None:
    report = fuzz_port("python", 40, 0)
    assert report.findings == []
    assert {outcome.split()[0] for outcome in report.outcomes} == {"answered", "exited"}
