"""Real documents of schemas 1 and 2, made by the last versions that wrote them and shortened, as runs of today."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from gradparity.arithmetic.verdicts import Verdict
from gradparity.bench import baselines
from gradparity.check.wording import place
from gradparity.record.reading import read_run

SCHEMA1, SCHEMA2 = (Path(__file__).parent / name for name in ("schema1", "schema2"))


@pytest.mark.parametrize(("name", "code"), [("check", 1), ("bench", 0), ("train", 0), ("own", 0)])
def test_schema_1_is_read_whole(name: str, code: int) -> None:
    found = read_run(SCHEMA1 / f"{name}.json")
    assert found.lost == [] and found.exit_code == code and found.run.gradparity == "0.1.0"
    [part] = found.run.parts
    old = json.loads((SCHEMA1 / f"{name}.json").read_text())
    new = json.loads(part.model_dump_json(exclude_unset=True))
    for case in old.get("cases", []):
        if "diagnosis" in case:  # one a case, with a sentence for its place
            told = case.pop("diagnosis")
            place_now = {"operation": "gradient", "array": "dW2", "asked": "in the pass"}
            fits = {"explanations": [{**one, "numbers": 1} for one in told["explanations"]]} if told else {}
            case["diagnoses"] = [{**told, **fits, "where": place_now}] if told else []
    assert {key: new[key] for key in old if key not in ("schema_version", "notes")} == {
        key: old[key] for key in old if key not in ("schema_version", "notes")
    }


def test_schema_1_told_the_recipes_of_the_posts_by_name_alone() -> None:
    posts, own = (read_run(SCHEMA1 / f"{name}.json").run.train for name in ("train", "own"))
    assert posts and own
    assert [(recipe.name, recipe.sizes, recipe.printed) for recipe in posts.recipes] == [
        ("python-post", (64, 50, 10), ())
    ]
    assert own.recipes == [] and "what the recipe own was is not in the record" in own.notes[-1]
    assert {one.verdict for one in own.results} == {Verdict.IDENTICAL}


def test_a_baseline_of_schema_1_can_still_be_compared_with() -> None:
    assert baselines.read(str(SCHEMA1 / "bench.json")).groups[0].series[0].samples


def test_places_of_schema_2_were_sentences() -> None:
    """The same sentences are rendered of them today."""
    old = json.loads((SCHEMA2 / "check.json").read_text())
    check = read_run(SCHEMA2 / "check.json").run.check
    assert check
    before = [case["diagnosis"]["where"] for case in old["cases"]]
    assert [place(case.diagnosis.where) for case in check.cases if case.diagnosis] == before
    assert len({text.partition(", ")[2] for text in before}) == 4 and any(" of " in text for text in before)
