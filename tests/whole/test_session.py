"""A port may do what it likes: the harness gets one clear outcome, with the end of its stderr, and no process stays."""

from __future__ import annotations

import re
import signal
import time
from contextlib import ExitStack
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from conftest import PATIENCE, MakePort, hasty, wait_until
from gradparity.cases import CaseSpec, draw
from gradparity.ports.pipes import STDERR_BYTES
from gradparity.ports.session import Failure, PortFailure, Session

FAULTS = {
    "exit": (Failure.EXITED, "exited with status 7"),
    "kill": (Failure.KILLED, "killed by SIGKILL"),
    "segfault": (Failure.KILLED, "killed by SIGSEGV"),
    "hang": (Failure.TIMED_OUT, "expected a reply within 1 s, came none"),
    "hang-with-child": (Failure.TIMED_OUT, "expected a reply within 1 s"),
    "drip": (Failure.TIMED_OUT, "expected a reply within 1 s"),
    "close": (Failure.GARBAGE, "closed its stdout"),
    "garbage": (Failure.GARBAGE, "came 'fault' at byte 13 of the line 'Segmentation fault (core dumped)"),
    "binary": (Failure.GARBAGE, "expected a line of UTF-8 text"),
    "endless-line": (Failure.GARBAGE, "without a newline"),
    "cut-line": (Failure.GARBAGE, "the end of the stream inside a line"),
    "truncated": (Failure.GARBAGE, "expected 160 bytes of an array, the stream ended after 8"),
    "not-npy": (Failure.GARBAGE, "array loss: expected an .npy record"),
    "bad-header": (Failure.GARBAGE, "array loss: not a valid .npy header"),
    "huge-header": (Failure.GARBAGE, "expected an .npy header of at most 4096 bytes, came one of 60000"),
    "terabyte": (Failure.GARBAGE, "came shape (1099511627776,)"),
    "exabyte": (Failure.GARBAGE, "expected at most"),
    "negative": (Failure.GARBAGE, "array loss"),
    "object": (Failure.GARBAGE, "expected dtype float64, float32, int32 or uint8"),
    "error": (Failure.ERROR, "ArithmeticError: it does\nnot add up"),
    "unsupported": (Failure.UNSUPPORTED, "no gradient yet"),
    "shape": (Failure.MISSHAPEN, "dW1: expected float64 (5, 4), came float64 (4, 5)"),
    "rank": (Failure.MISSHAPEN, "loss: expected float64 (), came float64 (1,)"),
    "dtype": (Failure.MISSHAPEN, "dW1: expected float64 (5, 4), came float32 (5, 4)"),
    "missing": (Failure.MISSHAPEN, "came loss, dW1, dW2, db2"),
    "order": (Failure.MISSHAPEN, "expected the arrays loss, dW1, db1, dW2, db2, came db2"),
}
IN_VAIN = {"hang", "hang-with-child", "drip", "close"}  # what is waited for never comes
EXPECT = {"loss": (), "dW1": (5, 4), "db1": (4,), "dW2": (4, 3), "db2": (3,)}


def ask_gradient(session: Session, spec: CaseSpec) -> dict[str, np.ndarray]:
    case = draw(spec, 0)
    session.request("load", case.fields, case.arrays)
    return session.request("gradient", expect={k: (s, np.float64) for k, s in EXPECT.items()}).arrays


@pytest.mark.parametrize("fault", FAULTS)
def test_each_fault_has_one_clear_outcome(fault: str, make_port: MakePort, small: CaseSpec) -> None:
    kind, words = FAULTS[fault]
    [runner] = make_port("faulty.py", fault).runners
    with ExitStack() as stack:
        if fault in IN_VAIN:
            stack.enter_context(hasty("fake"))
        session = stack.enter_context(Session(runner))
        with pytest.raises(PortFailure) as caught:
            ask_gradient(session, small)
        failure = caught.value
        assert failure.kind is kind
        assert words in failure.what
        assert (failure.label, failure.operation) == ("fake", "gradient")
        if kind not in (Failure.UNSUPPORTED, Failure.TIMED_OUT):  # its last words after a time-out: see below
            assert f"about to {fault}" in failure.stderr
        assert (session.process.poll() is not None) == failure.ends_session


def test_a_port_that_takes_too_long_says_where_it_was(
    make_port: MakePort, small: CaseSpec, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is interrupted before it is killed, also where interrupts are ignored, as in a background shell.

    Its time is up when it says that it hangs, and not before.
    """
    hangs = tmp_path / "hangs"
    clock = SimpleNamespace(monotonic=lambda: time.monotonic() + (1e6 if hangs.exists() else 0))
    monkeypatch.setattr("gradparity.ports.pipes.time", clock)
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        [runner] = make_port("faulty.py", "hang", str(hangs)).runners
        with Session(runner) as session, pytest.raises(PortFailure, match="expected a reply within 60 s") as caught:
            ask_gradient(session, small)
    finally:
        signal.signal(signal.SIGINT, before)
    assert re.search(
        r"about to hang\n.*faulty.py\", line \d+, in gradient\n.*KeyboardInterrupt", caught.value.stderr, re.S
    )


@pytest.mark.parametrize("fault", ["error", "unsupported", "shape", "dtype"])
def test_the_session_goes_on_after_a_fault_that_keeps_it_in_step(
    fault: str, make_port: MakePort, small: CaseSpec
) -> None:
    [runner] = make_port("faulty.py", fault).runners
    with Session(runner) as session:
        with pytest.raises(PortFailure):
            ask_gradient(session, small)
        assert session.request("predict", expect={"out": ((2, 3), np.float64)}).arrays["out"].shape == (2, 3)


@pytest.mark.parametrize(
    ("fault", "kind", "words"),
    [
        ("no-start", Failure.EXITED, "exited with status 1"),
        ("not-available", Failure.NOT_AVAILABLE, "no runtime here"),
        ("mute", Failure.TIMED_OUT, "expected a reply within 1 s"),
        ("no-hello", Failure.GARBAGE, "expected the field language"),
    ],
)
def test_a_port_that_does_not_start(fault: str, kind: Failure, words: str, make_port: MakePort) -> None:
    [runner] = make_port("faulty.py", fault).runners
    with hasty(), pytest.raises(PortFailure) as caught:  # its end is waited for in vain where interrupts are ignored
        Session(runner, hello_seconds=1 if fault == "mute" else PATIENCE)
    assert caught.value.kind is kind
    assert words in caught.value.what
    if fault == "no-start":
        assert "cannot find my library" in caught.value.stderr


def test_a_failure_has_no_more_words_than_can_be_read() -> None:
    assert len(PortFailure("fake", "gradient", Failure.ERROR, "x" * 60_000).what) < 3000


def test_the_condition_of_an_assertion_is_shown_whatever_is_said_after_it(make_port: MakePort, small: CaseSpec) -> None:
    [runner] = make_port("faulty.py", "aborts").runners
    with Session(runner) as session, pytest.raises(PortFailure, match="killed by SIGABRT") as caught:
        ask_gradient(session, small)
    stderr = caught.value.stderr
    assert stderr.startswith("about to aborts") and "Assertion `sum > 0' failed." in stderr
    assert stderr.endswith("#1 some frame\n\n") and len(stderr) <= STDERR_BYTES


def test_a_command_that_is_not_there(make_port: MakePort) -> None:
    port = make_port("faulty.py", "exit")
    spec = port.manifest.runner[0].model_copy(update={"command": ["no-such-program"]})
    runner = type(port.runners[0])(port, spec)
    with pytest.raises(PortFailure, match="cannot run no-such-program: No such file"):
        Session(runner)


def test_a_required_program_that_is_not_there_is_not_available(make_port: MakePort) -> None:
    port = make_port("faulty.py", "exit")
    spec = port.manifest.runner[0].model_copy(update={"requires": ["no-such-program"]})
    with pytest.raises(PortFailure, match="no-such-program is not on PATH") as caught:
        Session(type(port.runners[0])(port, spec))
    assert caught.value.kind is Failure.NOT_AVAILABLE


def test_what_the_port_prints_is_no_part_of_the_protocol(make_port: MakePort, small: CaseSpec) -> None:
    [runner] = make_port("faulty.py", "chatter").runners
    with Session(runner) as session:
        assert ask_gradient(session, small)["dW1"].shape == (5, 4)
        wait_until(lambda: "noise" in session.stderr(), "what it printed")
        assert len(session.stderr()) <= STDERR_BYTES


def test_a_port_that_does_not_read_does_not_block_the_harness(make_port: MakePort) -> None:
    [runner] = make_port("deaf.py").runners
    big = np.zeros((3000, 1000))
    # Its end is waited for in vain, too, where interrupts are ignored.
    with hasty(), Session(runner) as session, pytest.raises(PortFailure, match="expected a reply within 1 s"):
        session.request("layer", {"kind": "relu"}, {"x": big, "dout": big}, seconds=1)


def test_a_closed_session_has_exited_by_itself(make_port: MakePort) -> None:
    [runner] = make_port("faulty.py", "exit").runners
    with Session(runner) as session:
        pass
    assert session.process.returncode == 0
