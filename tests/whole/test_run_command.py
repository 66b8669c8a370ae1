"""`gradparity run`: everything in one folder, and whatever ends it, what was found until then is there."""

from __future__ import annotations

import io
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest
from conftest import PATIENCE, RUNNERS, Gradparity, MakePort, wait_until
from gradparity import whole_run
from gradparity.bench.plan import pass_group
from gradparity.cases import CaseSpec
from gradparity.errors import UsageError
from gradparity.ports.manifest import Runner
from gradparity.record.reading import read_run
from gradparity.record.run import RECORD
from gradparity.train.images import load_images
from gradparity.whole_run import RunOptions
from rich.console import Console

MAIN = (
    "import signal; signal.signal(signal.SIGINT, signal.default_int_handler); from gradparity.cli import main; main()"
)
CASES = [CaseSpec(sizes=(5, 4, 3), batch=2), CaseSpec(sizes=(9, 6, 4), dtype="float32")]
OPTIONS = RunOptions(recipes=(), budget=0.1, threads=1, data_dir=None, epochs=1)


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch, scripted: None) -> None:
    """Two cases, one benchmark beside a scripted reference, and a training on the digits: a run takes seconds."""
    digits = load_images("digits", None), ["on digits"]
    monkeypatch.setattr(whole_run, "select_cases", lambda names: {spec.name: spec for spec in CASES})
    monkeypatch.setattr("gradparity.bench.bench.default_plan", lambda: [pass_group(CASES[0], 1)])
    monkeypatch.setattr("gradparity.whole_run.find_images", lambda name, folder: digits)


def run(folder: Path, *runners: Runner) -> tuple[int, str]:
    """The exit code, and what was shown."""
    shown = io.StringIO()
    code = whole_run.run_whole(list(runners), [], OPTIONS, folder, Console(file=shown, width=200))
    return code, shown.getvalue()


@pytest.mark.usefixtures("few")
def test_a_run_has_all_parts_and_ends_with_the_path_of_the_page(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, shown = run(tmp_path / "run", RUNNERS["python"])
    assert code == 0
    assert "agreement - 1 runner x 2 cases" in shown and "measured - " in shown and "agreement - 1 recipe" in shown
    assert capsys.readouterr().out.splitlines()[-1] == str(tmp_path / "run" / "report.html")
    found = read_run(tmp_path / "run")
    assert found.lost == [] and found.run.exit_code == 0
    assert [part.kind for part in found.run.parts] == ["check", "bench", "train"]
    assert not any(part.interrupted for part in found.run.parts)
    assert {path.name for path in (tmp_path / "run").iterdir()} == {RECORD, "report.html", "report.md", "junit.xml"}


@pytest.mark.usefixtures("few")
@pytest.mark.parametrize(("script", "argument", "code"), [("wrong.py", "batch-size", 1), ("faulty.py", "kill", 3)])
def test_the_exit_code_is_that_of_the_worst(
    tmp_path: Path, make_port: MakePort, script: str, argument: str, code: int
) -> None:
    assert run(tmp_path / "run", RUNNERS["python"], *make_port(script, argument).runners)[0] == code


@pytest.mark.usefixtures("few")
def test_a_part_that_cannot_begin_does_not_stop_the_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refuse() -> Sequence[object]:
        raise UsageError("the reference cannot be timed")

    monkeypatch.setattr("gradparity.bench.bench.default_plan", refuse)
    code, _ = run(tmp_path / "run", RUNNERS["python"])
    assert code == 3, "a part is missing"
    assert "gradparity: bench: the reference cannot be timed" in capsys.readouterr().err
    assert [part.kind for part in read_run(tmp_path / "run").run.parts] == ["check", "train"]


@pytest.mark.usefixtures("few")
def test_an_interrupt_between_the_parts_ends_with_a_report(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupt() -> Sequence[object]:
        raise KeyboardInterrupt

    monkeypatch.setattr("gradparity.bench.bench.default_plan", interrupt)
    code, _ = run(tmp_path / "run", RUNNERS["python"])
    assert code == 3
    assert capsys.readouterr().out.splitlines()[-1] == str(tmp_path / "run" / "report.html")
    assert [part.kind for part in read_run(tmp_path / "run").run.parts] == ["check"]


@pytest.mark.usefixtures("few")
def test_a_folder_that_has_a_run_already_is_refused_and_left_as_it_is(tmp_path: Path) -> None:
    assert run(tmp_path / "run", RUNNERS["python"])[0] == 0
    before = (tmp_path / "run" / RECORD).read_bytes()
    with pytest.raises(UsageError, match="this run has a check already; name another folder"):
        run(tmp_path / "run", RUNNERS["python"])
    assert (tmp_path / "run" / RECORD).read_bytes() == before


@contextmanager
def running(folder: Path, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    """The command, as soon as it has recorded three cases."""
    with subprocess.Popen(
        [sys.executable, "-c", MAIN, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        record = folder / RECORD
        wait_until(lambda: record.exists() and record.read_text().count('"cases"') >= 3, "three cases")
        assert process.poll() is None, "it ended before it could be ended"
        yield process


@pytest.mark.parametrize("arguments", [("run", "--out"), ("check", "--run")])
def test_what_a_killed_run_had_found_is_there(
    tmp_path: Path, arguments: tuple[str, str], gradparity: Gradparity
) -> None:
    folder = tmp_path / "run"
    with running(folder, *arguments, str(folder), "--port", "python") as process:
        process.kill()
    found = read_run(folder)
    assert found.run.check and found.run.check.interrupted and len(found.run.check.cases) >= 3
    assert found.exit_code == 3 and len(found.lost) <= 1, "at most the line that was being written"
    told = gradparity("report", str(folder))
    assert told.returncode == 0 and "Incomplete: it was interrupted" in told.stdout


def test_ctrl_c_ends_a_run_with_its_report(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    with running(folder, "run", "--out", str(folder), "--port", "python") as process:
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=PATIENCE)
    assert process.returncode == 3 and "Traceback" not in out + err
    assert "interrupted" in out and out.splitlines()[-1] == str(folder / "report.html")
    check = read_run(folder).run.check
    assert check and check.interrupted and len(check.cases) >= 3


@pytest.mark.skipif(sys.platform != "linux", reason="/dev/full is Linux's")
@pytest.mark.parametrize("arguments", [("run", "--out"), ("check", "--run"), ("bench", "--run"), ("train", "--run")])
def test_a_full_disk_is_one_line_at_once(tmp_path: Path, arguments: tuple[str, str], gradparity: Gradparity) -> None:
    (tmp_path / RECORD).symlink_to("/dev/full")
    done = gradparity(*arguments, str(tmp_path), "--port", "python")
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)
    assert done.stderr.endswith("cannot be written to: No space left on device\n")


@pytest.mark.skipif(sys.platform != "linux", reason="a shell's ulimit counts in units of its own")
def test_a_disk_that_is_full_later_is_one_line_and_what_was_found_is_there(tmp_path: Path) -> None:
    limited = f'ulimit -f 80; exec "{sys.executable}" -m gradparity check --port python --run "{tmp_path}"'
    done = subprocess.run(["sh", "-c", limited], capture_output=True, text=True, timeout=PATIENCE, check=False)
    assert (done.returncode, done.stdout) == (2, "") and "Traceback" not in done.stderr
    assert done.stderr.splitlines()[-1] == f"gradparity: {tmp_path}: cannot be written to: File too large"
    found = read_run(tmp_path)
    assert found.run.check and found.run.check.cases and found.exit_code == 3
    assert len(found.lost) == 1 and "cut off" in found.lost[0]


@pytest.mark.usefixtures("few")
def test_everything_at_once_as_a_stranger_runs_it(tmp_path: Path, make_port: MakePort, gradparity: Gradparity) -> None:
    port, folder = make_port("wrong.py", "batch-size", name="mine").folder, tmp_path / "runs" / "today"
    done = gradparity("run", "--port", port, "--budget", "0.1", "--epochs", "2", "--out", folder)
    assert done.returncode == 1, done.stderr
    assert done.stdout.splitlines()[-1] == str(folder / "report.html")
    assert "mine wrong in" in done.stdout and "x python" in done.stdout and "own: " in done.stdout
    found = read_run(folder)
    assert found.lost == [] and [part.kind for part in found.run.parts] == ["check", "bench", "train"]
    assert found.run.train and [recipe.epochs for recipe in found.run.train.recipes] == [2]
    assert found.run.bench and found.run.bench.command == f"gradparity bench --budget 0.1 --port {port}"
