"""The recipes: what the source posts trained, and what they printed of it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from typing import Literal

import numpy as np

from ..cases import Activation, Array, Dtype
from ..errors import UsageError
from .images import ImageSets
from .rules import RULES

Order = Literal["random", "in order"]
Initial = Literal["normal", "uniform"]
WEIGHT_SCALE = 0.01


@dataclass(frozen=True)
class Printed:
    """A figure of a post: the recipe of that post, where it stands there, what we compare, and the post's value."""

    post: str
    what: str
    figure: Literal["test accuracy", "train accuracy", "first 1000 test", "seconds", "first epoch", "last epoch"]
    value: float


@dataclass(frozen=True)
class Recipe:
    """A training run. ``numbers`` are the optimizer's; ``epochs`` of training images in order, or ``steps`` at random.

    ``initial``: weights are 0.01 x normal or 0.01 x uniform [0, 1), biases 0. ``held_out`` images are for validation.
    """

    name: str
    sizes: tuple[int, ...]
    dtype: Dtype
    optimizer: str
    numbers: dict[str, float]
    order: Order
    batch: int = 100
    steps: int = 10_000
    epochs: int = 0
    held_out: int = 0
    initial: Initial = "normal"
    activation: Activation = "relu"
    printed: tuple[Printed, ...] = ()
    gradient_check: bool = False

    def parameters(self, seed: int) -> dict[str, Array]:
        """W1, b1, W2, ... in the recipe's dtype."""
        rng = np.random.Generator(np.random.Philox(np.random.SeedSequence([seed, 0])))
        found: dict[str, Array] = {}
        for i, (m, n) in enumerate(zip(self.sizes, self.sizes[1:], strict=False), start=1):
            drawn = rng.normal(size=(m, n)) if self.initial == "normal" else rng.random((m, n))
            found |= {f"W{i}": (WEIGHT_SCALE * drawn).astype(self.dtype), f"b{i}": np.zeros(n, self.dtype)}
        return found

    def batches(self, images: int, seed: int) -> Array:
        """int32, (steps, batch): the rows of each step, of so many training images."""
        if self.order == "random":
            rng = np.random.Generator(np.random.Philox(np.random.SeedSequence([seed, 1])))
            return rng.integers(images, size=(self.steps, self.batch), dtype=np.int32)
        an_epoch = np.arange(images - images % self.batch, dtype=np.int32).reshape(-1, self.batch)
        return np.tile(an_epoch, (self.epochs, 1))

    def steps_an_epoch(self, images: int) -> int:
        """Steps in which as many images are seen as there are."""
        return max(1, images // self.batch)

    def on(self, sets: ImageSets) -> Recipe:
        """The recipe for images of another size, where MNIST is not here."""
        return self if self.sizes[0] == sets.inputs else replace(self, sizes=(sets.inputs, *self.sizes[1:]), printed=())


def _two_layers(name: str, *printed: Printed) -> Recipe:
    return Recipe(name, (784, 50, 10), "float64", "sgd", {"learning_rate": 0.1}, "random", printed=printed)


def merged(recipes: Iterable[Recipe]) -> list[Recipe]:
    """Recipes that are one and the same training, as one: with the names and the printed figures of all."""
    groups: dict[str, list[Recipe]] = {}
    for recipe in recipes:
        groups.setdefault(repr(replace(recipe, name="", printed=(), gradient_check=False)), []).append(recipe)
    return [
        replace(
            alike[0],
            name=", ".join(recipe.name for recipe in alike),
            printed=tuple(printed for recipe in alike for printed in recipe.printed),
            gradient_check=any(recipe.gradient_check for recipe in alike),
        )
        for alike in groups.values()
    ]


def _rust(
    name: str, optimizer: str, numbers: dict[str, float], *printed: Printed, initial: Initial = "normal"
) -> Recipe:
    return Recipe(
        name,
        (784, 100, 10),
        "float32",
        optimizer,
        numbers,
        "in order",
        epochs=20,
        held_out=10_000,
        initial=initial,
        printed=printed,
    )


RECIPES = {
    recipe.name: recipe
    for recipe in (
        _two_layers("python-post", Printed("python-post", "test accuracy, about", "test accuracy", 0.97)),
        replace(_two_layers("julia-post"), gradient_check=True),
        _two_layers(
            "r-post",
            Printed("r-post", "train accuracy", "train accuracy", 0.9777),
            Printed("r-post", "test accuracy", "test accuracy", 0.968),
            Printed("r-post", "about 3 minutes", "seconds", 180.0),
        ),
        _rust(
            "rust-ch5",
            "sgd",
            {"learning_rate": 0.1},
            Printed("rust-ch5", "summed base-10 loss of epoch 1", "first epoch", 182.5),
            Printed("rust-ch5", "summed base-10 loss of epoch 20", "last epoch", 13.6),
            Printed("rust-ch5", "first 1000 test images", "first 1000 test", 0.977),
            initial="uniform",
        ),
        _rust(
            "rust-ch6-sgd",
            "sgd",
            {"learning_rate": 0.01},
            Printed("rust-ch6-sgd", "test accuracy", "test accuracy", 0.919),
        ),
        _rust(
            "rust-ch6-momentum",
            "momentum",
            {"learning_rate": 0.01, "momentum": 0.9},
            Printed("rust-ch6-momentum", "test accuracy", "test accuracy", 0.978),
        ),
        _rust(
            "rust-ch6-adagrad",
            "adagrad",
            {"learning_rate": 0.01},
            Printed("rust-ch6-adagrad", "test accuracy", "test accuracy", 0.964),
        ),
    )
}


@dataclass(frozen=True)
class Own:
    """A recipe given by options; what is None is as in the python post."""

    sizes: str | None = None
    optimizer: str | None = None
    lr: float | None = None
    epochs: int | None = None
    batch: int | None = None
    dtype: Dtype | None = None

    @property
    def given(self) -> bool:
        """Whether any option was."""
        return any(value is not None for value in vars(self).values())

    def recipe(self) -> Recipe:
        """Raises UsageError for sizes that are none."""
        base, optimizer = RECIPES["python-post"], self.optimizer or "sgd"
        numbers = dict(RULES[optimizer].numbers) | {"learning_rate": self.lr or LEARNING_RATES[optimizer]}
        recipe = replace(
            base,
            name="own",
            sizes=_sizes(self.sizes) if self.sizes else base.sizes,
            optimizer=optimizer,
            numbers=numbers,
            batch=self.batch or base.batch,
            dtype=self.dtype or base.dtype,
            printed=(),
        )
        return replace(recipe, order="in order", epochs=self.epochs) if self.epochs else recipe


LEARNING_RATES = {"sgd": 0.1, "momentum": 0.01, "nesterov": 0.01, "adagrad": 0.01, "rmsprop": 0.001, "adam": 0.001}


def _sizes(text: str) -> tuple[int, ...]:
    try:
        sizes = tuple(int(part) for part in text.split(","))
    except ValueError:
        sizes = ()
    if len(sizes) < 2 or not all(1 <= size <= 100_000 for size in sizes) or sizes[-1] != 10:
        raise UsageError(f"--sizes: expected inputs,...,10, as 784,50,10, came {text!r}")
    return sizes


def select_recipes(names: Sequence[str], own: Own) -> list[Recipe]:
    """The recipes of these names or patterns, or the user's own; of none the Python post's.

    Raises UsageError for a name that matches nothing, and for both at once.
    """
    if own.given:
        if names:
            raise UsageError(
                "--recipe: a post's recipe comes with its sizes, optimizer and so on: leave those options out"
            )
        return [own.recipe()]
    chosen: dict[str, Recipe] = {}
    for name in names or ["python-post"]:
        found = {key: recipe for key, recipe in RECIPES.items() if fnmatchcase(key, name)}
        if not found:
            raise UsageError(f"--recipe {name}: no such recipe; there are {', '.join(RECIPES)}")
        chosen |= found
    return list(chosen.values())
