"""`gradparity report`: from a recorded run to files, to the terminal, or to a program."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path

import pytest
from conftest import Gradparity
from gradparity.record.reading import read_run
from gradparity.record.run import RECORD, Run
from gradparity.report.verdict import headline
from junitparser import JUnitXml
from samples import agreeing, disagreeing, hostile, incomplete, recorded, write

FILES = {"report.html", "report.md", "junit.xml"}


@pytest.fixture
def report(gradparity: Gradparity) -> Gradparity:
    """report(run, "--json"): the command."""
    return partial(gradparity, "report")


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def test_it_shows_the_run_and_writes_the_files_beside_the_record_or_where_it_is_told(
    tmp_path: Path, report: Gradparity
) -> None:
    run, elsewhere = write(disagreeing(), tmp_path / "run"), tmp_path / "a" / "page"
    assert report(run, "--out", elsewhere).returncode == 0
    assert names(run) == {RECORD}, "the run is left as it is"
    rendered = report(run)
    assert (rendered.returncode, rendered.stderr) == (0, "")
    *_, told, one, two, page = rendered.stdout.splitlines()
    assert told == headline(recorded(disagreeing())) and page == str(run / "report.html")
    assert {one, two, page} == {str(run / name) for name in FILES}
    assert names(run) == {RECORD, *FILES} and names(elsewhere) == FILES
    assert all((run / name).read_bytes() == (elsewhere / name).read_bytes() for name in FILES)
    assert (run / "report.html").read_text(encoding="utf-8").lower().startswith("<!doctype html>")
    assert (run / "report.md").read_text(encoding="utf-8").startswith("#")
    assert JUnitXml.fromfile(str(run / "junit.xml"))


def test_the_exit_code_is_that_of_the_rendering_and_not_of_the_run(tmp_path: Path, report: Gradparity) -> None:
    for number, run in enumerate((disagreeing(), incomplete())):
        assert report(write(run, tmp_path / str(number)), "--markdown").returncode == 0


def test_markdown_is_printed_and_nothing_is_written(tmp_path: Path, report: Gradparity) -> None:
    run = write(agreeing(), tmp_path / "run")
    done = report(run, "--markdown")
    assert done.stdout.startswith("#") and names(run) == {RECORD}


def test_json_is_the_whole_run_and_nothing_else(tmp_path: Path, report: Gradparity) -> None:
    run = write(disagreeing(), tmp_path / "run")
    done = report(run, "--json")
    json.loads(done.stdout, parse_constant=lambda name: pytest.fail(f"{name} is not JSON"))
    assert Run.model_validate_json(done.stdout).model_dump_json() == disagreeing().model_dump_json()
    assert names(run) == {RECORD}


def test_what_json_printed_can_be_rendered_again(tmp_path: Path, report: Gradparity) -> None:
    path = tmp_path / "run.json"
    path.write_text(report(write(agreeing(), tmp_path / "run"), "--json").stdout, encoding="utf-8")
    assert read_run(path).run == agreeing()
    assert headline(recorded(agreeing())) in report(path, "--markdown").stdout


def test_damage_is_told_on_stderr_whatever_is_printed(tmp_path: Path, report: Gradparity) -> None:
    record = write(agreeing(), tmp_path / "run") / RECORD
    record.write_bytes(record.read_bytes()[:-20] + b"\x1b[2J")
    for form in ((), ("--markdown",), ("--json",)):
        done = report(tmp_path / "run", *form)
        assert done.returncode == 0 and "cut off; what it said is left out" in done.stderr
        assert "\x1b" not in done.stderr
        assert form == ("--json",) or "damaged" in done.stdout
    json.loads(done.stdout)


def test_a_hostile_run_is_rendered(tmp_path: Path, report: Gradparity) -> None:
    done = report(write(hostile(), tmp_path / "run"))
    assert done.returncode == 0 and "\x1b" not in done.stdout
    assert names(tmp_path / "run") == {RECORD, *FILES}


def test_two_runs_are_compared(tmp_path: Path, report: Gradparity) -> None:
    before, after = write(agreeing(), tmp_path / "before"), write(disagreeing(), tmp_path / "after")
    done = report(before, after)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == str(after / "comparison.html")
    assert names(before) == {RECORD} and names(after) == {RECORD, "comparison.html", "comparison.md"}
    assert report(before, after, "--markdown").stdout.startswith("#")
    assert report(before, after, "--out", tmp_path / "both").returncode == 0
    assert names(tmp_path / "both") == {"comparison.html", "comparison.md"}


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((), "Missing argument 'RUN'"),
        (("nowhere",), "nowhere: no run there: expected a folder with a record.jsonl, or a file of --json"),
        (("run", "nowhere"), "nowhere: no run there"),
        (("empty",), "empty: no run there"),
        (("damaged",), "damaged: nothing in it can be read: line 1: cut off"),
        (("newer",), "newer: the record is of schema 6, and this gradparity reads 1 to 5: install the gradparity that"),
        (("run", "run", "--json"), "--json: of one run only"),
        (("run", "--out", "run/record.jsonl"), "--out"),
    ],
)
def test_wrong_usage_is_exit_2_and_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...], words: str, report: Gradparity
) -> None:
    monkeypatch.chdir(tmp_path)
    write(agreeing(), Path("run"))
    for name, text in (("damaged", "{"), ("newer", '{"schema_version": 6, "future": 1}')):
        Path(name).mkdir()
        Path(name, RECORD).write_text(text)
    Path("empty").mkdir()
    done = report(*arguments)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)
    assert words in done.stderr


def test_where_the_files_cannot_be_written_it_is_said_in_one_line(tmp_path: Path, report: Gradparity) -> None:
    run = write(agreeing(), tmp_path / "run")
    done = report(run, "--out", run / RECORD / "below")
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert "cannot be written to: Not a directory" in done.stderr
