"""A run as a whole: its parts and its exit code."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from gradparity.check.records import CheckResult
from gradparity.record.run import Run
from samples import agreeing, cut_short, disagreeing, hostile, incomplete


@pytest.mark.parametrize(
    ("run", "code"),
    [(agreeing(), 0), (disagreeing(), 1), (hostile(), 1), (incomplete(), 3), (cut_short(), 3), (Run(), 3)],
    ids=["agreeing", "disagreeing", "hostile", "incomplete", "cut short", "empty"],
)
def test_the_exit_code_is_that_of_the_worst_part(run: Run, code: int) -> None:
    assert run.exit_code == code


def test_a_disagreement_outweighs_what_could_not_run() -> None:
    check = disagreeing().check
    assert incomplete().model_copy(update={"check": check}).exit_code == 1


def test_the_parts_are_those_that_there_are() -> None:
    assert [part.kind for part in agreeing().parts] == ["check", "bench", "train"]
    assert [part.kind for part in Run(check=CheckResult()).parts] == ["check"]


@pytest.mark.parametrize("make", [agreeing, disagreeing, hostile, incomplete, cut_short])
def test_its_json_is_json_for_every_reader_and_has_all_of_it(make: Callable[[], Run]) -> None:
    text = make().model_dump_json()
    json.loads(text, parse_constant=lambda name: pytest.fail(f"{name} is not JSON"))
    assert Run.model_validate_json(text).model_dump_json() == text


def test_infinity_and_nan_come_back_as_themselves() -> None:
    text = disagreeing().model_dump_json()
    assert '"Infinity"' in text and '"NaN"' in text
    check = Run.model_validate_json(text).check
    assert check and float("inf") in {cell.ratio for case in check.cases for cell in case.cells}
