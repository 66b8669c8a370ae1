"""What a runner that does not start says: its hint where that may help, and nothing of an interrupt's doing."""

from __future__ import annotations

import pytest
from conftest import MakePort
from gradparity.ports.info import RunnerInfo, State
from gradparity.ports.manifest import Runner
from gradparity.ports.session import Session
from gradparity.ports.start import start


def started(port: MakePort, *script: str, command: str = "", more: str = "") -> RunnerInfo:
    [runner] = port(*(script or ("wrong.py", "nothing")), more=more).runners
    if command:
        runner = Runner(runner.port, runner.spec.model_copy(update={"command": ["sh", "-c", command]}))
    info, session = start(runner, lambda: Session(runner))
    assert session is None
    return info


def building(command: str) -> str:
    return f'[build]\ncommand = ["sh", "-c", "{command}"]'


def test_the_hint_is_given_where_something_may_be_missing(make_port: MakePort) -> None:
    assert started(make_port, "faulty.py", "not-available").hint == "a fake"
    assert started(make_port, more='[build]\ncommand = ["no-such-compiler"]').hint == "a fake"
    perhaps = "if something is missing: a fake"
    assert started(make_port, more=building("no-such-compiler x.c")).hint == perhaps
    assert started(make_port, command="exec no-such-program").hint == perhaps
    with_setup = '[setup]\ncommand = ["true"]\n'
    assert started(make_port, more=with_setup + building("exit 1")).hint == perhaps, "its setup may not have run"


@pytest.mark.parametrize("how", [{"more": building("echo error; exit 1")}, {"command": "echo no hello; cat"}])
def test_a_mistake_in_the_port_is_no_reason_to_install_something(how: dict[str, str], make_port: MakePort) -> None:
    info = started(make_port, **how)
    assert (info.state, info.hint) == (State.FAILED, "") and info.reason


def test_a_build_that_was_interrupted_says_that_alone(make_port: MakePort) -> None:
    info = started(make_port, more=building("kill -INT $$; sleep 9"))
    assert (info.reason, info.hint, info.stderr) == ("interrupted", "", "")
