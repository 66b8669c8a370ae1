"""A benchmark on one screen."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from rich.console import Group, RenderableType
from rich.text import Text

from ..arithmetic.verdicts import Speed, Verdict
from ..tables import Table, row
from ..terminal import STYLES, absent, table_of
from ..texts import last_lines, plain
from .records import CONTROL, BenchResult, wrong_cases
from .tables import conditions_words, ledger_table, relative_table, speed_tables, what

if TYPE_CHECKING:
    from .baselines import Change  # SciPy, which nothing else here needs, takes most of a second to import


def bench_report(result: BenchResult, changed: Sequence[Change] | None = None) -> RenderableType:
    """Gradients or functions, everything relative to the reference, the costs, the conditions, warnings, the sum."""
    parts: list[RenderableType] = []
    for table in (*speed_tables(result), relative_table(result), ledger_table(result.runners)):
        parts += [*table_of(table), ""] if table.rows else []
    if changed is not None:
        parts += [*_changes(changed), ""]
    parts.append(Text(conditions_words(result), "dim"))
    parts += absent([timed.info for timed in result.runners], [timed.info for timed in result.missing])
    for timed in result.runners:
        if timed.trouble:
            parts.append(Text.assemble((f"{timed.info.runner}: ", "yellow"), plain(timed.trouble)))
            parts += [Text(f"    | {line}", "dim") for line in last_lines(timed.stderr)]
    parts += [Text.assemble(("note: ", "yellow"), plain(line)) for line in result.warnings]
    parts += ["", sum_line(result)]
    return Group(*parts)


def _changes(changed: Sequence[Change]) -> list[RenderableType]:
    beyond = [one for one in changed if one.word is not Speed.WITHIN_NOISE]
    lines: list[RenderableType] = [Text("against the baseline", "bold")]
    for one in beyond:
        where = f"{one.runner}, {what(one.group, one.operation)}"
        times = f"{one.ratio:.3f} times [{one.low:.3f}, {one.high:.3f}]"
        lines.append(Text.assemble(f"  {where}: {times} ", (str(one.word), STYLES[one.word])))
    same = len(changed) - len(beyond)
    lines.append(Text(f"  {same} of {len(changed)} have not changed beyond noise", "dim"))
    return lines


SUMS = {0: ("measured", "bold green"), 1: ("wrong", STYLES[Verdict.WRONG])}


def sum_line(result: BenchResult) -> Text:
    """The whole benchmark in one line: who is fastest, and what could not be told apart."""
    word, style = SUMS.get(result.exit_code, ("incomplete", "bold yellow"))
    told = f"{len(result.groups)} group{'s' * (len(result.groups) != 1)} in {result.seconds:.0f} s"
    told += _of_functions(result)
    for group in result.groups[:1]:
        ranked = sorted(
            (
                e
                for e in group.estimates
                if e.operation == "gradient" and e.against == result.reference and e.runner != CONTROL
            ),
            key=lambda e: e.ratio,
        )
        if ranked and ranked[0].word is Speed.FASTER:
            best = ranked[0]
            told += f"; {best.runner} is fastest, {1 / best.ratio:.2f} times as fast as {result.reference}"
        elif ranked:
            told += f"; none is faster than {result.reference}"
    if result.interrupted:
        told += "; interrupted"
    if result.missing:
        told += f"; could not run: {', '.join(timed.info.runner for timed in result.missing)}"
    return Text.assemble((word, style), f" - {told}")


def _of_functions(result: BenchResult) -> str:
    """How often each runner is faster or slower than the reference, or wrong."""
    groups = [group for group in result.groups if group.kind == "function"]
    found: dict[str, list[str]] = {}
    for one in (one for group in groups for one in group.estimates if one.runner != CONTROL):
        found.setdefault(one.runner, []).append(str(one.word))
    for runner, cases in wrong_cases(groups).items():
        found.setdefault(runner, []).extend([str(Verdict.WRONG)] * len(cases))
    told = ""
    for runner, words in found.items():
        counts = [f"{word} in {count}" for word, count in Counter(words).items()]
        told += f"; {runner}, beside {result.reference}, {', '.join(counts)}"
    return told


class Blas(NamedTuple):
    """The library that multiplies a runner's matrices, and how its port can use another."""

    runner: str
    library: str
    port: str
    hint: str


def blas_report(found: Sequence[Blas]) -> RenderableType:
    """Which library multiplies matrices where, and how to make them equal."""
    table = Table("", ("runner", "library and kernels"), [row(one.runner, one.library) for one in found])
    hints = dict.fromkeys(f"{one.port}: {one.hint}" for one in found if one.hint)
    return Group(*table_of(table), "", *(Text(plain(line)) for line in hints))
