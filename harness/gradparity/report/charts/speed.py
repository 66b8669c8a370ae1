"""How fast the ports are: relative to the reference, and relative to what their BLAS allows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

import altair as alt

from ...arithmetic.verdicts import Speed
from ...bench.records import ROOFLINE, Estimate, GroupResult
from ...bench.tables import case_words, seconds, what
from ...record.run import Run
from ...texts import number, plain
from .chart import BESIDE, STEP, Chart, Row, drawing, rule, tips, values
from .groups import against, floor, in_words, medians, passes
from .palette import Palette, palette
from .scales import LogAxis, log_axis

LINE = 9  # pixels between the runners of an operation
INTERVAL = "A mark is the estimate, its bar the 99 % interval."


def gradients(run: Run) -> list[Chart]:
    """The gradient's time relative to the reference's: a chart per dtype of the headline case, all on one scale."""
    styles, reference = palette(run), run.bench.reference if run.bench else ""
    found = [(one, against(one.group, "gradient", reference, styles)) for one in passes(run)]
    found = [(one, times) for one, times in found if times]
    noise = {one.id: floor(one.group, "gradient") for one, _ in found}
    ends = [end for floor in noise.values() if floor is not None for end in (1 / (1 + floor), 1 + floor)]
    title = "time, times the reference's"
    axis = log_axis(title, [1.0, *ends, *(end for _, times in found for end in _ends(times))])
    charts = []
    for one, times in found:
        layers = [_band(axis, noise[one.id])] if noise[one.id] is not None else []
        layers.append(rule(axis.x(), "x", 1, "bound", f"1: as fast as {plain(reference)}, the reference"))
        told = f"{_ranked(times, plain(reference))}.{_noise(noise[one.id])}{_absent(one.group)}"
        band = "" if noise[one.id] is None else ", and within the band it is noise"
        how = f"{INTERVAL} Left of 1 is faster than the reference{band}. {_case(one.group)}"
        heading = f"Time of the gradient, {one.words}"
        spec = _forest(times, medians(one.group, "gradient", styles), axis, layers, styles, told)
        charts.append(Chart(f"gradient-ratio-{one.id}", heading, told, how, spec, _command(run)))
    return charts


def roofline(run: Run) -> list[Chart]:
    """The gradient's time relative to the same runner's own matrix products: a chart per dtype, all on one scale."""
    styles = palette(run)
    found = [(one, against(one.group, "gradient", ROOFLINE, styles)) for one in passes(run)]
    found = [(one, times) for one, times in found if times]
    title = "time, times its own products'"
    axis = log_axis(title, [1.0, *(end for _, times in found for end in _ends(times))])
    charts = []
    for one, times in found:
        layers = [rule(axis.x(), "x", 1, "bound", "1: the products alone; it cannot be beaten")]
        best, last = _by_ratio(times)[0], _by_ratio(times)[-1]
        told = f"{best} adds least to its matrix products, {_percent(times[best].ratio - 1)}"
        told += f", and {last} most, {_percent(times[last].ratio - 1)}." if len(times) > 1 else "."
        how = f"{INTERVAL} 1 is what the BLAS itself takes, and cannot be beaten. {_case(one.group)}"
        heading = f"What the code adds to its BLAS, {one.words}"
        spec = _forest(times, medians(one.group, "gradient", styles), axis, layers, styles, told)
        charts.append(Chart(f"roofline-{one.id}", heading, told, how, spec, _command(run)))
    return charts


def operations(run: Run) -> list[Chart]:
    """Everything but the gradient, relative to the reference: a row an operation, in it a bar a runner."""
    styles, reference = palette(run), run.bench.reference if run.bench else ""
    found: dict[str, dict[str, Estimate]] = {}
    took: dict[str, dict[str, float]] = {}
    noise: dict[str, float | None] = {}
    for group in run.bench.groups if run.bench else []:
        for operation in dict.fromkeys(one.operation for one in group.series if group.kind != "scaling"):
            times = against(group, operation, reference, styles)
            if times and operation != "gradient":
                name = plain(what(group, operation))
                name += f", {case_words(group)}" if name in found else ""
                found[name], noise[name] = times, floor(group, operation)
                took[name] = medians(group, operation, styles)
    if not found:
        return []
    title = "time, times the reference's"
    axis = log_axis(title, [1.0, *(end for times in found.values() for end in _ends(times))])
    y = alt.Y("operation:N", title=None, scale=alt.Scale(domain=list(found), paddingInner=0.25))
    own = [name for name in styles if any(name in times for times in found.values())]
    offsets = {name: LINE * (i - (len(own) - 1) / 2) for i, name in enumerate(own)}
    rows = [
        {"operation": name, "offset": offsets[runner], **_row(runner, one, took[name], axis)}
        for name, times in found.items()
        for runner, one in times.items()
    ]
    bands = [
        {"operation": name, "x": axis.place(1 / (1 + width)), "x2": axis.place(1 + width), "says": _percent(width)}
        for name, width in noise.items()
        if width is not None
    ]
    tooltip = [*tips(operation="operation"), *_tooltip()]
    layers = [
        alt.Chart(values(bands))
        .mark_rect(style="band")
        .encode(axis.x(), y, alt.X2("x2"), tooltip=tips(operation="operation", says="noise floor")),
        rule(axis.x(), "x", 1, "bound", f"1: as fast as {plain(reference)}, the reference"),
        alt.Chart()
        .mark_rule(strokeWidth=1.5, yOffset=BESIDE)
        .encode(axis.x("low"), y, alt.X2("high"), styles.colour, tooltip=tooltip),
        alt.Chart()
        .mark_point(size=45, filled=True, opacity=1, yOffset=BESIDE)
        .encode(axis.x(), y, styles.colour, styles.shape, tooltip=tooltip),
    ]  # fmt: skip
    told = _leaders(found, plain(reference))
    how = f"{INTERVAL} Left of 1 is faster than the reference; the band is the noise of that operation."
    spec = drawing(rows, layers, told, len(found) * LINE * (len(own) + 1))
    return [Chart("operations", "Every operation by itself", told, how, spec, _command(run))]


def _forest(
    times: Mapping[str, Estimate],
    took: Mapping[str, float],
    axis: LogAxis,
    under: list[alt.Chart],
    styles: Palette,
    told: str,
) -> dict[str, object]:
    """Estimates with their intervals, the fastest on top, over other layers."""
    y = alt.Y("runner:N", title=None, scale=alt.Scale(domain=_by_ratio(times)))
    rows = [_row(runner, one, took, axis) for runner, one in times.items()]
    layers = [
        *under,
        alt.Chart()
        .mark_rule(strokeWidth=2)
        .encode(axis.x("low"), y, alt.X2("high"), styles.colour, tooltip=_tooltip()),
        alt.Chart()
        .mark_point(size=100, filled=True, opacity=1)
        .encode(axis.x(), y, styles.colour, styles.shape, tooltip=_tooltip()),
    ]
    return drawing(rows, layers, told, STEP * len(times))


def _row(runner: str, one: Estimate, took: Mapping[str, float], axis: LogAxis) -> Row:
    return {
        "runner": runner,
        "low": axis.place(one.low),
        "x": axis.place(one.ratio),
        "high": axis.place(one.high),
        "ratio": in_words(one),
        "word": str(one.word),
        "median": seconds(took[runner]) if runner in took else "-",
    }


def _tooltip() -> list[alt.Tooltip]:
    return tips(runner="runner", ratio="ratio [99 % interval]", word="verdict", median="median of a call")


def _band(axis: LogAxis, noise: float | None) -> alt.Chart:
    width = noise or 0.0
    rows = [{"x": axis.place(1 / (1 + width)), "x2": axis.place(1 + width), "says": _percent(width)}]
    tooltip = tips(says="noise floor: the reference strayed from itself by")
    band: alt.Chart = alt.Chart(values(rows)).mark_rect(style="band").encode(axis.x(), alt.X2("x2"), tooltip=tooltip)
    return band


def _ends(times: Mapping[str, Estimate]) -> list[float]:
    return [end for one in times.values() for end in (one.low, one.high)]


def _by_ratio(times: Mapping[str, Estimate]) -> list[str]:
    return sorted(times, key=lambda runner: times[runner].ratio)


def _ranked(times: Mapping[str, Estimate], reference: str) -> str:
    order = _by_ratio(times)
    ratios = ", ".join(f"{name} {number(times[name].ratio)}" for name in order)
    faster = ", ".join(name for name in order if times[name].word is Speed.FASTER)
    first = f"Faster than {reference}, the fastest first: {faster}" if faster else f"None is faster than {reference}"
    return f"{first}. Times its time: {ratios}"


def _leaders(found: Mapping[str, Mapping[str, Estimate]], reference: str) -> str:
    """Who leads how often, and the two ends of the chart."""
    fastest = Counter(_by_ratio(times)[0] for times in found.values())
    leads = ", ".join(f"{name} in {count}" for name, count in fastest.most_common())
    ratios = {(name, runner): one.ratio for name, times in found.items() for runner, one in times.items()}
    ends = [(*where(ratios, key=lambda pair: ratios[pair]),) for where in (min, max)]
    low, high = (f"{runner}'s {name}, {number(ratios[name, runner])}" for name, runner in ends)
    return f"Of {len(found)} operations, fastest is {leads}. Times {reference}'s, the least is {low}, the most {high}."


def _noise(width: float | None) -> str:
    return "" if width is None else f" What differs by less than {_percent(width)} is noise."


def _absent(group: GroupResult) -> str:
    absent = [
        plain(f"{one.runner}: {one.missing}") for one in group.series if one.operation == "gradient" and one.missing
    ]
    return f" {'; '.join(absent)}." if absent else ""


def _case(group: GroupResult) -> str:
    return f"The case is {case_words(group)}, in {group.rounds} rounds."


def _percent(share: float) -> str:
    return f"{share:.1%}"


def _command(run: Run) -> str:
    return run.bench.command if run.bench else ""
