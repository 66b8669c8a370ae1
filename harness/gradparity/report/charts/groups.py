"""What the charts of a benchmark take from its groups: only figures that can be drawn."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import NamedTuple

from ...bench.records import Estimate, GroupResult
from ...bench.tables import case_words, counted, estimate, interval_words, quartiles
from ...record.run import Run
from ...texts import number, plain
from .palette import Palette


class PassGroup(NamedTuple):
    """A group of the whole pass. ``id`` is unique, and fit for a chart's; ``words`` are unique where they can be."""

    id: str
    words: str
    group: GroupResult


def passes(run: Run) -> Iterator[PassGroup]:
    """The groups of the whole pass: one of each dtype, or the cases that were asked for."""
    groups = [group for group in run.bench.groups if group.kind == "pass"] if run.bench else []
    dtypes = [group.case.dtype for group in groups]
    for i, (dtype, group) in enumerate(zip(dtypes, groups, strict=True)):
        before = dtypes[:i].count(dtype)
        words = dtype if dtypes.count(dtype) == 1 else f"{dtype}, {case_words(group)}"
        yield PassGroup(f"{dtype}-{before + 1}" if before else dtype, words, group)


def against(group: GroupResult, operation: str, other: str, styles: Palette) -> dict[str, Estimate]:
    """By runner, the operation's time relative to ``other``: a runner, or an operation of the same runner."""
    named = {plain(one.runner): one.runner for one in group.series}
    found = {name: estimate(group, named[name], operation, other) for name in styles if name in named}
    return {name: one for name, one in found.items() if one and _sound(one)}


def _sound(one: Estimate) -> bool:
    return all(0 < value < math.inf for value in (one.ratio, one.low, one.high))


def medians(group: GroupResult, operation: str, styles: Palette) -> dict[str, float]:
    """By runner, nanoseconds of a call."""
    found = {
        plain(one.runner): quartiles(one)[1] for one in group.series if one.operation == operation and counted(one)
    }
    return {name: found[name] for name in styles if 0 < found.get(name, math.nan) < math.inf}


def floor(group: GroupResult, operation: str) -> float | None:
    """How far the reference strayed from itself; None where that is not known."""
    found = group.floor.get(operation, math.inf)
    return found if 0 <= found < math.inf else None


def in_words(one: Estimate) -> str:
    """With its interval: 0.646 [0.618, 0.685]."""
    return f"{number(one.ratio)} {interval_words(one)}"
