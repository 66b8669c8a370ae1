"""The recipes: what the source posts trained, and what they printed of it."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from typing import Literal

import numpy as np
from gradparity_reference import OPTIMIZERS

from ..cases import Activation, Array, CaseSpec, Dtype, terms_of
from ..errors import UsageError
from ..functions.network import placed
from .images import ImageSets
from .rules import RULES

Order = Literal["random", "in order"]
Initial = Literal["normal", "uniform", "he", "xavier"]
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

    ``sizes`` are those of affine layers, or ``network`` writes the layers down, as a case does. ``initial``: weights
    are 0.01 x normal, 0.01 x uniform [0, 1), or normal of He's variance 2 / n or Xavier's 1 / n, for sums of n terms;
    biases 0. Of the training images the ``first`` are seen, or all; ``held_out`` images are for validation. The first
    steps are ``compared`` one by one, or all.
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
    network: str = ""
    weight_decay: float = 0.0
    first: int = 0
    compared: int = 0

    @property
    def spec(self) -> CaseSpec:
        """The case of one batch."""
        network = {"network": self.network} if self.network else {"sizes": self.sizes, "activation": self.activation}
        about = {"batch": self.batch, "dtype": self.dtype, "weight_decay": self.weight_decay, "labels": "integer"}
        return CaseSpec.model_validate({**network, **about})

    def parameters(self, seed: int) -> dict[str, Array]:
        """W1, b1, W2, ... in the recipe's dtype, and the state that batch normalization begins with."""
        rng = np.random.Generator(np.random.Philox(np.random.SeedSequence([seed, 0])))
        found: dict[str, Array] = {}
        for name, shape in self.spec.described.arrays.items():
            kind = name.rstrip("0123456789")
            if kind == "W":
                found[name] = (self._scale(shape) * self._drawn(rng, shape)).astype(self.dtype)
            else:
                found[name] = np.full(shape, 1.0 if kind == "gamma" else 0.0, self.dtype)
        return found

    def _drawn(self, rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
        return rng.random(shape) if self.initial == "uniform" else rng.normal(size=shape)

    def _scale(self, shape: tuple[int, ...]) -> float:
        gain = {"he": 2.0, "xavier": 1.0}.get(self.initial)
        return math.sqrt(gain / terms_of(shape)) if gain else WEIGHT_SCALE

    def masks(self, seed: int, step: int) -> dict[str, Array]:
        """Those of dropout in this step, from 0: mask1, ..., uint8."""
        rng = np.random.Generator(np.random.Philox(np.random.SeedSequence([seed, 3, step])))
        return {
            held: layer.layer.draws["mask"](rng, (self.batch, *self.spec.described.masks[held]), layer.numbers)
            for layer in placed(self.spec.kinds)
            for held in layer.arrays.values()
            if held in self.spec.described.masks
        }

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
        if math.prod(self.spec.described.input) == sets.inputs:
            return self
        first, _, layers = self.network.partition("-")
        side = math.isqrt(sets.inputs)
        network = f"1x{side}x{side}-{layers}" if "x" in first else f"{sets.inputs}-{layers}"
        return replace(
            self, sizes=(sets.inputs, *self.sizes[1:]) if self.sizes else (), network=layers and network, printed=()
        )


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


def _of_the_book(
    name: str,
    network: str,
    optimizer: str,
    numbers: dict[str, float],
    *printed: Printed,
    steps: int,
    initial: Initial = "normal",
    first: int = 0,
    compared: int = 0,
    weight_decay: float = 0.0,
) -> Recipe:
    """Sections 6.3.2, 6.4 and 7.5: batches of 100 at random. A step is an update."""
    return Recipe(
        name,
        (),
        "float64",
        optimizer,
        numbers,
        "random",
        steps=steps,
        initial=initial,
        printed=printed,
        network=network,
        weight_decay=weight_decay,
        first=first,
        compared=compared,
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
        _of_the_book(
            "book-ch6-batchnorm",
            "784-" + "affine100-batch_norm-relu-" * 5 + "affine10",
            "sgd",
            {"learning_rate": 0.01},
            first=1000,
            steps=200,
            initial="normal",
        ),
        _of_the_book(
            "book-ch6-dropout",
            "784-" + "affine100-relu-dropout0.2-" * 6 + "affine10",
            "sgd",
            {"learning_rate": 0.01},
            first=300,
            steps=903,
            initial="he",
        ),
        _of_the_book(
            "book-ch6-weight-decay",
            "784-" + "affine100-relu-" * 6 + "affine10",
            "sgd",
            {"learning_rate": 0.01},
            first=300,
            steps=600,
            initial="he",
            weight_decay=0.1,
        ),
        _of_the_book(
            "book-ch7-convnet",
            "1x28x28-simple_conv_net",
            "adam",
            {"learning_rate": 0.001, "beta1": 0.9, "beta2": 0.999},
            steps=3000,
            compared=300,
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
        usual = OPTIMIZERS[optimizer]()
        numbers = {name: getattr(usual, name) for name in RULES[optimizer].numbers}
        numbers["learning_rate"] = self.lr or LEARNING_RATES[optimizer]
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
