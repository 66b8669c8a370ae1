"""The tables of a benchmark: the gradients, everything relative to the reference, the costs."""

from __future__ import annotations

import math
from collections.abc import Sequence

from ..arithmetic.verdicts import Speed, Verdict
from ..tables import Table, Value, row
from .fairness import time_of
from .records import CONTROL, ROOFLINE, BenchResult, Estimate, FunctionCase, GroupResult, Ledger, Series, Timed
from .words import network_words

UNITS = ((1e9, "s"), (1e6, "ms"), (1e3, "µs"), (1.0, "ns"))
BYTES = ((1 << 30, "GB"), (1 << 20, "MB"), (1 << 10, "kB"), (1, "B"))


def speed_tables(result: BenchResult) -> list[Table]:
    """The gradients of each whole pass, and the calls of each function."""
    passes = [gradient_table(group, result) for group in result.groups if group.kind == "pass"]
    return passes + function_tables(result)


def gradient_table(group: GroupResult, result: BenchResult) -> Table:
    """Each runner's gradient: its time, and that as a multiple of the reference's and of its own products."""
    headings = ("runner", "median", "min", "IQR", f"x {result.reference}", "interval", "", "x products", "interval",
                "products")  # fmt: skip
    rows = []
    for label in dict.fromkeys(one.runner for one in group.series if one.operation == "gradient"):
        series = {one.operation: one for one in group.series if one.runner == label}
        gradient = series["gradient"]
        if not gradient.samples:
            rows.append(row(label, gradient.missing, *[""] * (len(headings) - 2)))
            continue
        ratio = estimate(group, label, "gradient", result.reference)
        roofline = estimate(group, label, "gradient", ROOFLINE)
        cells = [*_times(gradient), *_beside(ratio)]
        cells += [f"{roofline.ratio:.2f}", interval_words(roofline)] if roofline else ["-", ""]
        products = series.get(ROOFLINE)
        cells.append(f"{group.flops / time_of(products):.0f} GFLOP/s" if products and products.samples else "-")
        rows.append(row(name(label, result), *cells))
    return Table(f"gradient, {case_words(group)}, {group.case.dtype}, {group.rounds} rounds", headings, rows)


def function_tables(result: BenchResult) -> list[Table]:
    """Of each function the calls of each runner in each case: the time, and that as a multiple of the reference's."""
    functions = dict.fromkeys(one.case.function for one in result.groups if isinstance(one.case, FunctionCase))
    return [_function_table(function, result) for function in functions]


def _function_table(function: str, result: BenchResult) -> Table:
    headings = ("runner", "case", "median", "min", "IQR", f"x {result.reference}", "interval", "", "noise floor")
    rows = []
    for group in result.groups:
        if not isinstance(group.case, FunctionCase) or group.case.function != function:
            continue
        floor = f"{group.floor[function]:.1%}" if function in group.floor else "-"
        for one in group.series:
            case = f"{case_words(group)}, {group.case.dtype}"
            if one.samples:
                ratio = estimate(group, one.runner, function, result.reference)
                rows.append(row(name(one.runner, result), case, *_times(one), *_beside(ratio), floor))
            else:
                why = next((Value.of(word) for word in Verdict if word == one.missing), Value(one.missing))
                rows.append(row(name(one.runner, result), case, *["-"] * 4, "", why, floor))
    return Table(f"{function}, time of a call", headings, rows, names=2)


def relative_table(result: BenchResult) -> Table:
    """Every operation of every group: the reference's time, and the others' as multiples of that."""
    labels = [timed.info.runner for timed in result.runners if timed.info.runner not in (result.reference, CONTROL)]
    labels = [label for label in labels if any(one.runner == label for g in result.groups for one in g.series)]
    rows = []
    for group in result.groups:
        for operation in dict.fromkeys(one.operation for one in group.series):
            if group.kind == "scaling" and operation == ROOFLINE:
                continue
            found = {one.runner: one for one in group.series if one.operation == operation}
            own = found.get(result.reference)
            time = seconds(quartiles(own)[1]) if own and own.samples else "-"
            others = [_relative(group, label, operation, result.reference, found.get(label)) for label in labels]
            floor = group.floor.get(operation)
            rows.append(row(what(group, operation), time, *others, f"{floor:.1%}" if floor is not None else "-"))
    title = f"time relative to {result.reference} (below 1 is faster)"
    return Table(title, ("", result.reference, *labels, "noise floor"), rows)


def ledger_table(runners: Sequence[Timed]) -> Table:
    """What each runner costs beside its steady state."""
    first = {timed.ledger.operation for timed in runners if timed.ledger}
    headings = ("runner", "process", "runtime", "first call", "steady from", "then", "empty request", "memory peak",
                "a call adds", "interrupted")  # fmt: skip
    rows = []
    for timed in runners:
        ledger = timed.ledger
        if ledger and timed.info.runner != CONTROL:
            cells = [seconds(ledger.process * 1e9), seconds(ledger.runtime * 1e9)]
            cells.append(seconds(ledger.first_call) + (f" ({ledger.operation})" if len(first) > 1 else ""))
            cells += ["not reached" if ledger.steady_from is None else f"call {ledger.steady_from + 1}"]
            cells += [seconds(steady(ledger)), seconds(ledger.round_trip)]
            cells += [size(ledger.memory_peak), size(ledger.memory_per_call)]
            cells += ["-" if ledger.switches is None else f"{ledger.switches} times"]
            rows.append(row(timed.info.runner, *cells))
    return Table("costs", headings, rows)


def conditions_words(result: BenchResult) -> str:
    """The machine, and what it was doing."""
    machine, conditions = result.machine, result.conditions
    pinned = f"bound to core {', '.join(map(str, conditions.pinned))}" if conditions.pinned else "not bound to cores"
    pinned += f" ({conditions.not_pinned})" if conditions.not_pinned else ""
    load = "load average not known"
    if conditions.load_before is not None:
        after = "" if conditions.load_after is None else f", {conditions.load_after} after"
        load = f"load average {conditions.load_before} before{after}"
    threads = f"{conditions.threads} thread{'s' * (conditions.threads > 1)}"
    return f"{machine.cpu}, {machine.cores} cores, {machine.system}; {threads}, {pinned}; {load}"


def case_words(group: GroupResult) -> str:
    """The case in short."""
    if isinstance(group.case, FunctionCase):
        sizes = [f"{symbol} {size}" for symbol, size in group.case.sizes.items()]
        return ", ".join([*sizes, *filter(None, [group.case.quirk])]) or "numbers"
    return f"{network_words(group.case)}, batch {group.case.batch}"


def what(group: GroupResult, operation: str) -> str:
    """The operation, and where it is placed in the benchmark."""
    single = " float32" if group.case.dtype == "float32" else ""
    if isinstance(group.case, FunctionCase):
        return f"{operation}, {case_words(group)}{single}"
    of = f", {network_words(group.case)}" if group.case.network else ""
    return (f"gradient, {group.along} {group.at}" if group.along else operation + of) + single


def name(label: str, result: BenchResult) -> str:
    """What a runner is called where it is shown."""
    return f"{result.reference} again" if label == CONTROL else label


def estimate(group: GroupResult, runner: str, operation: str, against: str) -> Estimate | None:
    """The one of these three, where there is one."""
    found = [e for e in group.estimates if (e.runner, e.operation, e.against) == (runner, operation, against)]
    return found[0] if found else None


def interval_words(estimate: Estimate) -> str:
    """In brackets."""
    return f"[{estimate.low:.3f}, {estimate.high:.3f}]"


def _times(series: Series) -> list[str]:
    """Median, minimum and interquartile range."""
    low, middle, high = quartiles(series)
    return [seconds(middle), seconds(min(counted(series))), f"{(high - low) / middle:.1%}"]


def _beside(ratio: Estimate | None) -> list[str | Value]:
    """The multiple of the reference's time, its interval, and the word."""
    return [f"{ratio.ratio:.3f}", interval_words(ratio), Value.of(ratio.word)] if ratio else ["1", "", "the reference"]


def _relative(group: GroupResult, label: str, operation: str, reference: str, series: Series | None) -> str | Value:
    found = estimate(group, label, operation, reference)
    if found is None:
        return (series.missing if series else "") or "-"
    return Value(f"{found.ratio:.2f} {'noise' if found.word is Speed.WITHIN_NOISE else found.word}", found.word)


def counted(series: Series) -> list[float]:
    """Nanoseconds per call of every sample but those that warm up."""
    return [sample for turn in series.samples for sample in turn[1:]] or [math.nan]


def quartiles(series: Series) -> tuple[float, float, float]:
    """Nanoseconds per call."""
    ordered = sorted(counted(series))
    low, middle, high = (ordered[min(int(len(ordered) * part), len(ordered) - 1)] for part in (0.25, 0.5, 0.75))
    return low, middle, high


def steady(ledger: Ledger) -> float:
    """Nanoseconds of a call once warm: the median of the curve's second half."""
    late = sorted(ledger.warm_up[len(ledger.warm_up) // 2 :])
    return late[len(late) // 2]


def seconds(nanoseconds: float) -> str:
    """With a unit, to three digits."""
    if nanoseconds == 0 or not math.isfinite(nanoseconds):
        return f"{nanoseconds:g}"
    scale, unit = next((pair for pair in UNITS if abs(nanoseconds) >= pair[0]), UNITS[-1])
    value = nanoseconds / scale
    return f"{value:.0f} {unit}" if value >= 100 else f"{value:.3g} {unit}"


def size(count: float | None) -> str:
    """With a unit."""
    if count is None:
        return "-"
    scale, unit = next((pair for pair in BYTES if abs(count) >= pair[0]), BYTES[-1])
    return f"{count / scale:.0f} {unit}"
