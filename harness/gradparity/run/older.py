"""Documents of --json, and of schema 1, as a run of today."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from ..cases import IMAGE_SIZES
from ..train.recipes import RECIPES, Recipe
from .damage import PARTS


def as_run(document: dict[str, Any], version: int) -> dict[str, Any]:
    """One part alone, as --json prints it, is a run with this part. In schema 1 a check did not say that it is one."""
    kind = document.get("kind", "check" if "runners" in document or "cases" in document else "run")
    body = {key: value for key, value in document.items() if key != "schema_version"}
    if kind not in PARTS:
        return body
    if version == 1 and kind == "train":
        body = {"recipes": _recipes(body), **body}
    shared = {key: body[key] for key in ("gradparity", "command", "machine") if key in body}
    return {**shared, kind: {**body, "kind": kind}}


def _recipes(training: dict[str, Any]) -> list[Recipe]:
    """Those of the posts by their names, as schema 1 told no more of them."""
    results = training.get("results")
    names = dict.fromkeys(str(one.get("recipe")) for one in results if isinstance(one, dict)) if results else {}
    inputs = IMAGE_SIZES.get(str(training.get("data")), 0)
    return [_on(RECIPES[name], inputs) for name in names if name in RECIPES]


def _on(recipe: Recipe, inputs: int) -> Recipe:
    return recipe if recipe.sizes[0] == inputs else replace(recipe, sizes=(inputs, *recipe.sizes[1:]), printed=())
