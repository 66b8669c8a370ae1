"""A command builds its ports before it starts any: side by side, once each, and not without a word."""

from __future__ import annotations

import fcntl
import io
import json
import os
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import psutil
import pytest
from conftest import FAKES
from gradparity.check.options import Options
from gradparity.check.run import run_check
from gradparity.cli import cli, main
from gradparity.ports import building
from gradparity.ports.build import StepFailed, ensure_built
from gradparity.ports.building import Lines, build_ports, display_on
from gradparity.ports.info import State
from gradparity.ports.manifest import Port, Runner, read_port, select_runners
from rich.console import Console

CASE = "random-9-6-4-relu-n7-float64"


@pytest.fixture
def make(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Port]:
    """make("a", script): a port with this build, which notes in built.txt that it ran; two builds at a time."""
    monkeypatch.setattr(os, "cpu_count", lambda: 2)

    def made(name: str, script: str = "true", inputs: str = "") -> Port:
        (tmp_path / name).mkdir()
        build = ["sh", "-c", f"echo ran >> built.txt; {script}"]
        (tmp_path / name / "port.toml").write_text(
            f'name = "{name}"\nlanguage = "sh"\nhint = "get one"\n'
            f"[build]\ncommand = {json.dumps(build)}\ninputs = [{inputs}]\n"
            + "".join(
                f'[[runner]]\nname = "{runner}"\ncommand = ["{sys.executable}", "{FAKES / "wrong.py"}", "none"]\n'
                for runner in ("one", "two")
            )
        )
        return read_port(tmp_path / name)

    return made


@pytest.fixture
def interrupt(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[], object]], None]:
    """interrupt(after): an interrupt comes while the builds are waited for, once ``after`` has returned."""

    def interrupt(after: Callable[[], object]) -> None:
        def interrupted(_: object) -> None:
            after()
            raise KeyboardInterrupt

        monkeypatch.setattr(building, "wait", interrupted)

    return interrupt


class Heard(Lines):
    """What is said, and what is done about it."""

    def __init__(self, react: Callable[[str], object] = lambda what: None) -> None:
        self.lines: list[str] = []
        self.react = react
        super().__init__(self._hear)

    def _hear(self, what: str) -> None:
        self.lines.append(what)
        self.react(what)


def runners(*ports: Port) -> list[Runner]:
    return [runner for port in ports for runner in port.runners]


def builds(port: Port) -> int:
    path = port.folder / "built.txt"
    return path.read_text().count("ran") if path.exists() else 0


def running_in(folder: Path) -> list[psutil.Process]:
    found = []
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            if Path(process.cwd()).is_relative_to(folder):
                found.append(process)
    return found


def test_ports_are_built_side_by_side(make: Callable[..., Port]) -> None:
    """Each build waits for the other one."""
    wait = "touch here; for _ in $(seq 600); do test -e ../{}/here && exit 0; sleep 0.1; done; exit 1"
    ports = [make(name, wait.format(other)) for name, other in ("ab", "ba")]
    build_ports(runners(*ports), Heard())
    assert [ensure_built(port) for port in ports] == [True, True], "neither has waited in vain"


def test_a_port_is_built_once_for_all_its_runners_and_sessions(make: Callable[..., Port]) -> None:
    port = make("mine")
    named = select_runners((f"{port.folder}:one", f"{port.folder}:two"))
    build_ports(named, Heard())
    build_ports(named, Heard())
    infos, _, _ = run_check(named, {}, [0], Options(), lambda _: None)
    assert [info.state for info in infos] == [State.READY] * 2
    assert builds(port) == 1


def test_without_a_terminal_its_begin_and_its_end_are_a_line_each(make: Callable[..., Port]) -> None:
    heard, times = Heard(), iter([100.0, 131.04])
    build_ports(runners(make("mine")), heard, lambda: next(times))
    assert heard.lines == ["building mine: sh -c echo ran >> built.txt; true", "built mine in 31.0 s"]


def test_nothing_is_said_of_a_port_that_needs_no_build(make: Callable[..., Port]) -> None:
    port = make("mine", inputs='"port.toml"')
    build_ports(port.runners, Heard())
    heard = Heard()
    build_ports(read_port(port.folder).runners, heard)
    assert (heard.lines, builds(port)) == ([], 1)


def test_a_port_whose_programs_are_lacking_is_not_built(make: Callable[..., Port]) -> None:
    port, heard = make("mine"), Heard()
    build_ports([Runner(port, port.runners[0].spec.model_copy(update={"requires": ["no-such-program"]}))], heard)
    assert (heard.lines, builds(port)) == ([], 0)


def test_a_terminal_has_a_row_for_each_port_while_it_is_built(make: Callable[..., Port]) -> None:
    console = Console(file=io.StringIO(), force_terminal=True, width=40)
    with display_on(console) as display:
        build_ports(runners(make("mine"), make("red", "exit 1; echo [bold]")), display)
    assert isinstance(console.file, io.StringIO)
    shown = console.file.getvalue()
    assert "building mine: sh -c" in shown and "building red: sh -c" in shown
    assert "built mine" not in shown and "\x1b[2K" in shown, "the rows go"


def test_a_terminal_shows_nothing_if_nothing_is_built(make: Callable[..., Port]) -> None:
    console = Console(file=io.StringIO(), force_terminal=True)
    port = make("mine", inputs='"port.toml"')
    ensure_built(port)
    with display_on(console) as display:
        build_ports(read_port(port.folder).runners, display)
    assert isinstance(console.file, io.StringIO) and console.file.getvalue() == ""


def test_a_build_that_fails_is_tried_once_and_the_others_go_on(make: Callable[..., Port]) -> None:
    good, bad, heard = make("good"), make("bad", "echo no compiler >&2; exit 4"), Heard()
    build_ports(runners(good, bad), heard)
    assert "could not build bad" in heard.lines and any(line.startswith("built good in") for line in heard.lines)
    infos, _, _ = run_check(runners(good, bad), {}, [0], Options(), lambda _: None)
    assert [info.state for info in infos] == [State.READY] * 2 + [State.FAILED] * 2
    assert infos[2].reason.endswith("ended with status 4") and infos[2].stderr == "no compiler"
    assert builds(bad) == 1


def test_a_failure_is_told_once_and_never_in_json(
    make: Callable[..., Port], capsys: pytest.CaptureFixture[str]
) -> None:
    port = make("bad", "echo no compiler; exit 4")
    assert cli.main(["doctor", "--port", str(port.folder), "--json"], standalone_mode=False) == 3
    said = capsys.readouterr()
    assert [runner["stderr"] for runner in json.loads(said.out)["runners"]] == ["no compiler"] * 2
    assert [line.split(":")[0] for line in said.err.splitlines()] == ["building bad", "could not build bad"]


def test_setup_builds_what_could_be_set_up_and_says_what_could_not(
    make: Callable[..., Port], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    good, bad, lacking = make("good"), make("bad", "echo no compiler; exit 4"), make("lacking")
    with (lacking.folder / "port.toml").open("a") as file:
        file.write('[setup]\ncommand = ["false"]\n')
    lacking = read_port(lacking.folder)
    monkeypatch.setattr("gradparity.commands.setup.own_ports", lambda: [good, bad, lacking])
    assert cli.main(["setup"], standalone_mode=False) == 3
    said = capsys.readouterr().err
    assert "lacking: setup: `false` ended with status 1\n  get one\n" in said
    assert "ended with status 4\nno compiler\n  get one\n" in said and "built good in" in said
    assert [builds(port) for port in (good, bad, lacking)] == [1, 1, 0]


def test_an_interrupt_ends_all_builds(
    make: Callable[..., Port], interrupt: Callable[[Callable[[], object]], None]
) -> None:
    """They are asked to end, as a compiler then removes what is half done; their children, too."""
    script = "trap 'rm half; exit 1' TERM; touch half; (sleep 600; true) & touch ready; wait"
    ports = [make(name, script) for name in "ab"]
    third = make("c")
    interrupt(lambda: wait_for(*(port.folder / "ready" for port in ports)))
    with pytest.raises(KeyboardInterrupt):
        build_ports(runners(*ports, third), Heard())
    assert not any((port.folder / "half").exists() for port in ports)
    assert running_in(ports[0].folder.parent) == []
    assert builds(third) == 0, "what had not begun never does"


def wait_for(*paths: Path) -> None:
    for _ in range(6000):
        if all(path.exists() for path in paths):
            break
        time.sleep(0.01)


@pytest.mark.parametrize("command", ["check", "bench", "train", "doctor"])
def test_an_interrupt_while_ports_are_built_is_one_line(
    command: str, make: Callable[..., Port], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    place = "commands" if command == "doctor" else command
    monkeypatch.setattr(f"gradparity.{place}.{command}.build_ports", interrupted)
    monkeypatch.setattr(sys, "argv", ["gradparity", command, "--port", str(make("mine").folder)])
    with pytest.raises(SystemExit) as ended:
        main()
    said = capsys.readouterr()
    assert (ended.value.code, said.out, said.err.strip()) == (130, "", "gradparity: interrupted")


def test_another_commands_build_is_waited_for_and_said(make: Callable[..., Port]) -> None:
    port = make("mine")
    with (port.folder / "port.toml").open() as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        heard = Heard(lambda what: fcntl.flock(other, fcntl.LOCK_UN))
        build_ports(port.runners, heard)
    assert heard.lines[0] == "waiting for another command that builds mine"
    assert heard.lines[1].startswith("building mine: ") and len(heard.lines) == 3


def test_an_interrupt_ends_the_wait_for_another_command(
    make: Callable[..., Port], interrupt: Callable[[Callable[[], object]], None]
) -> None:
    port, waits = make("mine"), threading.Event()
    interrupt(lambda: waits.wait(60))
    with (port.folder / "port.toml").open() as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        with pytest.raises(KeyboardInterrupt):
            build_ports(port.runners, Heard(lambda what: waits.set()))
    assert builds(port) == 0


def test_a_command_that_is_not_there_is_said_once(make: Callable[..., Port]) -> None:
    port, heard = make("mine"), Heard()
    assert port.manifest.build
    build = port.manifest.build.model_copy(update={"command": ["no-such-compiler"]})
    port = Port(port.folder, port.manifest.model_copy(update={"build": build}))
    build_ports(port.runners, heard)
    assert heard.lines == []
    with pytest.raises(StepFailed, match="cannot run no-such-compiler"):
        ensure_built(port)
