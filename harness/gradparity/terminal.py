"""Tables and runners on a terminal. Colour only where it means something, and never without the word."""

from __future__ import annotations

from enum import StrEnum

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from . import tables
from .arithmetic.verdicts import Speed, Verdict
from .ports.info import RunnerInfo, State
from .texts import last_lines, plain

STYLES: dict[StrEnum, str] = {
    Verdict.IDENTICAL: "green",
    Verdict.ROUNDING: "green",
    Verdict.DECLARED: "green",
    Verdict.BY_NORM: "yellow",
    Verdict.MUTATES: "yellow",
    Verdict.NOT_IMPLEMENTED: "dim",
    Verdict.UNRESOLVED: "yellow",
    Verdict.COULD_NOT_RUN: "yellow",
    Verdict.WRONG: "bold red",
    Speed.FASTER: "green",
    Speed.SLOWER: "yellow",
    Speed.WITHIN_NOISE: "dim",
}


def table_of(table: tables.Table) -> list[RenderableType]:
    """The title and the table, its first column to the left and its figures to the right."""
    shown = Table(box=None, padding=(0, 2, 0, 0), header_style="bold")
    for at, heading in enumerate(table.headings):
        shown.add_column(Text(plain(heading)), justify="left" if table.is_left(at) else "right", no_wrap=True)
    above = ""
    for line in table.rows:
        texts = [Text(plain(value.text), STYLES[value.word] if value.word else "") for value in line]
        if table.names > 1 and line[0].text == above:
            texts[0] = Text()
        above = line[0].text
        shown.add_row(*texts)
    return [Text(plain(table.title), "bold"), shown] if table.title else [shown]


def absent(infos: list[RunnerInfo], missing: list[RunnerInfo]) -> list[RenderableType]:
    """Why each absent runner is that, and under a port's last one what to do about it."""
    lines: list[RenderableType] = []
    for info, after in zip(infos, [*infos[1:], None], strict=False):
        if info.state is not State.READY:
            style = "yellow" if info in missing else "dim"
            lines.append(Text.assemble((f"{info.runner} {info.state}: ", style), plain(info.reason)))
        if info.state is State.FAILED:
            lines += [Text(f"    | {line}", "dim") for line in last_lines(info.stderr)]
        if info.hint and info in missing and (after is None or after.port != info.port):
            lines.append(Text(f"    {info.hint}"))
    return lines
