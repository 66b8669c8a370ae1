"""The recipes of the posts, and the user's own."""

from __future__ import annotations

import numpy as np
import pytest
from gradparity.errors import UsageError
from gradparity.train.images import load_images
from gradparity.train.recipes import RECIPES, Own, select_recipes


@pytest.mark.parametrize("recipe", RECIPES.values(), ids=RECIPES)
def test_a_seed_gives_the_same_weights_and_batches_every_time(recipe: object) -> None:
    assert recipe in RECIPES.values()
    one = RECIPES[recipe.name]  # type: ignore[attr-defined]
    first, again, other = (one.parameters(seed) for seed in (0, 0, 1))
    assert all(np.array_equal(first[name], again[name]) and first[name].dtype == one.dtype for name in first)
    assert not np.array_equal(first["W1"], other["W1"])
    assert all(np.array_equal(mask, one.masks(0, 5)[name]) for name, mask in one.masks(0, 5).items())
    assert np.array_equal(one.batches(50_000, 0), one.batches(50_000, 0))
    assert one.batches(50_000, 0).shape == (20 * 500 if one.epochs else one.steps, 100)
    assert one.batches(50_000, 0).max() < 50_000


def test_the_weights_are_as_the_posts_say() -> None:
    normal, uniform = (RECIPES[name].parameters(0)["W1"] for name in ("r-post", "rust-ch5"))
    assert normal.std() == pytest.approx(0.01, rel=0.02) and abs(normal.mean()) < 3e-4
    assert uniform.min() >= 0 and uniform.max() < 0.01 and uniform.mean() == pytest.approx(0.005, rel=0.02)
    assert all(not RECIPES[name].parameters(0)["b1"].any() for name in RECIPES)


def test_in_order_means_every_image_once_an_epoch() -> None:
    batches = RECIPES["rust-ch5"].batches(1234, 0)
    epoch = batches[: len(batches) // 20]
    assert np.array_equal(epoch.ravel(), np.arange(1200))
    assert np.array_equal(batches[len(epoch) : 2 * len(epoch)], epoch)


def test_on_digits_a_recipe_has_their_size_and_no_figures_of_a_post() -> None:
    digits = load_images("digits", None)
    recipe = RECIPES["r-post"].on(digits)
    assert recipe.sizes == (64, 50, 10) and recipe.printed == ()


def test_held_out_images_are_the_last_ones_and_no_longer_trained_on() -> None:
    digits = load_images("digits", None)
    sets = digits.held_out(100).sets
    images, labels = digits.sets["train"]
    assert np.array_equal(sets["validation"][0], images[-100:]) and np.array_equal(sets["train"][1], labels[:-100])
    assert len(digits.held_out(10_000).sets["validation"][1]) == len(labels) // 6
    assert digits.held_out(0) is digits


def test_a_recipe_of_ones_own() -> None:
    [recipe] = select_recipes((), Own(sizes="784,20,10", optimizer="adam", lr=0.002, epochs=2, batch=50))
    assert (recipe.sizes, recipe.batch, recipe.epochs, recipe.order) == ((784, 20, 10), 50, 2, "in order")
    assert recipe.numbers == {"learning_rate": 0.002, "beta1": 0.9, "beta2": 0.999}


def test_recipes_are_named_or_matched() -> None:
    assert [r.name for r in select_recipes((), Own())] == ["python-post"]
    assert [r.name for r in select_recipes(("rust-ch6-*",), Own())] == [
        "rust-ch6-sgd", "rust-ch6-momentum", "rust-ch6-adagrad",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("names", "own", "words"),
    [
        (("nonsense",), Own(), "no such recipe; there are python-post"),
        (("r-post",), Own(lr=0.1), "leave those options out"),
        ((), Own(sizes="784"), "--sizes: expected inputs"),
        ((), Own(sizes="784,x,10"), "--sizes: expected inputs"),
        ((), Own(sizes="784,50,9"), "--sizes: expected inputs"),
    ],
)
def test_wrong_use_is_one_line(names: tuple[str, ...], own: Own, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        select_recipes(names, own)


def test_the_books_recipes_begin_as_the_book_says() -> None:
    dropout, normalized, convnet = (RECIPES[f"book-{name}"] for name in ("ch6-dropout", "ch6-batchnorm", "ch7-convnet"))
    assert dropout.parameters(0)["W1"].std() == pytest.approx((2 / 784) ** 0.5, rel=0.02)
    assert normalized.parameters(0)["gamma2"].tolist() == [1] * 100
    assert normalized.parameters(0)["running_var2"].tolist() == [0] * 100
    assert convnet.parameters(0)["W1"].std() == pytest.approx(0.01, rel=0.1)
    masks = [dropout.masks(0, step) for step in (0, 1)]
    assert list(masks[0]) == [f"mask{i}" for i in range(1, 7)]
    assert masks[0]["mask1"].mean() == pytest.approx(0.8, abs=0.02)  # 0.2 are dropped
    assert not np.array_equal(masks[0]["mask1"], masks[1]["mask1"]), "a mask for each step"


def test_on_digits_a_network_of_any_layers_has_their_shape() -> None:
    digits = load_images("digits", None)
    assert RECIPES["book-ch7-convnet"].on(digits).network == "1x8x8-simple_conv_net"
    assert RECIPES["book-ch6-dropout"].on(digits).network.startswith("64-affine100-relu-dropout0.2-")
