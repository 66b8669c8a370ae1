"""Damage inside a line: what exactly is left out of it, and what is said of that."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from gradparity.record.reading import Recorded, read_run
from gradparity.record.run import RECORD
from samples import agreeing, parts, recorded

AGREEING = [part.model_dump_json(exclude_unset=True).encode() for part in parts(agreeing())]


def read(folder: Path, data: bytes) -> Recorded:
    (folder / RECORD).write_bytes(data)
    return read_run(folder)


def results(found: Recorded) -> list[str]:
    """The cases, as text."""
    return [case.model_dump_json() for case in found.run.check.cases] if found.run.check else []


def changed(way: str, value: Any, number: int) -> bytes:
    """The record with something else at a place of one line; of a new key, something more."""
    documents = [json.loads(line) for line in AGREEING]
    *keys, last = [int(key) if key.isdigit() else key for key in way.split(".")]
    holder = documents[number]
    for key in keys:
        holder = holder[key]
    holder[last] = value
    return "\n".join(json.dumps(one) for one in documents).encode()


CASE = next(number for number, line in enumerate(AGREEING) if b'"cases"' in line)


@pytest.mark.parametrize(
    ("way", "said"),
    [
        ("check.cases.0.future", "check.cases.0.future: unknown to this version; it is left out"),
        ("check.cases.0.cells.1.future", "check.cases.0.cells.1.future: unknown to this version; it is left out"),
        ("future", "future: unknown to this version; it is left out"),
    ],
)
def test_an_unknown_field_is_left_out_alone(tmp_path: Path, way: str, said: str) -> None:
    found = read(tmp_path, changed(way, {"any": "thing"}, CASE))
    assert found.run == agreeing()
    assert found.lost == [f"line {CASE + 1}: {said}"]


def test_an_unknown_field_of_a_timed_case_is_left_out_alone(tmp_path: Path) -> None:
    number = next(number for number, line in enumerate(AGREEING) if b'"groups"' in line)
    found = read(tmp_path, changed("bench.groups.0.case.future", 1, number))
    assert found.run == agreeing()
    assert "case" in found.lost[0] and found.lost[0].endswith("future: unknown to this version; it is left out")


def test_an_unknown_field_of_a_recipe_is_left_out_alone(tmp_path: Path) -> None:
    number = next(number for number, line in enumerate(AGREEING) if b'"recipes"' in line)
    found = read(tmp_path, changed("train.recipes.0.future", 1, number))
    assert found.run == agreeing()
    assert found.lost == [f"line {number + 1}: train.recipes.0.future: unknown to this version; it is left out"]


@pytest.mark.parametrize(
    ("way", "value", "said"),
    [
        ("check.cases.0.cells.1.ratio", "much", "check.cases.0.cells.1 is left out"),
        ("check.cases.0.cells.1.verdict", "fine", "check.cases.0.cells.1 is left out"),
        ("check.cases.0.cells", 5, "check.cases.0 is left out"),
        ("check.cases.0.seed", [], "check.cases.0 is left out"),
        ("check.cases", "none", "check.cases is left out"),
        ("check", 5, "check is left out"),
    ],
)
def test_a_wrong_type_takes_the_smallest_record_with_it(tmp_path: Path, way: str, value: Any, said: str) -> None:
    found = read(tmp_path, changed(way, value, CASE))
    [lost] = found.lost
    assert lost.startswith(f"line {CASE + 1}: {way}: input should be ") and lost.endswith(said)
    assert f"came {value!r}" in lost
    kept = results(recorded(agreeing()))[1:]
    assert results(found)[-len(kept) :] == kept


def test_a_wrong_field_of_a_part_or_of_the_run_is_left_out_alone(tmp_path: Path) -> None:
    found = read(tmp_path, changed("check.interrupted", "maybe", 1))
    assert found.lost and found.lost[0].endswith("check.interrupted is left out")
    assert results(found) == results(recorded(agreeing()))
    found = read(tmp_path, changed("started", 5, 0))
    assert found.run == agreeing().model_copy(update={"started": ""})


def test_a_lot_of_damage_is_told_in_short(tmp_path: Path) -> None:
    found = read(tmp_path, b"\n".join(line.replace(b'"ratio":', b'"rat\\u0000io":') for line in AGREEING))
    assert len(found.lost) == 21 and found.lost[-1].startswith("and ") and found.lost[-1].endswith(" more")
    assert all(line.isprintable() for line in found.lost)
    cells = [cell for case in found.run.check.cases for cell in case.cells] if found.run.check else []
    assert cells and {cell.ratio for cell in cells} == {None}
