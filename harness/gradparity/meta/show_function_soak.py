"""A soak of functions on a terminal: how close other arithmetics came in each result, and each false alarm."""

from __future__ import annotations

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from ..arithmetic.verdicts import Verdict
from ..terminal import STYLES
from ..texts import number
from .function_tallies import FunctionSoak


def function_soak_report(result: FunctionSoak) -> RenderableType:
    """The closest call of each result, what was skipped, each alarm with the command that shows it, and the sum."""
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold")
    words = ("function", "result", "dtype", "arithmetic", "case")
    for heading in ("function", "result", "dtype", "arrays", "not bit-equal", "unresolved", "worst\nratio", *words[3:]):
        table.add_column(heading, justify="left" if heading in words else "right")
    for tally in result.tallies:
        counts = (str(tally.arrays), str(tally.differing), str(tally.unresolved), number(tally.ratio))
        closest = (tally.arithmetic, f"{tally.case}, seed {tally.seed}") if tally.ratio else ("", "")
        table.add_row(tally.function, tally.result, tally.dtype, *counts, *closest)
    parts: list[RenderableType] = [table, ""]
    parts += [Text(f"skipped: {one}", "dim") for one in result.skipped]
    for alarm in result.alarms:
        told = f"{alarm.function} {alarm.result}, {alarm.arithmetic}: ratio {number(alarm.ratio)}; in {alarm.found}"
        parts += [Text.assemble(("false alarm: ", STYLES[Verdict.WRONG]), told), Text(f"    {alarm.command}")]
    word, style = ("false alarms", "bold red") if result.alarms else ("no false alarm", "bold green")
    text = f" - {result.checks} checks on {result.cases} cases; {result.seconds:.0f} s"
    return Group(*parts, Text.assemble((word, style), text))
