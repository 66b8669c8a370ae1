"""How the time of a gradient grows with the batch, the width and the depth."""

from __future__ import annotations

import altair as alt

from ...bench.records import BenchResult, Estimate, GroupResult
from ...bench.tables import seconds
from ...cases import CaseSpec
from ...record.run import Run
from ...texts import number, plain
from .chart import TALL, Chart, Row, drawing, tips
from .groups import against, in_words, medians, passes
from .palette import Palette, palette
from .scales import MOST, log_axis

AXES = {"batch": "images in a batch", "width": "units of the hidden layer", "depth": "hidden layers"}


def scaling(run: Run) -> list[Chart]:
    """The median time of a gradient: a chart per axis, with the headline case as the point that it is on each."""
    charts = [_along(along, run, run.bench, palette(run)) for along in AXES if run.bench]
    return [chart for chart in charts if chart]


def _along(along: str, run: Run, bench: BenchResult, styles: Palette) -> Chart | None:
    points = dict(sorted(_points(along, run).items()))
    took = {at: medians(group, "gradient", styles) for at, group in points.items()}
    took = {at: by_runner for at, by_runner in took.items() if by_runner}
    if len(took) < 2:
        return None
    times = {at: against(points[at], "gradient", bench.reference, styles) for at in took}
    x = log_axis(AXES[along], took)
    y = log_axis("median time of a gradient, ms", [time / 1e6 for of in took.values() for time in of.values()])
    rows: list[Row] = [
        {
            "runner": runner,
            "x": at,
            "y": y.place(time / 1e6),
            "median": seconds(time),
            "ratio": in_words(times[at][runner]) if runner in times[at] else "1: the reference",
        }
        for at, by_runner in took.items()
        for runner, time in by_runner.items()
    ]
    reference = plain(bench.reference)
    tooltip = tips(runner="runner", x=AXES[along], median="median of a gradient", ratio="times the reference's")
    across = x.x().axis(alt.Axis(values=list(took)))
    layers = [
        alt.Chart().mark_line(strokeWidth=1.75, aria=False).encode(across, y.y(), styles.colour, styles.dash),
        alt.Chart()
        .mark_point(size=60, filled=True, opacity=1)
        .encode(across, y.y(), styles.colour, styles.shape, tooltip=tooltip),
    ]  # fmt: skip
    words = "; ".join(_best(along, at, times[at], reference) for at in took)
    told = f"Fastest, with its time relative to {reference}'s: {words}."
    how = "The lower of two lines is faster; on logarithmic axes, lines that run side by side grow alike."
    spec = drawing(rows, layers, told, TALL)
    return Chart(f"scaling-{along}", f"Time of a gradient by {along}", told, how, spec, bench.command)


def _points(along: str, run: Run) -> dict[int, GroupResult]:
    """By the place on this axis, the groups there; the headline case has the scaling groups' dtype."""
    groups = (
        [group for group in run.bench.groups if group.kind == "scaling" and group.along == along] if run.bench else []
    )
    points = {group.at: group for group in groups if 0 < group.at < MOST}
    for *_, group in passes(run):
        case = group.case
        if not isinstance(case, CaseSpec) or not case.sizes:
            continue
        place = {"batch": case.batch, "width": case.sizes[1], "depth": len(case.sizes) - 2}[along]
        if points and place > 0 and case.dtype == groups[0].case.dtype:
            points.setdefault(place, group)
    return points


def _best(along: str, at: int, times: dict[str, Estimate], reference: str) -> str:
    fastest = min(times, key=lambda runner: times[runner].ratio, default="")
    if not fastest or times[fastest].ratio >= 1:
        return f"{along} {at}, {reference}"
    return f"{along} {at}, {fastest} {number(times[fastest].ratio)}"
