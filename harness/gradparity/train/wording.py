"""What went wrong in a training, in words."""

from __future__ import annotations

import shlex

from ..arithmetic.verdicts import Verdict
from ..check.wording import NO_BUG, Told, place, what_is_wrong
from ..texts import last_lines
from .records import TrainResult, TrainRun, Updates


def told_troubles(run: TrainRun) -> list[Told]:
    """Each update and each training that is no pass."""
    return [*_updates(run), *(_told(one, run) for one in run.results if _is_trouble(one.verdict))]


def training_command(run: TrainRun, recipe: str, seed: int | None = None, port: str = "") -> str:
    """The command line that trains a recipe again; where it was the user's own, the whole training."""
    if recipe == "own":
        return run.command
    words = ["gradparity", "train"]
    for name in recipe.split(", "):  # of recipes that are one training
        words += ["--recipe", name]
    words += ["--seeds", str(seed)] if seed is not None else []
    words += ["--port", port] if port else []
    return shlex.join(words)


def _is_trouble(verdict: Verdict) -> bool:
    return not verdict.passes and verdict is not Verdict.NOT_IMPLEMENTED


def told_conventions(run: TrainRun) -> list[str]:
    """What is kept in another way than the protocol's, and trains alike: a line for each runner and optimizer."""
    return [f"{one.runner}, {name}: {words}" for one in run.updates for name, words in one.conventions.items()]


def confusion_words(updates: Updates, optimizer: str) -> str:
    """What explains the wrong updates of an optimizer."""
    found = updates.explanations.get(optimizer)
    return f"{found.name}: {found.sentence}; fits exactly" if found else "no known confusion gives these numbers"


def _updates(run: TrainRun) -> list[Told]:
    told = []
    options = {info.runner: info.option for info in run.runners}
    for one in run.updates:
        for optimizer, cells in one.by_optimizer.items():
            bad = [cell for cell in cells if _is_trouble(cell.verdict)]
            if bad:
                verdict = max((cell.verdict for cell in bad), key=list(Verdict).index)
                first = next(cell for cell in bad if cell.verdict is verdict)
                where = f"{one.runner} {verdict} in {len(bad)} update{'s' * (len(bad) != 1)} of {optimizer}, first "
                command = shlex.join(["gradparity", "train", "--port", options.get(one.runner) or one.runner])
                more = [confusion_words(one, optimizer)] if verdict is Verdict.WRONG else []
                told.append(Told(one.runner, verdict, where, what_is_wrong(first), more, command=command))
    return told


def _told(one: TrainResult, run: TrainRun) -> Told:
    where = f"{one.runner} {one.verdict} in {one.recipe}, seed {one.seed}"
    where += f", from step {one.left_at + 1} on: " if one.left_at is not None else ": "
    more = []
    if one.diagnosis:
        names = [f"{e.name}: {e.sentence}" for e in one.diagnosis.explanations] or [NO_BUG]
        more = [f"at that step first wrong: {place(one.diagnosis.where)}; {names[0]}"]
    elif one.left_at is not None:
        more = ["the gradient of that step is right: look at the update, and at what is kept from step to step"]
    options = {info.runner: info.option for info in run.runners}
    command = training_command(run, one.recipe, one.seed, options.get(one.runner, ""))
    return Told(one.runner, one.verdict, where, one.detail, more, last_lines(one.stderr), command)
