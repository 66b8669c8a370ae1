"""The tables of a training: the updates, each recipe's results, the posts' figures, the gradient check."""

from __future__ import annotations

from collections.abc import Sequence
from math import nan

from ..check.records import worst
from ..tables import Table, Value, row
from ..texts import number
from .gradient_check import PRINTED
from .posts import beside_the_posts
from .recipes import Recipe
from .records import TrainResult, TrainRun


def updates_table(run: TrainRun) -> Table:
    """For each runner and optimizer the worst of its updates."""
    names = list(dict.fromkeys(name for one in run.updates for name in one.by_optimizer))
    rows = []
    for one in run.updates:
        own = [one.by_optimizer.get(name, []) for name in names]
        rows.append(row(one.runner, *(Value.of(worst(cell.verdict for cell in cells)) for cells in own)))
    return Table("updates", ("runner", *names), rows)


def recipe_table(recipe: Recipe, run: TrainRun) -> Table:
    """The results of one recipe in every runner, and for every seed."""
    results = [one for one in run.results if one.recipe == recipe.name]
    sets = next((list(one.epochs[-1].accuracy) for one in results if one.epochs), [])
    several = len({one.seed for one in results}) > 1
    columns = [*(["seed"] if several else []), *sets, "last loss", "seconds", "beside the gradient", "of envelope", ""]
    rows = []
    for one in results:
        seed = [str(one.seed)] if several else []
        figures = _figures(one, sets) if one.epochs else ["-"] * (len(sets) + 4)
        rows.append(row(one.runner, *seed, *figures, Value.of(one.verdict)))
    return Table(recipe_words(recipe, run), ("runner", *columns), rows)


def recipe_words(recipe: Recipe, run: TrainRun) -> str:
    """The recipe in one line, and for how long its losses say something."""
    numbers = ", ".join(f"{key.replace('_', ' ')} {value:g}" for key, value in recipe.numbers.items())
    resolved = [one.resolved for one in run.envelopes if one.recipe == recipe.name]
    network = recipe.network or "-".join(map(str, recipe.sizes))
    decay = f", weight decay {recipe.weight_decay:g}" if recipe.weight_decay else ""
    about = f"{network}{decay}, {recipe.dtype}, {recipe.optimizer}, {numbers}, batch {recipe.batch}"
    seen = f"; losses resolved to 1e-3 for {min(resolved)} steps" if resolved else ""
    return f"{recipe.name}: {about}, {run.data}{seen}"


def _figures(one: TrainResult, sets: Sequence[str]) -> list[str]:
    beside = "-"
    if one.seconds and one.gradient_seconds:
        beside = f"{max(0.0, 1 - one.gradient_seconds / one.seconds):.0%}"
    reached = one.epochs[-1].accuracy
    accuracies = [f"{reached[name]:.4f}" if name in reached else "-" for name in sets]
    return [
        *accuracies,
        f"{one.losses[-1]:.5f}" if one.losses else "-",
        f"{one.seconds or 0:.2f}",
        beside,
        number(one.ratio),
    ]


def posts_table(run: TrainRun) -> Table:
    """Our figures beside those that the posts printed."""
    found = beside_the_posts(run.recipes, run.results)
    runners = list(dict.fromkeys(runner for one in found for runner in one.ours))
    rows = []
    for one in found:
        ours = [_spread(one.ours.get(runner, [])) for runner in runners]
        rows.append(row(one.printed.post, one.printed.what, f"{one.printed.value:g}", *ours))
    several = any(len(values) > 1 for one in found for values in one.ours.values())
    seeds = " (the mean over the seeds, and the smallest to the largest)" if several else ""
    return Table(f"beside the posts{seeds}", ("post", "figure", "there", *runners), rows, names=2)


def _spread(values: list[float]) -> str:
    if not values:
        return "-"
    mean = f"{sum(values) / len(values):.4g}"
    return mean if len(values) == 1 else f"{mean} ({min(values):.4g} to {max(values):.4g})"


def gradient_check_table(run: TrainRun) -> Table:
    """The mean difference of backpropagation and numerical gradient, by parameter."""
    rows = [
        row(one.runner, *(f"{one.differences.get(name, nan):.1e}" for name in PRINTED)) for one in run.gradient_checks
    ]
    if rows and run.data == "mnist":
        rows.append(row("the Julia post", *(f"{value:.1e}" for value in PRINTED.values())))
    return Table("gradient check on three images: mean |backpropagation - numerical|", ("runner", *PRINTED), rows)
