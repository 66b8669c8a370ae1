"""A case from the images to train on: what a port loads before it trains, or is asked about one step."""

from __future__ import annotations

import numpy as np

from ..cases import Array, Case, CaseSpec
from .images import ImageSets
from .recipes import Recipe


def case_of(recipe: Recipe, seed: int, sets: ImageSets, rows: Array, parameters: dict[str, Array]) -> Case:
    """These parameters with one batch: what a port loads before it trains, or is asked about one step."""
    spec = CaseSpec(
        sizes=recipe.sizes, activation=recipe.activation, batch=len(rows), dtype=recipe.dtype, labels="integer"
    )
    x, labels = sets.images("train").batch(rows, recipe.dtype)
    return Case(spec, seed, x, labels.astype(np.int32), parameters)
