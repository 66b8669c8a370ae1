"""A whole run on the terminal."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from gradparity.bench.records import BenchResult
from gradparity.check.records import CheckResult
from gradparity.errors import UsageError
from gradparity.record.reading import Recorded, read_run
from gradparity.record.run import RECORD, Run
from gradparity.report.terminal import run_report
from gradparity.report.verdict import headline
from gradparity.train.records import TrainRun
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console
from samples import HOSTILE, agreeing, cut_short, disagreeing, hostile, incomplete, parts, recorded

SCHEMA1 = Path(__file__).parents[1] / "record" / "schema1"
ODD = ["null", "true", "0", "-1", "1e308", "NaN", "Infinity", "{}", "[]", "[1]", "[[1]]", "[[]]", '""', '"x"', '["a"]']


def shown(found: Recorded, width: int = 1000) -> str:
    out = io.StringIO()
    Console(file=out, width=width, highlight=False).print(run_report(found))
    return out.getvalue()


def test_it_has_all_parts_and_ends_with_the_verdict() -> None:
    text = shown(recorded(agreeing()))
    for part in ("worst", "closest call", "x products", "time relative to python", "first call", "updates"):
        assert part in text
    for part in ("python-post, r-post: 64-50-10", "test accuracy by step", "beside the posts", "gradient check"):
        assert part in text
    assert text.splitlines()[-1] == headline(recorded(agreeing()))


def test_what_is_wrong_is_told_with_the_command_that_shows_it() -> None:
    text = shown(recorded(disagreeing()))
    for part in ("bias recycled", "relu1.out and 3 more inherit this", "| longer object", "sign: the step goes uphill"):
        assert part in text
    assert "gradparity check --port beta:native --case random-5-4-3-relu-n2-float64-numerical --seeds 0" in text
    assert "from step 13 on" in text


def test_who_could_not_run_is_told_with_the_reason() -> None:
    text = shown(recorded(incomplete()))
    for part in ("gamma not available: no runtime here", "install gamma", "| cannot find my library", "out of memory"):
        assert part in text


def test_damage_is_told_above_the_verdict() -> None:
    text = shown(Recorded(Path("run"), agreeing(), ["line 3: cut off", "line 4: \x1b[2J"]))
    assert text.splitlines()[-3:-1] == ["damaged record: line 3: cut off", r"damaged record: line 4: \x1b[2J"]


def begun() -> Run:
    """Killed before anything was found."""
    return Run(check=CheckResult(interrupted=True), bench=BenchResult(interrupted=True), train=TrainRun())


@pytest.mark.parametrize("make", [agreeing, disagreeing, hostile, incomplete, cut_short, begun, Run])
@pytest.mark.parametrize("width", [40, 100, 1000])
def test_every_run_can_be_shown_at_every_width(make: Callable[[], Run], width: int) -> None:
    assert shown(recorded(make()), width)


def test_nothing_that_a_port_says_can_steer_the_terminal() -> None:
    text = shown(recorded(hostile()))
    assert [c for c in text if not c.isprintable() and c != "\n"] == []
    assert r"\x1b[2J" in text, "it is shown as text"
    for words in HOSTILE[:7]:
        assert words in text, "and so is all else"
    assert "[bold red]markup[/bold red] [/]" in text


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("check", "mine disagrees with the reference in 1 of 1 case; one other agrees."),
        ("bench", "The ports were timed, and their gradients were not compared."),
        ("train", "One runner agrees with the reference: rounding explains every difference in 20 steps of training."),
        ("own", "One runner agrees with the reference: rounding explains every difference in 20 steps of training."),
    ],
)
def test_schema_1_is_shown(name: str, told: str) -> None:
    text = shown(read_run(SCHEMA1 / f"{name}.json"))
    assert text.splitlines()[-1] == told
    if name == "train":
        assert "python-post: 64-50-10, float64, sgd" in text and "test accuracy by step" in text
    if name == "own":
        assert "what the recipe own was is not in the record" in text


DOCUMENTS = [part.model_dump_json(exclude_unset=True) for part in parts(disagreeing())]


def ways(value: Any, way: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [*([way] if way else []), *(found for key, one in inside for found in ways(one, (*way, key)))]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("run")


@given(st.data())
def test_whatever_is_odd_in_a_record_it_can_be_shown(folder: Path, data: st.DataObject) -> None:
    documents = [json.loads(line) for line in DOCUMENTS]
    for _ in range(data.draw(st.integers(1, 30))):
        document = data.draw(st.sampled_from(documents))
        *way, last = data.draw(st.sampled_from(ways(document) or [("schema_version",)]))
        for key in way:
            document = document[key]
        if data.draw(st.booleans()):
            document[last] = json.loads(data.draw(st.sampled_from(ODD)))
        elif isinstance(document, list) or last in document:
            del document[last]
    (folder / RECORD).write_text("\n".join(json.dumps(one) for one in documents))
    try:
        found = read_run(folder)
    except UsageError:  # of another schema
        return
    assert headline(found) in shown(found)
