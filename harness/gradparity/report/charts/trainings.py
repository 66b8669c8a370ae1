"""What is drawn of a training: each recipe with its first seed, and how its steps become points."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise

import altair as alt
import numpy as np

from ...record.run import Run
from ...texts import plain
from ...train.recipes import Recipe
from ...train.records import EnvelopeResult, TrainResult
from ...train.wording import training_command
from .palette import palette

BINS = 200  # points of a curve, at most


@dataclass(frozen=True)
class Training:
    """One recipe with its first seed: who trained it, by name, and the reference's envelope where it is known."""

    number: int
    recipe: Recipe
    trained: Mapping[str, TrainResult]
    envelope: EnvelopeResult | None
    command: str

    @property
    def steps(self) -> int:
        """Of the runner that was trained longest."""
        return max(len(one.losses) for one in self.trained.values())

    @property
    def bins(self) -> list[range]:
        """The steps, from 0, that are one point each."""
        edges = np.linspace(0, self.steps, min(BINS, self.steps) + 1).round().astype(int).tolist()
        return [range(first, after) for first, after in pairwise(edges)]

    @property
    def together(self) -> int:
        """How many steps are a point, at most."""
        return max(map(len, self.bins))

    @property
    def x(self) -> alt.X:
        """All steps."""
        scale = alt.Scale(domain=[0, self.steps], nice=False)
        return alt.X("x:Q", title="step", scale=scale, axis=alt.Axis(tickCount=5))


def trainings(run: Run) -> Iterator[Training]:
    """Of each recipe that was trained, its first seed."""
    styles = palette(run)
    for i, recipe in enumerate(run.train.recipes if run.train else [], start=1):
        results = [one for one in run.train.results if one.recipe == recipe.name and one.losses] if run.train else []
        seed = min((one.seed for one in results), default=0)
        first = {plain(one.runner): one for one in results if one.seed == seed}
        trained = {name: first[name] for name in styles if name in first}
        envelopes = [one for one in run.train.envelopes if one.recipe == recipe.name] if run.train else []
        envelope = next((one for one in envelopes if one.seed == seed), None)
        if trained and run.train:
            yield Training(i, recipe, trained, envelope, training_command(run.train, recipe.name, seed))
