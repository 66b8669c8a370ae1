"""How near the ports come to the limit of what rounding explains, by itself and beside their speed."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence

import altair as alt

from ...arithmetic.verdicts import Verdict
from ...bench.records import BenchResult
from ...bench.tables import case_words
from ...check.records import CaseResult, Cell, CheckResult, Quantity
from ...record.run import Run
from ...texts import number, plain
from .chart import BESIDE, TALL, Chart, Row, drawing, rule, tips
from .groups import PassGroup, against, in_words, passes
from .palette import Palette, palette
from .scales import IDENTICAL, INFINITE, LogAxis, log_axis

LIMIT = "1: rounding explains up to here; beyond it is wrong"
LEVELS = (0, 1, -1, 2, -2, 3, -3)  # of dots at the same place, from the middle of their lane
ROW, HALF = 45, 19  # pixels: of a row, and of how far from its middle dots may lie
LANE = 0.7  # of a lane's height is used


def of_cases(run: Run) -> list[Chart]:
    """One dot per runner and case: its worst ratio."""
    styles = palette(run)
    found = [
        (case, cell, ratio) for case in (run.check.cases if run.check else []) for cell, ratio in _worst(case.cells)
    ]
    found = [one for one in found if plain(one[0].runner) in styles]
    if not run.check or not found:
        return []
    dtypes = sorted({case.dtype for case, _, _ in found}, reverse=True)
    axis = log_axis("worst ratio of a case", [1.0, *(ratio for _, _, ratio in found)], IDENTICAL, INFINITE)
    told = _told(run.check, found, styles)
    lanes = " Above and filled is {}, below and hollow {}.".format(*dtypes) if len(dtypes) == 2 else ""
    how = f"A dot is a case, placed by its largest difference over what rounding explains: 1 is the limit.{lanes}"
    y = alt.Y("runner:N", title=None, scale=alt.Scale(domain=list(styles)))
    filled = alt.Scale(domain=dtypes, range=[0.6, *(0.0 for _ in dtypes[1:])])
    opacity = alt.FillOpacity("dtype:N", scale=filled, legend=None)
    dots = (
        alt.Chart()
        .mark_point(size=34, strokeWidth=1.2, opacity=1, yOffset=BESIDE)
        .encode(
            axis.x(),
            y,
            *styles.outlined,
            styles.shape,
            opacity,
            tooltip=tips(
                runner="runner", case="case", dtype="dtype", array="worst at", ratio="ratio", resolves="resolves",
                verdict="verdict",
            ),
        )
    )  # fmt: skip
    layers = [rule(axis.x(), "x", 1, "limit", LIMIT), dots]
    spec = drawing(_dots(found, dtypes, axis), layers, told, ROW * len(styles))
    return [Chart("agreement", "How near each case comes to its limit", told, how, spec, run.check.command)]


def _worst(cells: Sequence[Cell]) -> list[tuple[Cell, float]]:
    """The cell with the largest ratio, infinite where it is wrong without one; none where nothing was compared."""
    ratios = [(cell, _severity(cell)) for cell in cells if cell.ratio is not None or cell.verdict is Verdict.WRONG]
    return [max(ratios, key=lambda pair: pair[1])] if ratios else []


def _severity(cell: Cell) -> float:
    return math.inf if cell.ratio is None or math.isnan(cell.ratio) else cell.ratio


def _dots(found: Sequence[tuple[CaseResult, Cell, float]], dtypes: Sequence[str], axis: LogAxis) -> list[Row]:
    several = len({case.seed for case, _, _ in found}) > 1
    width = math.log(axis.high / axis.low) / 60
    taken: Counter[tuple[str, str, int]] = Counter()
    rows: list[Row] = []
    for case, cell, ratio in found:
        place = axis.place(ratio)
        spot = case.runner, case.dtype, round(math.log(place) / width)
        middle = (2 * dtypes.index(case.dtype) + 1) / len(dtypes) - 1
        offset = middle + LANE / len(dtypes) * LEVELS[taken[spot] % len(LEVELS)] / max(LEVELS)
        taken[spot] += 1
        rows.append(
            {
                "runner": plain(case.runner),
                "x": place,
                "offset": round(HALF * offset, 1),
                "case": plain(case.case) + (f", seed {case.seed}" if several else ""),
                "dtype": case.dtype,
                "array": plain(f"{cell.quantity} {cell.array}"),
                "ratio": _said(cell.ratio),
                "resolves": number(cell.resolution),
                "verdict": str(case.verdict),
            }
        )
    return rows


def _said(ratio: float | None) -> str:
    if ratio is None:
        return "nothing to compare"
    return "infinite" if math.isinf(ratio) else "0 (identical)" if ratio == 0 else number(ratio)


def _told(check: CheckResult, found: Sequence[tuple[CaseResult, Cell, float]], styles: Palette) -> str:
    """Who is wrong and where, or who comes nearest; then the worst of each runner."""
    case, cell, ratio = max(found, key=lambda one: one[2])
    where = plain(f"{case.runner} in {case.case}, {cell.quantity} {cell.array}")
    beyond = Counter(plain(one.runner) for one, _, ratio in found if not ratio <= 1)
    if beyond:
        told = ", ".join(f"{name} in {count} case{'s' * (count > 1)}" for name, count in beyond.items())
        first = f"Beyond the limit: {told}"
    else:
        first = f"No case is beyond the limit of 1: the nearest is {number(ratio)}, {where}"
    worst = {name: [ratio for one, _, ratio in found if plain(one.runner) == name] for name in styles}
    by_runner = ", ".join(f"{name} {_said(max(ratios))}" for name, ratios in worst.items() if ratios)
    missed = {"could not run": Verdict.COULD_NOT_RUN, "resolved too little": Verdict.UNRESOLVED}
    counts = {words: sum(one.verdict is verdict for one in check.cases) for words, verdict in missed.items()}
    others = "".join(f" {count} {words}." for words, count in counts.items() if count)
    return f"{first}. The worst ratios are: {by_runner}.{others}"


def beside_speed(run: Run) -> list[Chart]:
    """The gradient's worst ratio over its time relative to the reference's: a chart per dtype of the headline case."""
    found = [_beside_speed(run.check, run.bench, one, palette(run)) for one in passes(run) if run.check and run.bench]
    return [chart for chart in found if chart]


def _beside_speed(check: CheckResult, bench: BenchResult, one: PassGroup, styles: Palette) -> Chart | None:
    group, reference = one.group, plain(bench.reference)
    times = against(group, "gradient", bench.reference, styles)
    ratios = {
        runner: max((_severity(cell) for cell in _gradients(check, runner, group.case.dtype)), default=None)
        for runner in [reference, *times]
    }
    rows: list[Row] = []
    known = {runner: ratio for runner, ratio in ratios.items() if ratio is not None}
    both = [runner for runner in times if runner in known]
    if not both:
        return None
    y = log_axis("worst ratio of the gradient", [1.5, *known.values()], IDENTICAL, INFINITE)
    ends = [end for runner in both for end in (times[runner].low, times[runner].high)]
    x = log_axis("time, times the reference's", [1.0, *ends])
    for runner, ratio in known.items():
        time = times.get(runner)
        low, middle, high = (time.low, time.ratio, time.high) if time else (1.0, 1.0, 1.0)
        rows.append(
            {
                "runner": runner,
                "low": x.place(low),
                "x": x.place(middle),
                "high": x.place(high),
                "y": y.place(ratio),
                "time": in_words(time) if time else "1: the reference",
                "ratio": _said(ratio),
            }
        )
    tooltip = tips(runner="runner", time="times the reference's", ratio="worst ratio")
    layers = [
        rule(y.y(), "y", 1, "limit", LIMIT),
        rule(x.x(), "x", 1, "bound", f"1: as fast as {reference}, the reference"),
        alt.Chart().mark_rule(strokeWidth=2).encode(x.x("low"), y.y(), alt.X2("high"), styles.colour, tooltip=tooltip),
        alt.Chart()
        .mark_point(size=110, opacity=1, strokeWidth=1.2, fillOpacity=0.6)
        .encode(x.x(), y.y(), *styles.outlined, styles.shape, tooltip=tooltip),
    ]
    told = _told_both({runner: times[runner].ratio for runner in both}, known, reference)
    how = (
        "Left is faster, below is nearer to the reference: the good corner is the lower left, and above the line at 1 "
        "a gradient is wrong, however fast."
    )
    return Chart(
        f"agreement-and-speed-{one.id}",
        f"Right and fast at once, {one.words}",
        told,
        f"{how} Times are of {case_words(group)}, ratios the worst of all {group.case.dtype} cases.",
        drawing(rows, layers, told, TALL),
        bench.command,
    )


def _gradients(check: CheckResult, runner: str, dtype: str) -> list[Cell]:
    own = [case for case in check.cases if plain(case.runner) == runner and case.dtype == dtype]
    cells = [cell for case in own for cell in case.cells if cell.quantity is Quantity.GRADIENT]
    return [cell for cell in cells if cell.ratio is not None or cell.verdict is Verdict.WRONG]


def _told_both(times: dict[str, float], ratios: dict[str, float], reference: str) -> str:
    fastest = min(times, key=lambda runner: times[runner])
    wrong = [runner for runner, ratio in ratios.items() if not ratio <= 1]
    first = f"{fastest} takes the least time, {number(times[fastest])} times {reference}'s, "
    first += f"and its gradients come to {_said(ratios[fastest])} of what rounding explains"
    second = f"Beyond the limit: {', '.join(wrong)}" if wrong else "No gradient is beyond the limit"
    return f"{first}. {second}."
