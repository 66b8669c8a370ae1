"""The folder of a run: what is recorded is there at once, whatever happens next, and trouble is one clear line."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import pytest
from gradparity import __version__
from gradparity.check.records import CheckResult
from gradparity.errors import UsageError
from gradparity.machine import this_machine
from gradparity.record.folder import NotRecorded, Recorder, new_folder
from gradparity.record.reading import read_run
from gradparity.record.run import RECORD
from samples import agreeing, parts


def record(folder: Path) -> None:
    """Everything of a run, as its commands hand it on."""
    with Recorder(folder, "check", "bench", "train") as recorder:
        for part in parts(agreeing()):
            if part.check:
                recorder.check(part.check)
            if part.bench:
                recorder.bench(part.bench)
            if part.train:
                recorder.train(part.train)


def test_what_is_recorded_is_read_as_it_was(tmp_path: Path) -> None:
    record(tmp_path / "a" / "new" / "folder")
    found = read_run(tmp_path / "a" / "new" / "folder")
    run = agreeing()
    assert (found.run.check, found.run.bench, found.run.train) == (run.check, run.bench, run.train)
    assert found.lost == []


def test_its_first_line_says_where_when_and_with_what(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.argv", ["/bin/gradparity", "check", "--run", "a folder"])
    with Recorder(tmp_path, "check"):
        pass
    run = read_run(tmp_path).run
    assert run.command == "gradparity check --run 'a folder'"
    assert (run.gradparity, run.machine) == (__version__, this_machine())
    assert run.started.endswith("+00:00") and "numpy" in run.packages
    assert list(run.parts) == []


def test_each_part_is_in_the_file_as_soon_as_it_is_recorded(tmp_path: Path) -> None:
    with Recorder(tmp_path, "check") as recorder:
        recorder.check(CheckResult(left_out=["a"]))
        check = read_run(tmp_path).run.check
        assert check and check.left_out == ["a"]


def test_a_line_says_only_what_is_new(tmp_path: Path) -> None:
    with Recorder(tmp_path, "check") as recorder:
        recorder.check(CheckResult(left_out=["a"]))
    assert json.loads((tmp_path / RECORD).read_text().splitlines()[1]) == {"check": {"left_out": ["a"]}}


def test_without_a_folder_nothing_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with Recorder(None, "check") as recorder:
        recorder.check(CheckResult())
    assert list(tmp_path.iterdir()) == []


def test_another_part_goes_into_the_same_folder_and_the_same_part_does_not(tmp_path: Path) -> None:
    check, train = agreeing().check, agreeing().train
    assert check and train
    with Recorder(tmp_path, "check") as recorder:
        recorder.check(check)
    with Recorder(tmp_path, "train") as recorder:
        recorder.train(train)
    assert [part.kind for part in read_run(tmp_path).run.parts] == ["check", "train"]
    with pytest.raises(UsageError, match="this run has a check already; name another folder"):
        Recorder(tmp_path, "bench", "check")


def test_after_a_line_that_was_cut_off_a_new_part_begins_on_its_own_line(tmp_path: Path) -> None:
    with Recorder(tmp_path, "check"):
        pass
    with (tmp_path / RECORD).open("ab") as file:
        file.write(b'{"check": {"left_out"')
    train = agreeing().train
    assert train
    with Recorder(tmp_path, "train") as recorder:
        recorder.train(train)
    found = read_run(tmp_path)
    assert found.run.train == train
    assert len(found.lost) == 1 and found.lost[0].startswith("line 2: not JSON")


@pytest.mark.parametrize("change", [('"gradparity":"', '"gradparity":"x'), ('"name":"', '"name":"x')])
def test_a_run_of_another_machine_or_version_gets_no_more_parts(tmp_path: Path, change: tuple[str, str]) -> None:
    with Recorder(tmp_path, "check"):
        pass
    path = tmp_path / RECORD
    path.write_text(path.read_text().replace(*change))
    with pytest.raises(UsageError, match="this run is of another machine or gradparity; name another folder"):
        Recorder(tmp_path, "train")


def test_a_folder_with_something_else_for_a_record_is_left_as_it_is(tmp_path: Path) -> None:
    (tmp_path / RECORD).write_text("my diary")
    with pytest.raises(UsageError, match="nothing in it can be read"):
        Recorder(tmp_path, "check")
    assert (tmp_path / RECORD).read_text() == "my diary"


def test_a_folder_that_cannot_be_written_to_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(NotRecorded, match="cannot be written to: Not a directory"):
        Recorder(tmp_path / "file" / "run", "check")


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="root may write anywhere")
def test_a_read_only_folder_is_one_line(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(NotRecorded, match="cannot be written to: Permission denied"):
        Recorder(tmp_path, "check")


@pytest.mark.skipif(sys.platform != "linux", reason="/dev/full is Linux's")
def test_a_full_disk_is_one_line(tmp_path: Path) -> None:
    (tmp_path / RECORD).symlink_to("/dev/full")
    with pytest.raises(NotRecorded, match="cannot be written to: No space left on device"):
        Recorder(tmp_path, "check")


def test_a_new_folder_is_named_by_the_time_and_never_twice(tmp_path: Path) -> None:
    for _ in range(4):
        new_folder(tmp_path).mkdir()
    names = sorted(path.name for path in tmp_path.iterdir())
    assert len(names) == 4 and all(name[10] == "T" and "Z" in name for name in names)
