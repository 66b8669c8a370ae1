"""`gradparity soak`."""

from __future__ import annotations

import functools
from pathlib import Path

import click
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from ..consoles import to_stderr, to_stdout
from ..meta.correct import CORRECT
from ..meta.show_soak import soak_report
from ..meta.soak import run_soak, soak_cases
from ..suite import select_cases
from . import options


@click.command()
@click.option("--checks", type=click.IntRange(1, 10_000_000), default=20_000, show_default=True)
@click.option("--seed", type=click.IntRange(0, 2**32 - 1), default=0, show_default=True, help="Of the random cases.")
@options.case
@options.seeds
@options.json
def soak(checks: int, seed: int, cases: tuple[str, ...], seeds: list[int] | None, as_json: bool) -> int:
    """Search for false alarms: correct implementations that are judged wrong.

    In random cases; with --case in these instead, drawn from --seeds.
    """
    named = [(spec, s) for spec in select_cases(cases).values() for s in seeds or [0]] if cases else []
    columns = (TextColumn("soak"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=to_stderr(), transient=True) as bar:
        task = bar.add_task("soak", total=len(named) * len(CORRECT) if named else checks)
        advance = functools.partial(bar.advance, task)
        result = soak_cases(named, advance) if named else run_soak(checks, seed, advance)
    for alarm in result.alarms:  # what the printed commands read
        if not Path(alarm.file).exists():
            Path(alarm.file).write_text(alarm.toml, encoding="utf-8")
    if as_json:
        click.echo(result.model_dump_json(indent=1))
    else:
        to_stdout().print(soak_report(result))
    return result.exit_code
