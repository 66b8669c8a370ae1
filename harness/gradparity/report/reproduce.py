"""The exact commands that find the numbers of a run again."""

from __future__ import annotations

from dataclasses import dataclass

from ..record.run import Run
from ..train.wording import training_command


@dataclass(frozen=True)
class Reproduction:
    """What it is about, and the command line."""

    what: str
    command: str


def commands(run: Run) -> list[Reproduction]:
    """Of the whole run, of its parts, of each benchmarked case and each training. A case of the check has its own."""
    found = [Reproduction("everything", run.command)] if run.command else []
    if run.check:
        found.append(Reproduction("the check", run.check.command))
    if run.bench:
        found.append(Reproduction("the benchmark", run.bench.command))
        threads = f" --threads {run.bench.conditions.threads}" if run.bench.conditions.threads != 1 else ""
        names = dict.fromkeys(group.case.name for group in run.bench.groups if group.kind in ("pass", "scaling"))
        found += [Reproduction(f"timing {name}", f"gradparity bench --case {name}{threads}") for name in names]
    if run.train:
        found.append(Reproduction("the training", run.train.command))
        for recipe in run.train.recipes:
            seeds = dict.fromkeys(result.seed for result in run.train.results if result.recipe == recipe.name)
            found += [
                Reproduction(f"training {recipe.name}, seed {seed}", training_command(run.train, recipe.name, seed))
                for seed in seeds
            ]
    unique: dict[str, Reproduction] = {}
    for again in found:
        unique.setdefault(again.command, again)
    return [again for command, again in unique.items() if command]
