"""A case that is wrong only after others is told with the fewest of them, and no other is."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest
from gradparity.arithmetic.verdicts import Verdict
from gradparity.cases import CaseSpec
from gradparity.check.order import AskedCase, needed_before
from gradparity.check.records import CaseResult, Cell, Quantity

CASES = [AskedCase(str(n), CaseSpec(sizes=(5, 4, 3), batch=n), seed=0) for n in range(1, 11)]


def afresh(wrong: Callable[[list[str]], bool], asked: list[list[str]]) -> Callable[[Sequence[AskedCase]], CaseResult]:
    """A process whose last case is wrong where ``wrong`` says so of the cases before it."""

    def ask(cases: Sequence[AskedCase]) -> CaseResult:
        before = [one.option for one in cases[:-1]]
        asked.append(before)
        verdict = Verdict.WRONG if wrong(before) else Verdict.IDENTICAL
        cell = Cell.without_figures(Quantity.LOSS, "loss", verdict, "")
        return CaseResult(runner="x", case="x", seed=0, dtype="float64", command="", cells=[cell])

    return ask


@pytest.mark.parametrize(
    ("wrong", "found", "asks"),
    [
        (lambda before: True, [], 1),
        (lambda before: bool(before), ["9"], 2),
        (lambda before: "1" in before, ["1"], 3),
        (lambda before: {"7", "8"} <= set(before), ["6", "7", "8", "9"], 5),
        (lambda before: len(before) > 20, [], 7),
    ],
)
def test_the_fewest_that_are_tried_first(wrong: Callable[[list[str]], bool], found: list[str], asks: int) -> None:
    asked: list[list[str]] = []
    before = needed_before(CASES[-1], CASES[:-1], afresh(wrong, asked))
    assert ([one.option for one in before], len(asked)) == (found, asks)
