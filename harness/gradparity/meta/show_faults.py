"""Random faults on a terminal: how many were named rightly, and each that was named falsely."""

from __future__ import annotations

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from ..texts import number
from .faults.measure import FaultResult, Measure, Naming

FEW = 10  # then each is told, whatever became of it


def faults_report(measure: Measure) -> RenderableType:
    """How many of each outcome, those with false names and the commands that show them again, and the total."""
    parts: list[RenderableType] = []
    for one in measure.results:
        if one.outcome is Naming.FALSELY or len(measure.results) <= FEW:
            parts += _told(one)
    table = Table(box=None, padding=(0, 2, 0, 0), show_header=False)
    table.add_column(justify="right")
    for outcome, count in measure.counts.items():
        table.add_row(str(count), str(outcome), f"{100 * count / len(measure.results):.3g} %")
    return Group(*parts, table, "", _sum(measure))


def _told(one: FaultResult) -> list[RenderableType]:
    lines: list[RenderableType] = [Text(f"{one.outcome}: {'; and '.join(one.faults)} ({one.asks})")]
    for name in one.names:
        constant = "" if name.constant is None else f" {number(name.constant)}"
        style = "" if name.true else "bold red"
        lines.append(Text(f"    {'true' if name.true else 'false'}: {name.name}{constant}, at {name.place}", style))
    return [*lines, Text(f"    {one.command}")]


def _sum(measure: Measure) -> Text:
    false = measure.counts[Naming.FALSELY]
    word, style = ("false names", "bold red") if false else ("no false name", "bold green")
    text = f" - {len(measure.results)} random faults, {measure.found} found; seed {measure.seed}"
    return Text.assemble((word, style), text)
