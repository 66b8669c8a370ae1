"""Logarithmic axes that have a place for everything: for zero at the low end, for what is infinite at the high one."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import altair as alt

from .chart import brief

MOST = 1e300  # beyond it powers of ten are no numbers any more
TICKS = 7
NARROW = 4.0  # times: on an axis shorter than that ticks are equally far apart
FORMAT = "~r"  # decimals, without trailing zeros
IDENTICAL, INFINITE = "identical", "infinite"  # the ends of an axis of differences


@dataclass(frozen=True)
class LogAxis:
    """From ``low`` to ``high``. ``zero`` and ``infinite`` are the ends' labels, empty where nothing is drawn there."""

    title: str
    low: float
    high: float
    zero: str = ""
    infinite: str = ""

    def place(self, value: float) -> float:
        """Where a figure is drawn, of five digits: zero at the low end, infinity and NaN at the high one."""
        inside = value if math.isfinite(value) else self.high
        return brief(min(max(inside, self.low), self.high))

    def x(self, field: str = "x") -> alt.X:
        """Along the bottom."""
        return alt.X(field, type="quantitative", title=self.title, scale=self._scale, axis=self._axis)

    def y(self, field: str = "y") -> alt.Y:
        """Along the left side."""
        return alt.Y(field, type="quantitative", title=self.title, scale=self._scale, axis=self._axis)

    def words(self, value: str, figure: str) -> str:
        """The Vega expression for what is said of a value: the word of an end, or else the figure."""
        words = f"{value} >= {self.high * 0.999} ? '{self.infinite}' : {figure}" if self.infinite else figure
        return f"{value} <= {self.low * 1.001} ? '{self.zero}' : {words}" if self.zero else words

    @property
    def _scale(self) -> alt.Scale:
        return alt.Scale(type="log", domain=[self.low, self.high], nice=False)

    @property
    def _axis(self) -> alt.Axis:
        if self.zero or self.infinite:
            return self._labelled(values=self._powers())
        if self.high / self.low < NARROW:
            return self._labelled(values=self._evenly())
        labelled = alt.condition("datum.label != ''", alt.value(1), alt.value(0))  # of ten ticks a decade, a few
        return self._labelled(tickCount=TICKS, gridWidth=labelled, tickWidth=labelled)

    def _labelled(self, **more: Any) -> alt.Axis:
        """A tick says the word of an end, or the figure, as a power of ten where it is very small or large."""
        figure = "datum.label && datum.value && abs(log(datum.value)) > 9 ? format(datum.value, '~e') : datum.label"
        return alt.Axis(format=FORMAT, labelExpr=self.words("datum.value", figure), labelOverlap="greedy", **more)

    def _powers(self) -> list[float]:
        """Powers of ten, one of them 1 where it is on the axis, and both ends where they have a label."""
        first, last = math.ceil(math.log10(self.low) - 1e-9), math.floor(math.log10(self.high) + 1e-9)
        every = max(1, math.ceil((last - first) / TICKS))
        inner = range(first + bool(self.zero), last + 1 - bool(self.infinite))
        powers = [float(f"1e{power}") for power in inner if power % every == 0]
        return [*([self.low] * bool(self.zero)), *powers, *([self.high] * bool(self.infinite))]

    def _evenly(self) -> list[float]:
        """Round numbers, equally far apart."""
        span = self.high - self.low
        unit = 10.0 ** math.floor(math.log10(span / TICKS))
        step = next(unit * times for times in (1, 2, 5, 10) if span <= unit * times * TICKS)
        return [brief(step * i) for i in range(math.ceil(self.low / step), math.floor(self.high / step) + 1)]


def log_axis(title: str, figures: Iterable[float], zero: str = "", infinite: str = "") -> LogAxis:
    """For these figures, which may be 0, infinite or NaN where the ends have a label to say so."""
    figures = list(figures)
    inside = [figure for figure in figures if 1 / MOST < figure < MOST] or [1.0]
    has_zero = bool(zero) and any(figure <= 1 / MOST for figure in figures)
    has_infinite = bool(infinite) and any(not figure < MOST for figure in figures)
    low, high = min(inside), max(inside)
    low = float(f"1e{math.floor(math.log10(low)) - 1}") if has_zero else low
    high = float(f"1e{math.ceil(math.log10(high)) + 1}") if has_infinite else high
    beside = max((high / low) ** 0.04, 1.03) if high / low < MOST else 1.0
    return LogAxis(
        title,
        low if has_zero else brief(low / beside),
        high if has_infinite else brief(high * beside),
        zero if has_zero else "",
        infinite if has_infinite else "",
    )
