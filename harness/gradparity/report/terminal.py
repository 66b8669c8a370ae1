"""A recorded run on the terminal."""

from __future__ import annotations

from rich.console import Group, RenderableType
from rich.text import Text

from ..bench.show import bench_report
from ..run.reading import Recorded
from ..show import check_report
from ..texts import plain
from ..train.show import train_report
from .verdict import headline


def run_report(found: Recorded) -> RenderableType:
    """Check, bench and train as their own commands show them, what of the record is damaged, and the verdict."""
    run = found.run
    parts: list[RenderableType] = []
    parts += [check_report(run.check), ""] if run.check else []
    parts += [bench_report(run.bench), ""] if run.bench else []
    parts += [train_report(run.train), ""] if run.train else []
    parts += [Text.assemble(("damaged record: ", "yellow"), plain(line)) for line in found.lost]
    return Group(*parts, Text(headline(found), "bold"))


__all__ = ["bench_report", "check_report", "run_report", "train_report"]
