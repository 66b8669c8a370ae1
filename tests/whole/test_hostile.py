"""Ports that mean harm, checked together: each has one clear outcome, in bounded memory, and no child stays.

What they do is in tests/fakes/hostile.py. The honest port beside them keeps its verdict. That the check ends at all
proves that nobody is waited for without end.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import chdir, suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import psutil
import pytest
from conftest import MakePort, fake_port, hasty, wait_until
from gradparity.arithmetic.verdicts import Verdict
from gradparity.bench.conditions import peak
from gradparity.cases import CaseSpec, draw
from gradparity.check.options import Options
from gradparity.check.records import CaseResult
from gradparity.check.run import run_check
from gradparity.ports.info import RunnerInfo, State
from gradparity.ports.manifest import select_runners
from gradparity.ports.session import Failure, PortFailure, Session

LIMIT_BYTES = 32 << 20  # of the harness's own memory, for all of them together
PEAK = Path("/proc/self/clear_refs")

BROKEN = {
    "never-answers": "expected a reply within 1 s, came none",
    "drips-a-line": "expected a reply within 1 s, came none",
    "drips-an-array": "expected a reply within 1 s, came none",
    "floods-stdout": "came 65536 bytes without a newline",
    "floods-stdout-after-the-reply": "and another thing",
    "floods-stderr-and-never-answers": "expected a reply within 1 s, came none",
    "prints-before-it-answers": "came '1:' ",
    "claims-2^60": "came shape (1152921504606846976,) of float64",
    "leaves-children-and-hangs": "expected a reply within 1 s, came none",
    "leaves-children-and-exits": "it exited with status 3",
    "closes-stdout": "it closed its stdout and went on running",
    "answers-twice": "expected nothing before the request, came b",
    "stops": "expected a reply within 1 s, came none",
    "dies-of-a-nameless-signal": "it was killed by signal 37",
    "ignores-every-signal": "expected a reply within 1 s, came none",
    "exits-while-a-request-is-written": "it exited with status 5",
}
IN_VAIN = [  # what is waited for never comes: the answer, or the end of the process
    *(name for name, words in BROKEN.items() if "within 1 s" in words),
    "closes-stdout",
    "stays-when-stdin-closes",
]
WRONG = {"answers-something-else": "expected the arrays loss, dW1, db1, dW2, db2, came out"}
RIGHT = [
    "floods-stderr-and-answers",
    "leaves-children-and-answers",
    "takes-memory",
    "writes-files",
    "stays-when-stdin-closes",
    "steers-the-terminal",
]
NO_START = {
    "floods-stdout-at-the-start": "and another thing",
    "is-nan": "expected epsilon=any or a number from 0 to 1, came 'nan'",
    "has-a-long-name": "expected a line of at most 65536 bytes, came 65536 bytes without a newline",
}


@dataclass
class Zoo:
    """What became of the checks."""

    folder: Path
    token: str  # in the command line of each fake and of its children
    infos: dict[str, RunnerInfo]
    results: dict[str, CaseResult]
    honest: list[CaseResult]
    new_files: set[str]  # in the working folder
    growth: int | None  # of the harness's memory, at most; None where the system does not tell


@pytest.fixture(scope="module")
def zoo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Zoo]:
    """All of them, and the reference beside them, on one small case."""
    folder, token = tmp_path_factory.mktemp("zoo"), secrets.token_hex(8)
    names = [*BROKEN, *WRONG, *RIGHT, *NO_START]
    fakes = {name: fake_port(folder, "hostile.py", name, token, name=name.replace("^", "-")) for name in names}
    [python] = select_runners(("python",))
    spec = CaseSpec(sizes=(5, 4, 3), batch=2)

    def check(*names: str) -> tuple[dict[str, RunnerInfo], dict[str, CaseResult]]:
        runners = {name: fakes[name].runners[0] for name in names} | {"python": python}
        infos, results, _ = run_check([*runners.values()], {spec.name: spec}, [0], Options(), lambda _: None)
        of = {result.runner: result for result in results}
        cases = {name: of[runner.label] for name, runner in runners.items() if runner.label in of}
        return dict(zip(runners, infos, strict=True)), cases

    check()  # what the first check imports and computes
    before = start_of_peak()
    with chdir(tmp_path_factory.mktemp("here")):
        infos, cases = check(*(name for name in names if name not in IN_VAIN))
        with hasty(*(fakes[name].manifest.name for name in IN_VAIN)):
            more_infos, more_cases = check(*IN_VAIN)
        new = set(os.listdir())
    growth = None if before is None else (peak(os.getpid())[0] or 0) - before
    honest = [cases.pop("python"), more_cases.pop("python")]
    yield Zoo(folder, token, infos | more_infos, cases | more_cases, honest, new, growth)
    for process in with_token(token):  # lest a failed test leave them
        with suppress(psutil.Error):
            process.kill()


def start_of_peak() -> int | None:
    """Forget the most memory that this process ever had; what it has now. None where the system cannot."""
    with suppress(OSError):
        PEAK.write_text("5")
        return psutil.Process().memory_info().rss
    return None


def with_token(token: str) -> list[psutil.Process]:
    """The processes that live and have this in their command line."""
    found = []
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            if token in process.cmdline() and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
    return found


@pytest.mark.parametrize("name", BROKEN)
def test_a_port_that_breaks_the_protocol_could_not_run(name: str, zoo: Zoo) -> None:
    result = zoo.results[name]
    assert result.verdict is Verdict.COULD_NOT_RUN
    assert BROKEN[name] in next(c.detail for c in result.cells if c.verdict is Verdict.COULD_NOT_RUN)


@pytest.mark.parametrize("name", WRONG)
def test_an_answer_to_something_else_is_wrong(name: str, zoo: Zoo) -> None:
    assert zoo.results[name].verdict is Verdict.WRONG
    assert any(WRONG[name] in cell.detail for cell in zoo.results[name].cells)


@pytest.mark.parametrize("name", RIGHT)
def test_what_is_no_matter_of_the_protocol_does_not_change_the_verdict(name: str, zoo: Zoo) -> None:
    assert zoo.results[name].verdict is Verdict.IDENTICAL


@pytest.mark.parametrize("name", NO_START)
def test_a_port_that_says_no_sensible_hello_does_not_start(name: str, zoo: Zoo) -> None:
    info = zoo.infos[name]
    assert info.state is State.FAILED
    assert NO_START[name] in info.reason


def test_the_other_port_keeps_its_verdict(zoo: Zoo) -> None:
    assert [result.verdict for result in zoo.honest] == [Verdict.IDENTICAL] * 2


def test_no_process_is_left(zoo: Zoo) -> None:
    assert with_token(zoo.token) == []


def test_the_memory_of_the_harness_stays_bounded(zoo: Zoo) -> None:
    if zoo.growth is None:
        pytest.skip("this system does not tell the peak of a process's memory anew")
    assert zoo.growth < LIMIT_BYTES


def test_a_port_writes_in_its_own_folder_and_the_harness_nowhere(zoo: Zoo) -> None:
    assert zoo.new_files == set()
    written = {str(path.relative_to(zoo.folder)) for path in zoo.folder.rglob("*") if path.name != "port.toml"}
    assert {path for path in written if "/" in path} == {"writes-files/droppings"}


def test_a_port_that_exits_in_the_middle_of_a_large_request(make_port: MakePort) -> None:
    [runner] = make_port("hostile.py", "exits-while-a-request-is-written").runners
    big = np.zeros((3000, 1000))
    with Session(runner) as session, pytest.raises(PortFailure, match="exited with status 5") as caught:
        session.request("layer", {"kind": "relu"}, {"x": big, "dout": big})
    assert caught.value.kind is Failure.EXITED


def test_the_children_of_a_session_are_gone_when_it_is_closed(make_port: MakePort, small: CaseSpec) -> None:
    token = secrets.token_hex(8)
    [runner] = make_port("hostile.py", "leaves-children-and-answers", token).runners
    case = draw(small, 0)
    session = Session(runner)
    session.request("load", case.fields, case.arrays)
    with pytest.raises(PortFailure, match="expected the arrays none, came loss"):
        session.request("gradient")
    wait_until(lambda: len(with_token(token)) == 7, "the port and its six children")
    session.close()
    assert with_token(token) == []
