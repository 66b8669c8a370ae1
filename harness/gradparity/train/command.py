"""What `gradparity train` does: the recipes in every port, beside the oracle."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from threadpoolctl import threadpool_limits

from .. import __version__
from ..errors import DataMissing
from ..ports import Runner
from ..progress import shown_progress
from ..session import REQUEST_SECONDS
from .images import ImageSets, load_images
from .recipes import Recipe
from .records import EnvelopeResult, GradientCheck, TrainResult, TrainRun, Updates
from .rules import RULES
from .run import Trainer, make_envelope
from .show import train_report


def find_images(name: str | None, data_dir: Path | None) -> tuple[ImageSets, list[str]]:
    """The images of this name; without a name MNIST, or the digits where it is not to be had, and a note of that.

    Raises UsageError for damaged files, DataMissing where MNIST was asked for by name or folder.
    """
    try:
        return load_images(name or "mnist", data_dir), []
    except DataMissing as missing:
        if name or data_dir:
            raise
        return load_images("digits", None), [f"the digits of the package in place of MNIST: {missing}"]


@dataclass(frozen=True)
class TrainOptions:
    """How to train: threads of each runtime, and seconds for one request (an epoch is one)."""

    threads: int = 1
    seconds: float = 10 * REQUEST_SECONDS


def train(
    runners: list[Runner],
    required: list[str],
    recipes: Sequence[Recipe],
    seeds: Sequence[int],
    images: ImageSets,
    notes: list[str],
    options: TrainOptions,
) -> TrainRun:
    """Every recipe and seed in every runner; after an interrupt, what was done until then."""
    trainers = [Trainer(runner, options.threads, options.seconds) for runner in runners]
    updates: list[Updates] = []
    gradient_checks: list[GradientCheck | None] = []
    envelopes: list[EnvelopeResult] = []
    results: list[TrainResult] = []
    interrupted = False
    with shown_progress() as progress, threadpool_limits(options.threads):
        try:
            for trainer in trainers:
                progress(f"starting {trainer.runner.label}", 0, 1)
                trainer.start()
            dtypes: list[str] = list(dict.fromkeys(recipe.dtype for recipe in recipes))
            updates += [trainer.updates(dtypes, list(RULES)) for trainer in trainers]
            for recipe in [recipe for recipe in recipes if recipe.gradient_check]:
                for trainer in trainers:
                    progress(f"gradient check: {trainer.runner.label}", 0, 1)
                    gradient_checks.append(trainer.gradient_check(recipe, images))
            for recipe in recipes:
                sets = images.held_out(recipe.held_out)
                for seed in seeds:
                    batches = recipe.batches(len(sets.sets["train"][1]), seed)
                    env, record = make_envelope(recipe, seed, sets, batches, progress)
                    envelopes.append(record)
                    for trainer in trainers:
                        if trainer.info and trainer.info.version:
                            results.append(trainer.train(recipe, seed, sets, env, batches, progress))
                            if trainer.interrupted:
                                raise KeyboardInterrupt
        except KeyboardInterrupt:
            interrupted = True
        finally:
            for trainer in trainers:
                trainer.close()
    return TrainRun(
        gradparity=__version__,
        command=shlex.join(["gradparity", *sys.argv[1:]]),
        data=images.name,
        notes=notes,
        required=required,
        runners=[trainer.info for trainer in trainers if trainer.info],
        updates=[one for one in updates if one.cells],
        gradient_checks=[one for one in gradient_checks if one],
        envelopes=envelopes,
        results=results,
        interrupted=interrupted,
    )


__all__ = ["TrainOptions", "find_images", "train", "train_report"]
