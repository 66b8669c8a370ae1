"""A whole training: the recipes in every port, beside the reference."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from threadpoolctl import threadpool_limits

from ..parts import Growing
from ..ports.building import build_ports
from ..ports.manifest import Runner
from ..ports.session import REQUEST_SECONDS
from ..progress import Tell, shown_progress
from .images import ImageSets
from .recipes import Recipe
from .records import TrainRun
from .rules import RULES
from .run import Trainer, make_envelope


@dataclass(frozen=True)
class TrainOptions:
    """How to train: threads of each runtime, and seconds for one request (an epoch is one)."""

    threads: int = 1
    seconds: float = 10 * REQUEST_SECONDS


def train_ports(
    runners: list[Runner],
    required: list[str],
    recipes: Sequence[Recipe],
    seeds: Sequence[int],
    images: ImageSets,
    notes: list[str],
    options: TrainOptions,
    keep: Callable[[TrainRun], object] = lambda part: None,
    command: str = "",
) -> TrainRun:
    """Every recipe and seed in every runner; after an interrupt, what was done until then."""
    found = Growing(TrainRun(), keep)
    command = command or shlex.join(["gradparity", *sys.argv[1:]])
    about = TrainRun(command=command, data=images.name, notes=notes, required=required, recipes=list(recipes))
    found.add(about.model_copy(update={"interrupted": True}))  # until its end
    build_ports(runners)
    trainers = [Trainer(runner, options.threads, options.seconds) for runner in runners]
    with shown_progress() as progress, threadpool_limits(options.threads):
        try:
            for trainer in trainers:
                progress(f"starting {trainer.runner.label}", 0, 1)
                found.add(TrainRun(runners=[trainer.start()]))
            dtypes: list[str] = list(dict.fromkeys(recipe.dtype for recipe in recipes))
            for trainer in trainers:
                updates = trainer.updates(dtypes, list(RULES))
                found.add(TrainRun(updates=[updates] if updates.cells else []))
            for recipe in [recipe for recipe in recipes if recipe.gradient_check]:
                for trainer in trainers:
                    progress(f"gradient check: {trainer.runner.label}", 0, 1)
                    check = trainer.gradient_check(recipe, images)
                    found.add(TrainRun(gradient_checks=[check] if check else []))
            for recipe in recipes:
                for seed in seeds:
                    _train_in_all(trainers, recipe, seed, images, progress, found)
            found.add(TrainRun(interrupted=False))
        except KeyboardInterrupt:
            pass
        finally:
            for trainer in trainers:
                trainer.close()
    return found.whole


def _train_in_all(
    trainers: Sequence[Trainer], recipe: Recipe, seed: int, images: ImageSets, progress: Tell, found: Growing[TrainRun]
) -> None:
    """One recipe and seed: its envelope, then every runner. Raises KeyboardInterrupt after what was done until then."""
    refused = [trainer.refused(recipe, seed) for trainer in trainers if trainer.hello]
    if all(refused):  # nothing would be held against the envelope, which takes longest
        found.add(TrainRun(results=[one for one in refused if one]))
        return
    sets = images.of_first(recipe.first).held_out(recipe.held_out)
    batches = recipe.batches(len(sets.sets["train"][1]), seed)
    env, record = make_envelope(recipe, seed, sets, batches, progress)
    found.add(TrainRun(envelopes=[record]))
    envelopes = {0.0: env}
    for trainer in trainers:
        if trainer.info and trainer.info.version:
            if trainer.epsilon not in envelopes:
                envelopes[trainer.epsilon], _ = make_envelope(recipe, seed, sets, batches, progress, trainer.epsilon)
            env = envelopes[trainer.epsilon]
            found.add(TrainRun(results=[trainer.train(recipe, seed, sets, env, batches, progress)]))
            if trainer.interrupted:
                raise KeyboardInterrupt
