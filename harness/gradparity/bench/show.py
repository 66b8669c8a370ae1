"""A benchmark on one screen."""

from __future__ import annotations

import math
from collections.abc import Sequence

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from ..show import absent, last_lines, plain
from .baselines import Change
from .estimates import ROOFLINE
from .fairness import time_of
from .records import CONTROL, BenchResult, Estimate, GroupResult, Ledger, Series, Timed, Word

STYLES = {Word.FASTER: "green", Word.SLOWER: "yellow", Word.WITHIN_NOISE: "dim"}
UNITS = ((1e9, "s"), (1e6, "ms"), (1e3, "µs"), (1.0, "ns"))
BYTES = ((1 << 30, "GB"), (1 << 20, "MB"), (1 << 10, "kB"), (1, "B"))


def bench_report(result: BenchResult, changed: Sequence[Change] | None = None) -> RenderableType:
    """The gradients, everything else relative to the oracle, the costs, the conditions, what was unfair, the sum."""
    parts: list[RenderableType] = []
    wholes = [group for group in result.groups if group.kind == "pass"]
    for group in wholes:
        parts += [_title(group), _gradient_table(group, result), ""]
    others = [group for group in result.groups if group.series]
    if others:
        parts += [Text(f"time relative to {result.reference} (below 1 is faster)", "bold"), _relative_table(result), ""]
    if any(timed.ledger for timed in result.runners):
        parts += [Text("costs", "bold"), _ledger_table(result.runners), ""]
    if changed is not None:
        parts += [*_changes(changed), ""]
    parts += _conditions(result)
    parts += absent([timed.info for timed in result.runners], [timed.info for timed in result.missing])
    for timed in result.runners:
        if timed.trouble:
            parts.append(Text.assemble((f"{timed.info.runner}: ", "yellow"), plain(timed.trouble)))
            parts += [Text(f"    | {line}", "dim") for line in last_lines(timed.stderr)]
    parts += [Text.assemble(("note: ", "yellow"), plain(line)) for line in result.warnings]
    parts += ["", sum_line(result)]
    return Group(*parts)


def _title(group: GroupResult) -> Text:
    return Text(f"gradient, {case_words(group)}, {group.case.dtype}, {group.rounds} rounds", "bold")


def case_words(group: GroupResult) -> str:
    """The case in short."""
    return f"{'-'.join(map(str, group.case.sizes))}, {group.case.activation}, batch {group.case.batch}"


def _gradient_table(group: GroupResult, result: BenchResult) -> Table:
    table = _table("runner")
    headings = ("median", "min", "IQR", f"x {result.reference}", "interval", "", "x products", "interval", "products")
    for heading in headings:
        table.add_column(heading, justify="right" if heading else "left", no_wrap=True)
    for label in _labels(group):
        series = {one.operation: one for one in group.series if one.runner == label}
        gradient = series["gradient"]
        if not gradient.samples:
            table.add_row(label, Text(gradient.missing, "dim"))
            continue
        ratio = _estimate(group, label, "gradient", result.reference)
        roofline = _estimate(group, label, "gradient", ROOFLINE)
        low, middle, high = quartiles(gradient)
        cells = [seconds(middle), seconds(min(_counted(gradient))), f"{(high - low) / middle:.1%}"]
        cells += [f"{ratio.ratio:.3f}", _interval(ratio)] if ratio else ["1", ""]
        word = _word(ratio.word) if ratio else Text("the oracle", "dim")
        cells_after = [f"{roofline.ratio:.2f}", _interval(roofline)] if roofline else ["-", ""]
        products = series.get(ROOFLINE)
        speed = f"{group.flops / time_of(products):.0f} GFLOP/s" if products and products.samples else "-"
        table.add_row(_name(label, result), *cells, word, *cells_after, speed)
    return table


def _relative_table(result: BenchResult) -> Table:
    labels = [timed.info.runner for timed in result.runners if timed.info.runner not in (result.reference, CONTROL)]
    labels = [label for label in labels if any(one.runner == label for g in result.groups for one in g.series)]
    table = _table("")
    table.add_column(f"{result.reference}", justify="right", no_wrap=True)
    for label in labels:
        table.add_column(label, justify="right", no_wrap=True)
    table.add_column("noise floor", justify="right", no_wrap=True)
    kind = ""
    for group in result.groups:
        if kind and group.kind != kind:
            table.add_section()
        kind = group.kind
        for operation in dict.fromkeys(one.operation for one in group.series):
            if group.kind == "scaling" and operation == ROOFLINE:
                continue
            found = {one.runner: one for one in group.series if one.operation == operation}
            own = found.get(result.reference)
            cells = [seconds(quartiles(own)[1]) if own and own.samples else "-"]
            floor = group.floor.get(operation)
            table.add_row(
                _what(group, operation),
                *cells,
                *(_relative(group, label, operation, result.reference, found.get(label)) for label in labels),
                f"{floor:.1%}" if floor is not None else "-",
            )
    return table


def _what(group: GroupResult, operation: str) -> str:
    single = " float32" if group.case.dtype == "float32" else ""
    return (f"gradient, {group.along} {group.at}" if group.along else operation) + single


def _relative(group: GroupResult, label: str, operation: str, reference: str, series: Series | None) -> Text:
    found = _estimate(group, label, operation, reference)
    if found is None:
        return Text((series.missing if series else "") or "-", "dim")
    return Text.assemble(f"{found.ratio:.2f} ", (_short(found.word), STYLES[found.word]))


def _short(word: Word) -> str:
    return "noise" if word is Word.WITHIN_NOISE else str(word)


def _word(word: Word) -> Text:
    return Text(str(word), STYLES[word])


def _ledger_table(runners: Sequence[Timed]) -> Table:
    table = _table("runner")
    headings = (
        "process",
        "runtime",
        "first call",
        "steady from",
        "then",
        "empty request",
        "memory peak",
        "a call adds",
    )
    for heading in (*headings, "interrupted"):
        table.add_column(heading, justify="right", no_wrap=True)
    for timed in runners:
        ledger = timed.ledger
        if ledger and timed.info.runner != CONTROL:
            growth = ledger.memory_per_call
            cells = [seconds(ledger.process * 1e9), seconds(ledger.runtime * 1e9), seconds(ledger.first_call)]
            cells += ["not reached" if ledger.steady_from is None else f"call {ledger.steady_from + 1}"]
            cells += [seconds(steady(ledger)), seconds(ledger.round_trip), size(ledger.memory_peak), size(growth)]
            table.add_row(timed.info.runner, *cells, "-" if ledger.switches is None else f"{ledger.switches} times")
    return table


def steady(ledger: Ledger) -> float:
    """Nanoseconds of a call once warm: the median of the curve's second half."""
    late = sorted(ledger.warm_up[len(ledger.warm_up) // 2 :])
    return late[len(late) // 2]


def _conditions(result: BenchResult) -> list[RenderableType]:
    machine, conditions = result.machine, result.conditions
    pinned = f"bound to core {', '.join(map(str, conditions.pinned))}" if conditions.pinned else "not bound to cores"
    pinned += f" ({conditions.not_pinned})" if conditions.not_pinned else ""
    load = "load average not known"
    if conditions.load_before is not None:
        load = f"load average {conditions.load_before} before, {conditions.load_after} after"
    threads = f"{conditions.threads} thread{'s' * (conditions.threads > 1)}"
    return [Text(f"{machine.cpu}, {machine.cores} cores, {machine.system}; {threads}, {pinned}; {load}", "dim")]


def _changes(changed: Sequence[Change]) -> list[RenderableType]:
    beyond = [one for one in changed if one.word is not Word.WITHIN_NOISE]
    lines: list[RenderableType] = [Text("against the baseline", "bold")]
    for one in beyond:
        where = f"{one.runner}, {_what(one.group, one.operation)}"
        lines.append(
            Text.assemble(f"  {where}: {one.ratio:.3f} times [{one.low:.3f}, {one.high:.3f}] ", _word(one.word))
        )
    same = len(changed) - len(beyond)
    lines.append(Text(f"  {same} of {len(changed)} have not changed beyond noise", "dim"))
    return lines


def sum_line(result: BenchResult) -> Text:
    """The whole benchmark in one line: who is fastest, and what could not be told apart."""
    word, style = ("measured", "bold green") if result.exit_code == 0 else ("incomplete", "bold yellow")
    told = f"{len(result.groups)} group{'s' * (len(result.groups) != 1)} in {result.seconds:.0f} s"
    for group in result.groups[:1]:
        ranked = sorted(
            (
                e
                for e in group.estimates
                if e.operation == "gradient" and e.against == result.reference and e.runner != CONTROL
            ),
            key=lambda e: e.ratio,
        )
        if ranked and ranked[0].word is Word.FASTER:
            best = ranked[0]
            told += f"; {best.runner} is fastest, {1 / best.ratio:.2f} times as fast as {result.reference}"
        elif ranked:
            told += f"; none is faster than {result.reference}"
    if result.interrupted:
        told += "; interrupted"
    if result.missing:
        told += f"; could not run: {', '.join(timed.info.runner for timed in result.missing)}"
    return Text.assemble((word, style), f" - {told}")


def blas_report(rows: Sequence[tuple[str, str, str]]) -> RenderableType:
    """(runner, library, hint): which library multiplies matrices where, and how to make them equal."""
    table = _table("runner")
    table.add_column("library and kernels")
    for runner, name, _ in rows:
        table.add_row(runner, plain(name))
    hints = dict.fromkeys(f"{runner.partition(':')[0]}: {hint}" for runner, _, hint in rows if hint)
    return Group(table, "", *(Text(plain(line)) for line in hints))


def _table(first: str) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold")
    table.add_column(first, no_wrap=True)
    return table


def _labels(group: GroupResult) -> list[str]:
    return list(dict.fromkeys(one.runner for one in group.series if one.operation == "gradient"))


def _name(label: str, result: BenchResult) -> str:
    return f"{result.reference} again" if label == CONTROL else label


def _estimate(group: GroupResult, runner: str, operation: str, against: str) -> Estimate | None:
    found = [e for e in group.estimates if (e.runner, e.operation, e.against) == (runner, operation, against)]
    return found[0] if found else None


def _interval(estimate: Estimate) -> str:
    return f"[{estimate.low:.3f}, {estimate.high:.3f}]"


def _counted(series: Series) -> list[float]:
    return [sample for turn in series.samples for sample in turn[1:]]


def quartiles(series: Series) -> tuple[float, float, float]:
    """Nanoseconds per call."""
    counted = sorted(_counted(series))
    low, middle, high = (counted[min(int(len(counted) * part), len(counted) - 1)] for part in (0.25, 0.5, 0.75))
    return low, middle, high


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


__all__ = ["bench_report", "blas_report", "case_words", "quartiles", "seconds", "size", "sum_line"]
