"""A soak on a terminal: how close correct implementations came, and each false alarm."""

from __future__ import annotations

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from ..arithmetic.verdicts import Verdict
from ..terminal import STYLES
from ..texts import number
from .soak import SoakResult


def soak_report(result: SoakResult) -> RenderableType:
    """The closest call of each question, each alarm with the command that shows it again, and the sum."""
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold")
    for heading in ("question", "dtype", "arrays", "not bit-equal", "unresolved", "worst\nratio", "implementation"):
        table.add_column(heading, justify="left" if heading in ("question", "dtype", "implementation") else "right")
    for tally in result.tallies:
        counts = (str(tally.arrays), str(tally.differing), str(tally.unresolved))
        told = f"{tally.implementation}: {tally.array}" if tally.ratio else ""
        table.add_row(tally.question, tally.dtype, *counts, number(tally.ratio), told)
    parts: list[RenderableType] = [table, ""]
    for alarm in result.alarms:
        told = f"{alarm.implementation}: {alarm.question} {alarm.array}, ratio {number(alarm.ratio)}; in {alarm.found}"
        parts += [Text.assemble(("false alarm: ", STYLES[Verdict.WRONG]), told), Text(f"    {alarm.command}")]
    word, style = ("false alarms", "bold red") if result.alarms else ("no false alarm", "bold green")
    text = f" - {result.checks} checks on {result.cases} cases, {result.unresolved} unresolved; {result.seconds:.0f} s"
    return Group(*parts, Text.assemble((word, style), text))
