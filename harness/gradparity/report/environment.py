"""What two runs ran on and with, and what only one of them has: this often explains the rest."""

from __future__ import annotations

from dataclasses import dataclass

from ..record.run import Run
from .verdict import runners


@dataclass(frozen=True)
class EnvironmentChange:
    """A fact of where and with what it ran; empty where a run does not tell it."""

    what: str
    before: str
    after: str


@dataclass(frozen=True)
class OnlyInOne:
    """A runner, a part or a recipe of one run alone."""

    what: str
    after: bool  # in the second; else in the first


def environment_changes(before: Run, after: Run) -> list[EnvironmentChange]:
    """The machine, the versions, and what each runner that both have says of itself."""
    then, now = _facts(before, after), _facts(after, before)
    return [
        EnvironmentChange(what, then.get(what, ""), now.get(what, ""))
        for what in dict.fromkeys([*then, *now])
        if then.get(what, "") != now.get(what, "")
    ]


def _facts(run: Run, other: Run) -> dict[str, str]:
    """Of what both have: a part or a runner that is only in one is no other environment."""
    facts = {"gradparity": run.gradparity}
    facts |= {f"machine, {key}": str(value) for key, value in run.machine.model_dump().items()}
    facts |= {f"harness, {name}": version for name, version in run.packages.items()}
    facts |= {"threads": str(run.bench.conditions.threads)} if run.bench and other.bench else {}
    facts |= {"training data": run.train.data} if run.train and other.train else {}
    loaded = {timed.info.runner: ", ".join(timed.blas) for timed in run.bench.runners} if run.bench else {}
    shared = {info.runner for info in runners(other)}
    for info in (one for one in runners(run) if one.runner in shared):
        facts[info.runner] = f"{info.language} {info.version}".strip()
        facts[f"{info.runner}, state"] = str(info.state)
        facts[f"{info.runner}, BLAS"] = loaded.get(info.runner) or info.blas
        facts[f"{info.runner}, threads"] = info.threads
    return facts


def only_in_one(before: Run, after: Run) -> list[OnlyInOne]:
    """Parts and runners; and of the trainings the recipes, where both runs have trained."""
    then, now = (_named(run, recipes=bool(before.train and after.train)) for run in (before, after))
    first = [OnlyInOne(what, after=False) for what in then if what not in now]
    return first + [OnlyInOne(what, after=True) for what in now if what not in then]


def _named(run: Run, recipes: bool) -> list[str]:
    names = [*(part.kind for part in run.parts), *(info.runner for info in runners(run))]
    return names + [recipe.name for recipe in (run.train.recipes if run.train and recipes else [])]
