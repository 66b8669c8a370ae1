"""A whole run: check, bench, train and report, into one folder."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import click
from rich.console import Console, RenderableType

from .bench.bench import bench_ports
from .bench.run import BenchOptions
from .bench.show import bench_report
from .check.check import check_ports
from .check.options import Options
from .check.show import check_report
from .errors import UsageError
from .ports.building import build_ports
from .ports.manifest import Runner
from .record.folder import NotRecorded, Recorder
from .record.reading import read_run
from .report.report import write_reports
from .suite import select_cases, with_data
from .train.images import find_images
from .train.recipes import Own, merged, select_recipes
from .train.show import train_report
from .train.train import TrainOptions, train_ports

RECIPES = ("*-post",)
"""The default: one training, as the posts in Python, Julia and R have the same recipe."""


@dataclass(frozen=True)
class RunOptions:
    """What to run: recipes by name or pattern, seconds for the benchmark's rounds, threads of each runtime.

    With ``epochs``, in place of the posts' recipes, a short one of one's own.
    """

    recipes: Sequence[str]
    budget: float
    threads: int
    data_dir: Path | None
    epochs: int | None = None
    ports: Sequence[str] = ()
    strict: bool = False

    @property
    def words(self) -> list[str]:
        """What the commands of the parts have in common."""
        words = [word for port in self.ports for word in ("--port", port)]
        words += ["--threads", str(self.threads)] if self.threads != 1 else []
        return words + (["--data-dir", str(self.data_dir)] if self.data_dir else [])


def run_whole(runners: list[Runner], required: list[str], options: RunOptions, folder: Path, console: Console) -> int:
    """The exit code, 3 where a part is missing. Each is shown as soon as it is there; an interrupt ends the run."""
    specs, left_out = with_data(select_cases(()), options.data_dir, asked=bool(options.data_dir))
    images, notes = find_images(None, options.data_dir)
    names = options.recipes or (() if options.epochs else RECIPES)
    recipes = merged(recipe.on(images) for recipe in select_recipes(names, Own(epochs=options.epochs)))

    def command(name: str, *words: str) -> str:  # of a part alone
        return shlex.join(["gradparity", name, *words, *options.words])

    budget = ["--budget", f"{options.budget:g}"]
    trained = ["--epochs", str(options.epochs)] if options.epochs else [w for n in names for w in ("--recipe", n)]

    def check(recorder: Recorder) -> tuple[bool, RenderableType]:
        asked = Options(threads=options.threads, data_dir=options.data_dir, strict=options.strict)
        checked = command("check", *(["--strict"] if options.strict else []))
        result = check_ports(runners, required, specs, [0], left_out, asked, recorder.check, checked)
        return result.interrupted, check_report(result)

    def bench(recorder: Recorder) -> tuple[bool, RenderableType]:
        asked = BenchOptions(threads=options.threads, budget=options.budget, data_dir=options.data_dir)
        result, _ = bench_ports(
            runners, required, [], (), asked, None, None, False, recorder.bench, command("bench", *budget)
        )
        return result.interrupted, bench_report(result)

    def train(recorder: Recorder) -> tuple[bool, RenderableType]:
        asked = TrainOptions(threads=options.threads)
        result = train_ports(
            runners, required, recipes, [0], images, notes, asked, recorder.train, command("train", *trained)
        )
        return result.interrupted, train_report(result)

    build_ports(runners)  # before anything is recorded
    with Recorder(folder, "check", "bench", "train") as recorder:
        for part in (check, bench, train):
            try:
                interrupted, shown = part(recorder)
            except NotRecorded:
                raise
            except UsageError as error:  # what is recorded says that this part has no end
                click.echo(f"gradparity: {part.__name__}: {error}", err=True)
                continue
            except KeyboardInterrupt:  # between what keeps its results itself
                break
            console.print(shown)
            if interrupted:
                break
    found = read_run(folder)
    for path in write_reports(found, folder):
        click.echo(path)
    sys.stdout.flush()
    return found.exit_code or (0 if len(list(found.run.parts)) == 3 else 3)
