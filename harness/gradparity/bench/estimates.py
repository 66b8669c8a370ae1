"""The estimates of a group: each runner against the reference, each gradient against its products, and the floor."""

from __future__ import annotations

import math
from collections.abc import Sequence

from .records import CONTROL, ROOFLINE, Estimate, Series
from .statistics import interval, log_ratios, speed


def floors(series: Sequence[Series], reference: str) -> dict[str, float]:
    """For each operation, how far the control's interval reaches from 1: nothing nearer than that is a difference.

    Infinite where there is no control.
    """
    found = {}
    for one in _of(series, reference):
        control = [other for other in _of(series, CONTROL) if other.operation == one.operation]
        found[one.operation] = math.inf
        if control:
            _, low, high = interval(log_ratios(control[0].samples, one.samples))
            found[one.operation] = math.expm1(max(abs(low), abs(high)))
    return found


def estimates(series: Sequence[Series], reference: str, floor: dict[str, float]) -> list[Estimate]:
    """Every runner against the reference, by operation, and what has a roofline against that."""
    found = []
    for one in series:
        others = [(reference, other) for other in _of(series, reference) if other.operation == one.operation]
        if one.runner == reference:
            others = []
        if one.operation != ROOFLINE:
            others += [(ROOFLINE, other) for other in _of(series, one.runner) if other.operation == ROOFLINE]
        for against, other in others:
            found.append(_estimate(one, other, against, floor.get(one.operation, math.inf)))
    return found


def _estimate(one: Series, other: Series, against: str, floor: float) -> Estimate:
    middle, low, high = interval(log_ratios(one.samples, other.samples))
    verdict = speed(low, high, math.log1p(floor))
    ratio, low, high = (math.exp(value) for value in (middle, low, high))
    return Estimate(
        runner=one.runner, operation=one.operation, against=against, ratio=ratio, low=low, high=high, word=verdict
    )


def _of(series: Sequence[Series], runner: str) -> list[Series]:
    return [one for one in series if one.runner == runner]
