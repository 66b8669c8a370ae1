"""Whether the ports learn the same: losses, accuracies, and how far each strays from the reference."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import altair as alt
import numpy as np

from ...record.run import Run
from ...texts import number, plain
from ...train.records import EnvelopeResult
from .chart import SHOWN, TALL, Chart, Row, brief, drawing, rule, tips, values
from .palette import Palette, palette
from .scales import IDENTICAL, INFINITE, LogAxis, log_axis
from .trainings import Training, trainings

OVER_EACH_OTHER = "Lines that lie on each other are drawn narrower and narrower, so that each is seen."


def loss(run: Run) -> list[Chart]:
    """The loss of every step, all runners over each other."""
    return [_loss(one, palette(run)) for one in trainings(run)]


def _loss(one: Training, styles: Palette) -> Chart:
    curves = {name: [_mean(part) for part in _parts(result.losses, one.bins)] for name, result in one.trained.items()}
    y = log_axis("loss", [mean for curve in curves.values() for mean in curve], "0", "not finite")
    told = f"{_ends(one)}{_stopped(one)}"
    point = "a step" if one.together == 1 else f"the mean of {one.together} steps"
    how = f"Each point is {point}. {OVER_EACH_OTHER}"
    layers = [_lines(one, styles, y.y()).encode(styles.nested), _hover_log(one, y, "loss")]
    spec = drawing(_rows(one, curves, y), layers, told, TALL, ["x", "y"])
    return Chart(f"loss-{one.number}", f"Loss by step, {plain(one.recipe.name)}", told, how, spec, one.command)


def _mean(losses: Sequence[float]) -> float:
    with np.errstate(all="ignore"):
        return float(np.mean(losses))


def _rows(one: Training, curves: Mapping[str, Sequence[float]], y: LogAxis) -> list[Row]:
    """A row per runner, with lists: the last step of each point, from 1, and where it is."""
    ends = [steps.stop for steps in one.bins]
    return [
        {"runner": name, "x": ends[: len(curve)], "y": [y.place(value) for value in curve]}
        for name, curve in curves.items()
    ]


def _lines(one: Training, styles: Palette, y: alt.Y) -> alt.Chart:
    """A line per runner."""
    line: alt.Chart = alt.Chart().mark_line(strokeJoin="round", aria=False)
    return line.encode(one.x, y, styles.colour, styles.dash)


def _hover(one: Training, place: alt.Y, /, **titles: str) -> alt.Chart:
    """Points that are not seen, and so large that they are easily met: what the tooltips belong to."""
    points: alt.Chart = alt.Chart().mark_point(size=120, opacity=0, aria=False)
    return points.encode(one.x, place, tooltip=tips(runner="runner", x="step", **titles))


def _hover_log(one: Training, y: LogAxis, what: str) -> alt.Chart:
    """The same, with words where the axis has some."""
    return _hover(one, y.y(), said=what).transform_calculate(said=y.words("datum.y", "datum.y"))


def _ends(one: Training) -> str:
    losses = [result.losses for result in one.trained.values()]
    longest = max(losses, key=len)
    last = [loss[-1] for loss in losses if len(loss) == len(longest)]
    text = f"In {len(longest):,} steps the loss goes from {number(longest[0])} to {number(longest[-1])}"
    if len(last) == 1:
        return f"{text}."
    if not all(map(math.isfinite, last)):
        return f"{text}; not every runner's last loss is finite."
    return f"{text}; the runners' last losses differ by {number(max(last) - min(last))} at most."


def _stopped(one: Training) -> str:
    short = {name: len(result.losses) for name, result in one.trained.items() if len(result.losses) < one.steps}
    return f" {', '.join(f'{name} stopped after {steps:,} steps' for name, steps in short.items())}." if short else ""


def accuracy(run: Run) -> list[Chart]:
    """The share of right labels after each epoch, of the training images, the test images and others."""
    charts = [_accuracy(one, palette(run)) for one in trainings(run)]
    return [chart for chart in charts if chart]


def _accuracy(one: Training, styles: Palette) -> Chart | None:
    rows: list[Row] = []
    last: dict[str, dict[str, float]] = {}  # by set and runner
    for name, result in one.trained.items():
        for images in dict.fromkeys(images for epoch in result.epochs for images in epoch.accuracy):
            found = [(epoch.steps, epoch.accuracy.get(images, math.nan)) for epoch in result.epochs]
            found = [(step, brief(share)) for step, share in found if 0 <= share <= 1]
            if found:
                steps, shares = zip(*found, strict=True)
                rows.append({"runner": name, "set": plain(images), "x": list(steps), "y": list(shares)})
                last.setdefault(plain(images), {})[name] = shares[-1]
    if not any(len(row["x"]) > 1 for row in rows):
        return None
    low, high = min(min(row["y"]) for row in rows), max(max(row["y"]) for row in rows)
    beside = max((high - low) * 0.06, 0.002)
    ends = _apart({images: max(by_runner.values()) for images, by_runner in last.items()}, beside)
    scale = alt.Scale(domain=[brief(low - beside), brief(max(high, *ends.values()) + beside)], nice=False)
    y = alt.Y("y:Q", title="share of right labels", scale=scale, axis=alt.Axis(format="~%"))
    words = [{"x": one.steps, "y": place, "set": images} for images, place in ends.items()]
    layers = [
        _lines(one, styles, y).encode(styles.nested, detail="set:N"),
        _hover(one, y, set="images", y="share of right labels"),
        alt.Chart(values(words)).mark_text(style="label", align="right", dy=-9).encode(one.x, y, alt.Text("set:N")),
    ]
    told = f"After the last epoch, {'; '.join(_spread(images, by_runner) for images, by_runner in last.items())}."
    how = f"A line is the accuracy of a runner on the images named at its end, after each epoch. {OVER_EACH_OTHER}"
    spec = drawing(rows, layers, told, TALL, ["x", "y"])
    heading = f"Accuracy by epoch, {plain(one.recipe.name)}"
    return Chart(f"accuracy-{one.number}", heading, told, how, spec, one.command)


def _apart(places: Mapping[str, float], gap: float) -> dict[str, float]:
    """The places in ascending order, moved up where one would lie on another."""
    found: dict[str, float] = {}
    for name in sorted(places, key=lambda name: places[name]):
        found[name] = brief(max(places[name], max(found.values(), default=-math.inf) + gap))
    return found


def _spread(images: str, by_runner: Mapping[str, float]) -> str:
    low, high = min(by_runner.values()), max(by_runner.values())
    if low == high:
        return f"{images} {low:.2%}" + (f" for all {len(by_runner)} runners" if len(by_runner) > 1 else "")
    names = [min(by_runner, key=lambda name: by_runner[name]), max(by_runner, key=lambda name: by_runner[name])]
    return f"{images} from {low:.2%} ({names[0]}) to {high:.2%} ({names[1]})"


def deviation(run: Run) -> list[Chart]:
    """How far each runner's loss strays from the reference's, under the limit of what rounding explains."""
    charts = [_deviation(one, one.envelope, palette(run)) for one in trainings(run) if one.envelope]
    return [chart for chart in charts if chart]


def _deviation(one: Training, envelope: EnvelopeResult, styles: Palette) -> Chart | None:
    strays = {name: _strays(result.losses, envelope.losses) for name, result in one.trained.items()}
    curves = {name: [max(part) for part in _parts(found, one.bins)] for name, found in strays.items() if found}
    limit = [min(part) for part in _parts(envelope.allowed, one.bins)]
    if not curves or not limit:
        return None
    figures = [*limit, *(value for curve in curves.values() for value in curve)]
    y = log_axis("difference of the loss to the reference's", figures, IDENTICAL, INFINITE)
    layers = [
        *_limit(one, limit, y),
        _lines(one, styles, y.y()).encode(strokeWidth=alt.value(1.25)),
        _hover_log(one, y, "difference, at most"),
        _left(one, strays, y, styles),
    ]
    if 0 <= envelope.resolved < min(one.steps, len(envelope.losses)):
        layers.append(rule(one.x, "x", envelope.resolved, "bound", "until here losses are resolved to 1e-3"))
    told = _told(one, strays, envelope)
    low = "; at the lower edge are points without any difference" if y.zero else ""
    several = f"the largest difference of {one.together} steps, and the edge of the area the smallest limit of them"
    point = "a step" if one.together == 1 else several
    how = f"Each point is {point}: within the area rounding explains the difference{low}."
    heading = f"Distance to the reference's loss, {plain(one.recipe.name)}"
    spec = drawing(_rows(one, curves, y), layers, told, TALL, ["x", "y"])
    return Chart(f"deviation-{one.number}", heading, told, how, spec, one.command)


def _strays(losses: Sequence[float], reference: Sequence[float]) -> list[float]:
    """|loss - reference's| of each step that both have; infinite where it is no number."""
    found = [abs(ours - theirs) for ours, theirs in zip(losses, reference, strict=False)]
    return [math.inf if math.isnan(one) else one for one in found]


def _parts(figures: Sequence[float], bins: Sequence[range]) -> list[Sequence[float]]:
    return [figures[steps.start : steps.stop] for steps in bins if steps.start < len(figures)]


def _limit(one: Training, limit: Sequence[float], y: LogAxis) -> list[alt.Chart]:
    """The area of what rounding explains, and its edge."""
    steps = [steps.stop for steps in one.bins][: len(limit)]
    says = "what rounding explains; above it a loss is wrong"
    row = {"x": steps, "y": [y.place(value) for value in limit], "y2": y.low, "says": says}
    area: alt.Chart = alt.Chart(values([row])).transform_flatten(["x", "y"])
    area = area.encode(one.x, y.y(), tooltip=tips(says="limit"))
    return [area.mark_area(style="band", aria=False).encode(alt.Y2("y2")), area.mark_line(style="limit", aria=False)]


def _left(one: Training, strays: Mapping[str, Sequence[float]], y: LogAxis, styles: Palette) -> alt.Chart:
    """A mark on each line where it leaves the area."""
    steps = {name: result.left_at for name, result in one.trained.items()}
    rows = [
        {"runner": name, "x": step + 1, "y": y.place(strays[name][step])}
        for name, step in steps.items()
        if step is not None and 0 <= step < len(strays[name])
    ]
    marks: alt.Chart = alt.Chart(values(rows)).transform_filter(SHOWN).mark_point(size=130, filled=True, opacity=1)
    tooltip = tips(runner="runner", x="outside from step")
    return marks.encode(one.x, y.y(), styles.colour, styles.shape, tooltip=tooltip)


def _told(one: Training, strays: Mapping[str, Sequence[float]], envelope: EnvelopeResult) -> str:
    most = {name: max(found, default=0.0) for name, found in strays.items()}
    left = {name: one.trained[name].left_at for name in most}
    outside = ", ".join(f"{name} from step {step + 1:,} on" for name, step in left.items() if step is not None)
    told = f"Outside of what rounding explains: {outside}." if outside else "No loss leaves what rounding explains."
    furthest = max(most, key=lambda name: most[name])
    exact = ", ".join(name for name, value in most.items() if value == 0)
    if most[furthest] == 0:
        told += " No loss differs at all."
    else:
        told += f" The largest difference is {number(most[furthest])}, of {furthest}"
        told += f"; identical in every step: {exact}." if exact else "."
    resolved = envelope.resolved < one.steps
    return f"{told} Losses are resolved to 1e-3 for {envelope.resolved:,} steps." if resolved else told
