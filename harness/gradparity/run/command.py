"""What `gradparity run` does: check, bench, train and report, into one folder."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import click
from rich.console import Console, RenderableType

from .. import check_command
from ..bench import command as bench_command
from ..check import Options
from ..errors import UsageError
from ..ports import Runner
from ..report.command import write_reports
from ..report.terminal import bench_report, check_report, train_report
from ..suite import select_cases
from ..train import command as train_command
from ..train.recipes import Own, merged, select_recipes
from .folder import Recorder
from .reading import read_run

RECIPES = ("*-post",)
"""The default: one training, as the posts in Python, Julia and R have the same recipe."""


@dataclass(frozen=True)
class RunOptions:
    """What to run: recipes by name or pattern, seconds for the benchmark's rounds, threads of each runtime."""

    recipes: Sequence[str]
    budget: float
    threads: int
    data_dir: Path | None


def run(runners: list[Runner], required: list[str], options: RunOptions, folder: Path, console: Console) -> int:
    """The exit code of the whole. Each part is shown as soon as it is there; an interrupt leaves later ones out."""
    specs, left_out = check_command.with_data(select_cases(()), options.data_dir, asked=bool(options.data_dir))
    images, notes = train_command.find_images(None, options.data_dir)
    recipes = merged(recipe.on(images) for recipe in select_recipes(options.recipes, Own()))

    def check(recorder: Recorder) -> tuple[bool, RenderableType]:
        asked = Options(threads=options.threads, data_dir=options.data_dir)
        result = check_command.check(runners, required, specs, [0], left_out, asked, recorder.check)
        return result.interrupted, check_report(result)

    def bench(recorder: Recorder) -> tuple[bool, RenderableType]:
        asked = bench_command.BenchOptions(threads=options.threads, budget=options.budget, data_dir=options.data_dir)
        result, _ = bench_command.bench(runners, required, [], (), asked, None, None, False, recorder.bench)
        return result.interrupted, bench_report(result)

    def train(recorder: Recorder) -> tuple[bool, RenderableType]:
        asked = train_command.TrainOptions(threads=options.threads)
        result = train_command.train(runners, required, recipes, [0], images, notes, asked, recorder.train)
        return result.interrupted, train_report(result)

    with Recorder(folder, "check", "bench", "train") as recorder:
        for part in (check, bench, train):
            try:
                interrupted, shown = part(recorder)
            except UsageError as error:  # what is recorded says that this part has no end
                click.echo(f"gradparity: {part.__name__}: {error}", err=True)
                continue
            console.print(shown)
            if interrupted:
                break
    found = read_run(folder)
    for path in write_reports(found, folder):
        click.echo(path)
    sys.stdout.flush()
    return found.run.exit_code
