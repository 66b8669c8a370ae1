"""A recorded run on the terminal."""

from __future__ import annotations

from dataclasses import dataclass

from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.segment import Segment
from rich.text import Text

from ..bench.show import bench_report
from ..check.show import check_report
from ..record.reading import Recorded
from ..texts import plain
from ..train.show import train_report
from .verdict import headline


@dataclass(frozen=True)
class _Harmless:
    """What is shown, with control characters made visible wherever they stand."""

    shown: RenderableType

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        for segment in console.render(self.shown, options):
            yield segment if segment.control else Segment(plain(segment.text), segment.style)


def run_report(found: Recorded) -> RenderableType:
    """Check, bench and train as their own commands show them, what of the record is damaged, and the verdict."""
    run = found.run
    parts: list[RenderableType] = []
    parts += [check_report(run.check, growing=not run.check.functions), ""] if run.check else []
    parts += [bench_report(run.bench), ""] if run.bench else []
    parts += [train_report(run.train), ""] if run.train else []
    parts += [Text.assemble(("damaged record: ", "yellow"), line) for line in found.lost]
    return _Harmless(Group(*parts, Text(headline(found), "bold")))


__all__ = ["bench_report", "check_report", "run_report", "train_report"]
