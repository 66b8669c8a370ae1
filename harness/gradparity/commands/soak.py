"""`gradparity soak`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import click
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from ..consoles import to_stderr, to_stdout
from ..errors import UsageError
from ..meta.correct import CORRECT
from ..meta.function_soak import run_function_soak, soak_function_cases
from ..meta.function_tallies import FunctionSoak
from ..meta.show_function_soak import function_soak_report
from ..meta.show_soak import soak_report
from ..meta.soak import SoakResult, run_soak, soak_cases
from ..suite import select_cases
from . import options

CHECKS = 20_000


@click.command()
@options.reference
@click.option("--checks", type=click.IntRange(1, 10_000_000), show_default=str(CHECKS))
@click.option("--seed", type=click.IntRange(0, 2**32 - 1), show_default="0", help="Of the random cases.")
@options.case
@options.seeds
@options.json
def soak(
    reference: Path | None,
    checks: int | None,
    seed: int | None,
    cases: tuple[str, ...],
    seeds: list[int] | None,
    as_json: bool,
) -> int:
    """Search for false alarms: correct implementations that are judged wrong.

    In random cases; with --case in these instead, drawn from --seeds. With --reference the implementations are its
    functions in other arithmetics: sums in another order, higher precision.
    """
    if cases and (checks, seed) != (None, None):
        option = "--seed" if checks is None else "--checks"
        raise UsageError(f"{option}: with --case there is nothing random: leave it out; --seeds draws the cases")
    if seeds and not cases:
        raise UsageError("--seeds: of the cases that --case names; random cases are drawn from --seed")
    number, first = checks or CHECKS, seed or 0
    result: SoakResult | FunctionSoak
    if reference:
        with _progress(None if cases else number) as advance:
            if cases:
                result = soak_function_cases(reference, cases, seeds or [0], advance)
            else:
                result = run_function_soak(reference, number, first, advance)
        report = function_soak_report(result)
    else:
        named = [(spec, s) for spec in select_cases(cases).values() for s in seeds or [0]] if cases else []
        with _progress(len(named) * len(CORRECT) if named else number) as advance:
            result = soak_cases(named, advance) if named else run_soak(number, first, advance)
        _write_alarms(result)
        report = soak_report(result)
    if as_json:
        click.echo(result.model_dump_json(indent=1))
    else:
        to_stdout().print(report)
    return result.exit_code


@contextmanager
def _progress(total: int | None) -> Iterator[Callable[[int], None]]:
    columns = (TextColumn("soak"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    console = to_stderr()
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        yield partial(bar.advance, bar.add_task("soak", total=total))


def _write_alarms(result: SoakResult) -> None:
    """What the printed commands read."""
    for alarm in result.alarms:
        if not Path(alarm.file).exists():
            Path(alarm.file).write_text(alarm.toml, encoding="utf-8")
