"""Documents of --json, and of older schemas, as a run of today."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from ..cases import IMAGE_SIZES
from ..diagnosis.records import Asked
from ..train.recipes import RECIPES, Recipe
from .damage import PARTS


def as_run(document: dict[str, Any], version: int) -> dict[str, Any]:
    """One part alone, as --json prints it, is a run with this part. In schema 1 a check did not say that it is one."""
    kind = document.get("kind", "check" if "runners" in document or "cases" in document else "run")
    body = {key: value for key, value in document.items() if key != "schema_version"}
    if kind not in PARTS:
        for part in body.values():
            _as_of_today(part, version)
        return body
    if version == 1 and kind == "train":
        body = {"recipes": _recipes(body), **body}
    _as_of_today(body, version)
    shared = {key: body[key] for key in ("gradparity", "command", "machine") if key in body}
    return {**shared, kind: {**body, "kind": kind}}


def _as_of_today(part: Any, version: int) -> None:
    if version < 3:
        _typed_places(part)
    if version < 5:
        for case in _list(part, "cases"):
            if isinstance(case, dict) and "diagnosis" in case:
                told = case.pop("diagnosis")
                case["diagnoses"] = [] if told is None else [told]
                _with_evidence(told)


def _with_evidence(told: Any) -> None:
    """What an older version named had a number as evidence; how many it did not say."""
    for one in [*_list(told, "explanations"), *_list(told, "also")]:
        if isinstance(one, dict):
            one.setdefault("numbers", 1)


def _recipes(training: dict[str, Any]) -> list[Recipe]:
    """Those of the posts by their names, as schema 1 told no more of them."""
    results = training.get("results")
    names = dict.fromkeys(str(one.get("recipe")) for one in results if isinstance(one, dict)) if results else {}
    inputs = IMAGE_SIZES.get(str(training.get("data")), 0)
    return [_on(RECIPES[name], inputs) for name in names if name in RECIPES]


def _on(recipe: Recipe, inputs: int) -> Recipe:
    return (
        recipe
        if recipe.sizes[:1] in ((), (inputs,))
        else replace(recipe, sizes=(inputs, *recipe.sizes[1:]), printed=())
    )


def _typed_places(part: Any) -> None:
    """In schema 2 the place of a diagnosis was a sentence: "affine1 forward out, called alone"."""
    results = [one for key in ("cases", "results") for one in _list(part, key)]
    for diagnosis in [one.get("diagnosis") for one in results if isinstance(one, dict)]:
        if isinstance(diagnosis, dict) and isinstance(diagnosis.get("where"), str):
            diagnosis["where"] = _place(diagnosis["where"])


def _list(part: Any, key: str) -> list[Any]:
    found = part.get(key) if isinstance(part, dict) else None
    return found if isinstance(found, list) else []


ASKED = {
    "": Asked.IN_PASS,
    "called alone": Asked.ALONE,
    "asked again": Asked.AGAIN,
    "in the case after another": Asked.NEXT,
}
OPERATIONS = ("gradient", "predict", "accuracy", "numerical_gradient", "trace")


def _place(text: str) -> dict[str, Any]:
    head, _, how = text.partition(", ")
    array, of, who = head.partition(" of ")
    if of:
        operation, _, layer = who.partition(" ")
        return {"operation": operation, "layer": layer, "array": array, "asked": Asked.ARGUMENT}
    asked = ASKED.get(how, Asked.IN_PASS)
    first, *phase, array = head.split(" ")
    if first in OPERATIONS:
        return {"operation": first, "array": array, "asked": asked}
    operation = "trace" if asked in (Asked.IN_PASS, Asked.NEXT) else "layer"
    place: dict[str, Any] = {"operation": operation, "layer": first, "array": array, "asked": asked}
    return place | ({"phase": phase[0]} if phase else {})
