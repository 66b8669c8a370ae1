"""The published schema is that of the records, what is written fits it, and the page about it is right."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from conftest import Gradparity
from gradparity.record.reading import read_run
from gradparity.record.run import RECORD, Run
from gradparity.record.schema import schema, schema_text
from samples import agreeing, cut_short, disagreeing, hostile, incomplete, write

DOCS = Path(__file__).parents[2] / "docs"
PAGE = (DOCS / "record.md").read_text(encoding="utf-8")
VALIDATOR = jsonschema.Draft202012Validator(schema())
ONE = "random-5-4-3-relu-n2-float64-numerical"


def block(language: str) -> str:
    """The page's example in that language."""
    return PAGE.split(f"```{language}\n")[1].split("```")[0]


def test_the_published_schema_is_not_stale() -> None:
    published = (DOCS / "record.schema.json").read_text(encoding="utf-8")
    assert published == schema_text(), "run `gradparity report --schema > docs/record.schema.json`"


def test_it_is_a_json_schema_and_says_what_it_is_of() -> None:
    jsonschema.Draft202012Validator.check_schema(schema())
    assert schema()["title"] == "A gradparity record, schema 5" and "$id" not in schema()
    assert all("description" in one for one in schema()["$defs"].values())


@pytest.mark.parametrize("make", [agreeing, disagreeing, hostile, incomplete, cut_short])
def test_every_line_fits_it_and_so_does_the_whole(tmp_path: Path, make: Callable[[], Run]) -> None:
    text = (write(make(), tmp_path) / RECORD).read_text(encoding="utf-8")
    for line in text.removesuffix("\n").split("\n"):
        VALIDATOR.validate(json.loads(line))
    VALIDATOR.validate(json.loads(read_run(tmp_path).run.model_dump_json()))


@pytest.mark.parametrize(
    ("way", "value"),
    [(("kind",), "walk"), (("check", "cases"), None), (("check", "interrupted"), "no"), (("future",), 1)],
)
def test_what_is_no_record_does_not_fit_it(way: tuple[str, ...], value: Any) -> None:
    document = json.loads(agreeing().model_dump_json())
    holder = document
    for key in way[:-1]:
        holder = holder[key]
    holder[way[-1]] = value
    assert not VALIDATOR.is_valid(document)


@pytest.mark.parametrize(
    "arguments",
    [
        ("check", "--case", ONE),
        ("bench", "--case", ONE, "--budget", "0.2"),
        ("train", "--data", "digits", "--epochs", "1"),
    ],
    ids=lambda arguments: arguments[0],
)
def test_what_the_commands_print_and_record_fits_it(
    tmp_path: Path, arguments: tuple[str, ...], gradparity: Gradparity
) -> None:
    printed = gradparity(*arguments, "--port", "python", "--json", "--run", tmp_path).stdout
    VALIDATOR.validate({arguments[0]: json.loads(printed)})
    for line in (tmp_path / RECORD).read_text(encoding="utf-8").splitlines():
        VALIDATOR.validate(json.loads(line))
    VALIDATOR.validate(json.loads(gradparity("report", tmp_path, "--json").stdout))


def test_the_schema_is_printed(gradparity: Gradparity) -> None:
    assert gradparity("report", "--schema").stdout == schema_text()


def test_the_pages_lines_are_a_record(tmp_path: Path) -> None:
    (tmp_path / RECORD).write_text(block("json"), encoding="utf-8")
    found = read_run(tmp_path)
    assert found.lost == [] and found.exit_code == 1 and found.run.packages == {"numpy": "2.4.6"}
    for line in block("json").splitlines():
        VALIDATOR.validate(json.loads(line))


@pytest.mark.skipif(shutil.which("jq") is None, reason="jq is not here")
def test_the_pages_jq_finds_what_is_wrong(tmp_path: Path) -> None:
    write(disagreeing(), tmp_path)
    out = subprocess.run(["sh", "-c", block("sh")], cwd=tmp_path, capture_output=True, text=True, check=True).stdout
    check = disagreeing().check
    assert check
    wrong = sum(cell.verdict == "wrong" for case in check.cases for cell in case.cells)
    assert len(out.splitlines()) == wrong and "dW1\tInfinity" in out


def test_the_pages_python_joins_the_run(tmp_path: Path) -> None:
    write(agreeing(), tmp_path)
    code = block("python") + "\njson.dump(run, open('joined.json', 'w'))"
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert done.stdout == "0.1.0 18 cases\n"
    assert read_run(tmp_path / "joined.json").run == agreeing()
