"""A case that is wrong only after others: in a fresh process it agrees, and the command for it alone shows nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from ..arithmetic.verdicts import Verdict
from .question import Spec
from .records import CaseResult

MOST = 16  # cases that are asked before it


@dataclass(frozen=True)
class AskedCase:
    """A case as it was asked for: ``option`` is what ``--case`` calls it."""

    option: str
    spec: Spec
    seed: int


Afresh = Callable[[Sequence[AskedCase]], CaseResult | None]
"""The result of the last of these cases in a fresh process that was asked nothing else; None where there is none."""


def needed_before(case: AskedCase, earlier: Sequence[AskedCase], afresh: Afresh) -> list[AskedCase]:
    """The fewest earlier cases found after which it is wrong, where alone it agrees; none where that is not so.

    They are of its seed, as a command asks every case of every seed: the one before it, the first of all, then the two,
    four, eight before it.
    """
    alone = afresh([case])
    if alone is None or not alone.verdict.passes:
        return []
    same_seed = [one for one in earlier if one.seed == case.seed]
    for before in _tried(same_seed):
        found = afresh([*before, case])
        if found is not None and found.verdict is Verdict.WRONG:
            return before
    return []


def _tried(earlier: Sequence[AskedCase]) -> Iterator[list[AskedCase]]:
    if not earlier:
        return
    yield [earlier[-1]]
    count, have = 1, len(earlier)
    if have > 1:
        yield [earlier[0]]
    while count < have and count < MOST:
        count *= 2
        yield list(earlier[-count:])
