"""What was said is recorded byte by byte, and played again without the port."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest
from conftest import MakePort, fake_port
from functions_of_mine import REFERENCE, WRONG, made_functions
from gradparity.arithmetic.verdicts import Verdict
from gradparity.cases import CaseSpec
from gradparity.check.options import Options
from gradparity.check.records import CaseResult
from gradparity.check.run import run_check
from gradparity.cli import cli
from gradparity.errors import UsageError
from gradparity.ports.asked import note_cases, read_cases
from gradparity.ports.info import State
from gradparity.ports.manifest import Runner
from gradparity.ports.transcript import read_transcript, recording, replaying

SPEC, OTHER = CaseSpec(sizes=(5, 4, 3), batch=2), CaseSpec(sizes=(6, 4, 3), batch=2)


def check(runner: Runner, *specs: CaseSpec) -> list[CaseResult]:
    asked = {spec.name: spec for spec in specs or [SPEC]}
    _, cases, _ = run_check([runner], asked, [0], Options(), lambda news: None)
    return cases


def outcome(cases: list[CaseResult]) -> list[object]:
    return [(case.case, case.cells, case.diagnosis) for case in cases]


@pytest.fixture(scope="module")
def once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The recording of a right port on one case."""
    folder = tmp_path_factory.mktemp("once")
    [runner] = fake_port(folder, "wrong.py", "nothing").runners
    check(recording(runner, folder / "said"))
    return folder / "said"


@pytest.fixture
def said(once: Path, tmp_path: Path) -> Path:
    """A copy of it."""
    return Path(shutil.copytree(once, tmp_path / "said"))


@pytest.mark.parametrize("wrong", ["one-element", "mutates"])
def test_a_replay_has_the_same_outcome(wrong: str, make_port: MakePort, tmp_path: Path) -> None:
    [runner] = make_port("wrong.py", wrong).runners
    recorded = check(recording(runner, tmp_path / "said"), SPEC, OTHER)
    [played] = replaying(tmp_path / "said")
    assert played.label == runner.label
    infos, _, _ = run_check([played], {}, [], Options(), lambda news: None)
    assert infos[0].language == "Python", "as the port said of itself"
    [played] = replaying(tmp_path / "said")
    assert outcome(check(played, SPEC, OTHER)) == outcome(recorded) == outcome(check(runner, SPEC, OTHER))


@pytest.mark.parametrize("fault", ["exit", "kill", "garbage"])
def test_a_port_that_breaks_breaks_again(fault: str, make_port: MakePort, tmp_path: Path) -> None:
    [runner] = make_port("faulty.py", fault, "gradient").runners
    recorded = check(recording(runner, tmp_path))
    assert outcome(check(replaying(tmp_path)[0])) == outcome(recorded)
    assert len(list(tmp_path.glob("*.transcript"))) == 1


def test_other_requests_than_the_recorded_are_told_by_their_byte(said: Path) -> None:
    [case] = check(replaying(said)[0], OTHER)
    assert "is not the one that was recorded: other cases, options, reference or another version?" in case.stderr


def test_a_runner_of_several_keeps_its_label(make_port: MakePort, tmp_path: Path) -> None:
    more = '[[runner]]\nname = "embedded"\ncommand = ["nothing"]\n'
    runner = make_port("wrong.py", "nothing", more=more).runners[1]
    assert ":" in runner.label
    check(recording(runner, tmp_path))
    assert [one.label for one in replaying(tmp_path)] == [runner.label]


def test_what_both_said_can_be_read(said: Path) -> None:
    [file] = said.glob("*.transcript")
    transcript = read_transcript(file)
    assert transcript.said[0] == (">", b"hello protocol=1\n")
    assert transcript.said[1][0] == "<" and transcript.said[1][1].startswith(b"ok name=")
    assert transcript.end == "exit 0"


@pytest.mark.parametrize(
    "text", [b"", b"nope", b"gradparity transcript 1\n", b"gradparity transcript 1\nlabel x\n? 3\nabc"]
)
def test_what_is_no_transcript_is_refused(text: bytes, tmp_path: Path) -> None:
    (tmp_path / "x-1.transcript").write_bytes(text)
    with pytest.raises(UsageError, match="expected"):
        read_transcript(tmp_path / "x-1.transcript")


def test_an_empty_folder_cannot_be_played(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="--replay"):
        replaying(tmp_path)


def test_a_port_that_cannot_run_is_recorded_as_that(make_port: MakePort, tmp_path: Path) -> None:
    [runner] = make_port("wrong.py", "nothing").runners
    lost = Runner(runner.port, runner.spec.model_copy(update={"command": ["/no/such/program"]}))
    infos, _, _ = run_check([recording(lost, tmp_path)], {}, [], Options(), lambda news: None)
    assert infos[0].state is State.FAILED and "cannot run /no/such/program" in infos[0].stderr


def test_a_replay_asks_what_was_asked(
    make_port: MakePort, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    port, folder = make_port("wrong.py", "one-element").folder, "said"
    asked = ("--case", "random-9-6-4-relu-n7-float64", "--case", "random-6-5-1-*", "--seeds", "2,3")
    assert cli.main(["check", "--port", str(port), *asked, "--record", folder], standalone_mode=False) == 1
    recorded = capsys.readouterr().out
    assert cli.main(["check", "--replay", folder], standalone_mode=False) == 1
    played = capsys.readouterr().out
    assert cli.main(["check", "--replay", folder, "--seeds", "2"], standalone_mode=False) != 0
    assert "x 3 cases: 2 could not run" in capsys.readouterr().out
    again = f"gradparity check --replay {tmp_path / folder}"
    assert again in played
    assert re.sub("gradparity check .*", again, recorded).splitlines()[:8] == played.splitlines()[:8]


def test_nothing_is_recorded_over(make_port: MakePort, tmp_path: Path) -> None:
    (tmp_path / "said").mkdir()
    (tmp_path / "said" / "mine.c").write_text("int x;")
    command = ["check", "--port", str(make_port("wrong.py", "nothing").folder), "--record", str(tmp_path / "said")]
    with pytest.raises(UsageError, match="expected an empty folder, or none yet; nothing was written"):
        cli.main(command, standalone_mode=False)
    assert [path.name for path in (tmp_path / "said").iterdir()] == ["mine.c"]


def test_a_recording_that_is_cut_short_says_so_at_once(said: Path) -> None:
    [file] = said.glob("*.transcript")
    file.write_bytes(file.read_bytes()[:-100])
    [case] = check(replaying(said)[0])
    assert case.verdict is Verdict.COULD_NOT_RUN and "it is cut short" in case.stderr
    assert "it exited with status 1" in case.cells[-1].detail, "it did not wait for the time-out"


def test_a_replay_of_a_folder_that_does_not_say_what_was_asked(said: Path) -> None:
    with pytest.raises(UsageError, match=r"asked\.json: No such file or directory; which --case was it"):
        read_cases(said)
    (said / "asked.json").write_text('{"cases": {"x": {"sizes": [1]}}, "seeds": []}')
    with pytest.raises(UsageError, match=r"asked\.json: cases\.x: expected at least two sizes"):
        read_cases(said)


@pytest.fixture
def functions(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Path:
    """The folder of a recording of functions; beside it are the reference, and what the check then said."""
    monkeypatch.chdir(tmp_path)
    made_functions(tmp_path, WRONG)
    asked = ("--case", "center-n5-d4-float*", "--case", "slope-n5-float64", "--seeds", "0,2", "--record", "said")
    assert cli.main(["check", "--reference", "reference.py", "--port", "./mine", *asked], standalone_mode=False) == 1
    Path("then.txt").write_text(capsys.readouterr().out)
    return tmp_path / "said"


def test_functions_are_played_again_without_the_port(functions: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shutil.rmtree("mine")
    assert cli.main(["check", "--reference", "reference.py", "--replay", "said"], standalone_mode=False) == 1
    played = capsys.readouterr().out
    again = f"gradparity check --reference reference.py --replay {functions}"
    assert "smallest, center-" in played and again in played
    assert played == re.sub("gradparity check .*", again, Path("then.txt").read_text())


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('x="n", y="n"', 'x="n", y=positive("n")', r"not the reference .*: the inputs of slope-n5-float64, seed 0"),
        ("def slope", "def steepness", "not the reference that was recorded: it has no case slope-n5-float64"),
    ],
)
def test_another_reference_than_the_recorded_is_told(old: str, new: str, words: str, functions: Path) -> None:
    text = REFERENCE.replace("import function", "import function, positive")
    Path("reference.py").write_text(text)
    assert cli.main(["check", "--reference", "reference.py", "--replay", "said"], standalone_mode=False) == 1
    Path("reference.py").write_text(text.replace(old, new))
    with pytest.raises(UsageError, match=words):
        cli.main(["check", "--reference", "reference.py", "--replay", "said"], standalone_mode=False)


def test_what_a_changed_reference_asks_otherwise_is_told_by_its_byte(
    functions: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("reference.py").write_text(REFERENCE.replace("axis=0)", "axis=1, keepdims=True)"))  # as the port has it
    assert cli.main(["check", "--reference", "reference.py", "--replay", "said"], standalone_mode=False) == 3
    assert "is not the one that was recorded: other cases, options, reference or" in capsys.readouterr().out


def test_functions_are_not_played_without_their_reference_nor_a_network_with_one(once: Path, functions: Path) -> None:
    with pytest.raises(UsageError, match="functions were recorded there: give their file, too, as --reference FILE"):
        cli.main(["check", "--replay", str(functions)], standalone_mode=False)
    said = Path(shutil.copytree(once, "network"))
    note_cases(said, {SPEC.name: SPEC}, [0])
    with pytest.raises(UsageError, match="no functions were recorded there: leave out --reference"):
        cli.main(["check", "--reference", "reference.py", "--replay", str(said)], standalone_mode=False)
