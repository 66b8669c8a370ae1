"""Our figures beside those that the posts printed."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from .recipes import Printed, Recipe
from .records import TrainResult


@dataclass(frozen=True)
class Beside:
    """A figure of a post, and ours by runner: of each seed."""

    printed: Printed
    ours: dict[str, list[float]]


def beside_the_posts(recipes: Iterable[Recipe], results: Sequence[TrainResult]) -> list[Beside]:
    """Each figure of each recipe that was trained."""
    found = []
    for recipe in recipes:
        own = [one for one in results if one.recipe == recipe.name and one.epochs]
        for printed in recipe.printed if own else ():
            ours: dict[str, list[float]] = {}
            for one in own:
                ours.setdefault(one.runner, []).append(_figure(printed, one))
            found.append(Beside(printed, ours))
    return found


def _figure(printed: Printed, result: TrainResult) -> float:
    """The post's figure, of this result: losses in base 10, as the post took them, and summed over an epoch."""
    last = result.epochs[-1]
    match printed.figure:
        case "test accuracy":
            return last.accuracy.get("test", math.nan)
        case "train accuracy":
            return last.accuracy.get("train", math.nan)
        case "first 1000 test":
            return result.first_1000 if result.first_1000 is not None else math.nan
        case "seconds":
            return result.seconds or math.nan
        case "first epoch":
            return result.epochs[0].summed_loss / math.log(10)
        case "last epoch":
            return last.summed_loss / math.log(10)
