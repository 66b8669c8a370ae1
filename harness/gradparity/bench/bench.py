"""A whole benchmark: the plan, the progress, the baseline."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Callable, Sequence

import click

from ..check.question import Spec
from ..errors import UsageError
from ..machine import this_machine
from ..ports.building import build_ports
from ..ports.info import State
from ..ports.manifest import Runner
from ..progress import shown_progress
from .baselines import Change, changes, differences, read, save
from .contestant import Contestant
from .fairness import library
from .plan import Group, default_plan, plan_of
from .records import BenchResult, Conditions
from .run import BenchOptions, method, run_bench
from .show import Blas


def bench_ports(
    runners: list[Runner],
    required: list[str],
    specs: Sequence[Spec],
    dtypes: Sequence[str],
    options: BenchOptions,
    keep: str | None,
    compare: str | None,
    anyway: bool,
    record: Callable[[BenchResult], object] = lambda part: None,
    command: str = "",
) -> tuple[BenchResult, list[Change] | None]:
    """The result, and what has changed since the baseline, if there is one. Raises UsageError."""
    plan = plan_of(specs) if specs else [g for g in default_plan() if not dtypes or g.spec.dtype in dtypes]
    baseline = read(compare) if compare else None
    if baseline and not anyway:
        refuse(baseline, plan, options)
    command = command or shlex.join(["gradparity", *sys.argv[1:]])
    build_ports(runners)
    with shown_progress() as tell:
        result = run_bench(runners, required, plan, options, command, lambda what, done: tell(what, done, 1.0), record)
    if keep:
        click.echo(f"saved as {save(result, keep)}", err=True)
    return result, changes(baseline, result) if baseline else None


def refuse(baseline: BenchResult, plan: list[Group], options: BenchOptions) -> None:
    """Raises UsageError where a comparison with this baseline would say nothing of the ports."""
    planned = BenchResult(machine=this_machine(), method=method(plan), conditions=Conditions(threads=options.threads))
    if unlike := differences(baseline, planned):
        raise UsageError(f"--compare: the baseline is of {'; of '.join(unlike)}; --anyway compares all the same")


def find_blas(runners: list[Runner], threads: int) -> list[Blas]:
    """Which library multiplies matrices in each runner, and how to make them equal."""
    build_ports(runners)
    rows = []
    for runner in runners:
        one = Contestant(runner, runner.label, threads, BenchOptions().seconds, [])
        info = one.start()
        ready = info.state is State.READY
        one.look_at_blas()
        found = library(one) if ready else f"{info.state}: {info.reason}"
        rows.append(Blas(runner.label, found, runner.port.manifest.name, runner.port.manifest.blas_hint))
        one.close()
    return rows
