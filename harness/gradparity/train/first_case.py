"""A case from the images to train on: what a port loads before it trains, or is asked about one step."""

from __future__ import annotations

import numpy as np

from ..cases import Array, Case
from ..functions.network import placed
from .images import ImageSets
from .recipes import Recipe


def case_of(
    recipe: Recipe, seed: int, sets: ImageSets, rows: Array, parameters: dict[str, Array], step: int = 0
) -> Case:
    """These parameters and the masks of this step, with one batch: what a port loads, or is asked about one step."""
    spec = recipe.spec.model_copy(update={"batch": len(rows)})
    x, labels = sets.images("train", spec.described.input).batch(rows, recipe.dtype)
    held = {**parameters, **recipe.masks(seed, step)}
    in_order = [name for layer in placed(spec.kinds) for name in layer.arrays.values()]
    return Case(spec, seed, x, labels.astype(np.int32), {name: held[name] for name in in_order})
