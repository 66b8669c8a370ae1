"""`gradparity run`."""

from __future__ import annotations

from pathlib import Path

import click

from ..consoles import to_stdout
from ..ports.manifest import by_name, select_runners
from ..record.folder import new_folder
from . import options


@click.command()
@options.port
@click.option("--recipe", "names", multiple=True, metavar="RECIPE", help="As of train. Default: *-post.")
@click.option("--budget", type=click.FloatRange(0.1, 86400), default=60.0, show_default=True,
              help="Seconds for the benchmark's rounds.")  # fmt: skip
@click.option("--epochs", type=click.IntRange(1, 10_000), help="A short training of your own, in place of the recipe.")
@options.threads
@options.data_dir
@options.strict
@click.option(
    "--out", type=options.FOLDER, metavar="FOLDER", help="Of the record and the report. Default: a new one in runs/."
)
def run(
    ports: tuple[str, ...],
    names: tuple[str, ...],
    budget: float,
    epochs: int | None,
    threads: int,
    data_dir: Path | None,
    strict: bool,
    out: Path | None,
) -> int:
    """Check, benchmark and train the ports, and write the report: five minutes."""
    from ..whole_run import RunOptions, run_whole  # all the rest

    settings = RunOptions(names, budget, threads, data_dir, epochs, ports, strict)
    runners = select_runners(ports)
    return run_whole(runners, by_name(runners, ports), settings, out or new_folder(Path("runs")), to_stdout())
