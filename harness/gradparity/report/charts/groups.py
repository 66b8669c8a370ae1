"""What the charts of a benchmark take from its groups: only figures that can be drawn."""

from __future__ import annotations

import math
from collections.abc import Iterator

from ...bench.records import Estimate, GroupResult
from ...bench.tables import counted, estimate, interval, quartiles
from ...run.records import Run
from ...texts import number, plain
from .palette import Palette


def passes(run: Run) -> Iterator[tuple[str, GroupResult]]:
    """The groups of the whole pass, each with a name that is unique and fit for an id: its dtype."""
    seen: list[str] = []
    for group in run.bench.groups if run.bench else []:
        if group.kind == "pass":
            seen.append(group.case.dtype)
            count = seen.count(group.case.dtype)
            yield group.case.dtype + (f"-{count}" if count > 1 else ""), group


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
    """How far the oracle strayed from itself; None where that is not known."""
    found = group.floor.get(operation, math.inf)
    return found if 0 <= found < math.inf else None


def told(one: Estimate) -> str:
    """With its interval: 0.646 [0.618, 0.685]."""
    return f"{number(one.ratio)} {interval(one)}"
