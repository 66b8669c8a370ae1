"""What a runner costs before its steady state: starting, and the first calls."""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import pairwise
from statistics import median

import altair as alt
import numpy as np

from ...bench.records import Ledger
from ...bench.tables import seconds, steady
from ...record.run import Run
from ...texts import number, plain
from .chart import SHOWN, STEP, TALL, Chart, Row, brief, drawing, tips, values
from .palette import Palette, palette
from .scales import MOST, log_axis

PHASES = {"process": 0.8, "runtime": 0.45, "first call": 0.1}  # and how opaque each is
POINTS = 60  # of a warm-up curve, at most: single calls, then medians of more and more


def startup(run: Run) -> list[Chart]:
    """From the command to the first gradient: a bar per runner of process, runtime and first call."""
    styles = palette(run)
    parts = {name: _phases(ledger) for name, ledger in _ledgers(run, styles)}
    parts = {name: phases for name, phases in parts.items() if all(0 <= s < MOST for s in phases.values())}
    if not run.bench or not parts:
        return []
    totals = {name: sum(phases.values()) for name, phases in parts.items()}
    order = sorted(totals, key=lambda name: totals[name])
    rows: list[Row] = []
    for name, phases in parts.items():
        before = 0.0
        for phase, took in phases.items():
            ends = {"x": brief(before), "x2": brief(before + took)}
            told = {"took": seconds(took * 1e9), "total": seconds(totals[name] * 1e9)}
            rows.append({"runner": name, "phase": phase, **ends, **told})
            before += took
    y = alt.Y("runner:N", title=None, scale=alt.Scale(domain=order))
    x = alt.X(
        "x:Q",
        title="time to the first gradient, s",
        axis=alt.Axis(tickCount=6),
        scale=alt.Scale(domain=[0, brief(1.25 * max(totals.values()) or 1.0)], nice=False),
    )
    opacity = alt.FillOpacity("phase:N", scale=alt.Scale(domain=list(PHASES), range=list(PHASES.values())), legend=None)
    tooltip = tips(runner="runner", phase="phase", took="takes", total="until the first gradient")
    layers = [
        alt.Chart().mark_bar(strokeWidth=1, size=14)
        .encode(x, y, alt.X2("x2"), *styles.outlined, opacity, tooltip=tooltip),
        alt.Chart()
        .transform_filter("datum.phase == 'first call'")
        .mark_text(style="label", align="left", dx=6)
        .encode(alt.X("x2:Q"), y, alt.Text("total:N"), tooltip=tooltip),
    ]  # fmt: skip
    first, last = order[0], order[-1]
    said = f"{first} has its first gradient after {seconds(totals[first] * 1e9)}"
    said += f", {last} after {seconds(totals[last] * 1e9)}." if len(order) > 1 else "."
    how = "From left to right: until the process runs, until the runtime answers, and, faint, the first call."
    spec = drawing(rows, layers, said, STEP * len(order))
    return [Chart("start", "From the start to the first gradient", said, how, spec, run.bench.command)]


def _phases(ledger: Ledger) -> dict[str, float]:
    """Seconds."""
    return dict(zip(PHASES, (ledger.process, ledger.runtime, ledger.first_call / 1e9), strict=True))


def _ledgers(run: Run, styles: Palette) -> Iterator[tuple[str, Ledger]]:
    timed = {plain(one.info.runner): one.ledger for one in (run.bench.runners if run.bench else [])}
    for name in styles:
        ledger = timed.get(name)
        if ledger and ledger.warm_up:
            yield name, ledger


def warm_up(run: Run) -> list[Chart]:
    """The time of each call from the first on, with a mark where the steady state begins."""
    styles = palette(run)
    ledgers = dict(_ledgers(run, styles))
    curves = {name: _thinned(ledger.warm_up) for name, ledger in ledgers.items()}
    curves = {name: curve for name, curve in curves.items() if len(curve) > 1}
    if not run.bench or not curves:
        return []
    x = log_axis("number of the call", [call for curve in curves.values() for call, _ in curve])
    y = log_axis("time of the call, ms", [took for curve in curves.values() for _, took in curve])
    rows = [
        {"runner": name, "x": [call for call, _ in curve], "y": [y.place(took) for _, took in curve]}
        for name, curve in curves.items()
    ]
    rests = {name: ledger.steady_from for name, ledger in ledgers.items() if name in curves}
    begins = [
        {
            "runner": name,
            "x": call + 1,
            "y": y.place(steady(ledgers[name]) / 1e6),
            "since": f"call {call + 1}",
            "then": seconds(steady(ledgers[name])),
        }
        for name, call in rests.items()
        if call is not None and 0 <= call < len(ledgers[name].warm_up)
    ]
    curve_tips = tips(runner="runner", x="call", y="ms")
    mark_tips = tips(runner="runner", since="steady from", then="a call then takes")
    layers = [
        alt.Chart().mark_line(strokeWidth=1.75, aria=False).encode(x.x(), y.y(), styles.colour, styles.dash),
        alt.Chart().mark_point(size=120, opacity=0, aria=False).encode(x.x(), y.y(), tooltip=curve_tips),
        alt.Chart(values(begins))
        .transform_filter(SHOWN)
        .mark_point(size=130, filled=True, opacity=1)
        .encode(x.x(), y.y(), styles.colour, styles.shape, tooltip=mark_tips),
    ]  # fmt: skip
    words = ", ".join(_first_over_later(name, ledgers[name]) for name in curves)
    told = f"The first call of the gradient takes, times a later one: {words}."
    how = (
        "A line is the time of the gradient's first calls in a new process, and a mark is where it has come to rest; "
        "a line without one was still changing. Later calls are drawn as medians of several."
    )
    return [
        Chart("warm-up", "The first calls", told, how, drawing(rows, layers, told, TALL, ["x", "y"]), run.bench.command)
    ]


def _thinned(warm_up: list[float]) -> list[tuple[int, float]]:
    """The number of the call, from 1, and its time in ms: by itself, or in the middle of some with their median."""
    edges = np.unique(np.geomspace(1, len(warm_up) + 1, POINTS).round().astype(int)).tolist()
    found = []
    for first, after in pairwise(edges):
        took = [one for one in warm_up[first - 1 : after - 1] if 0 < one < math.inf]
        if took:
            found.append(((first + after - 1) // 2, median(took) / 1e6))
    return found


def _first_over_later(name: str, ledger: Ledger) -> str:
    rests = "not at rest" if ledger.steady_from is None else f"at rest from call {ledger.steady_from + 1}"
    return f"{name} {number(ledger.first_call / (steady(ledger) or math.nan))} ({rests})"
