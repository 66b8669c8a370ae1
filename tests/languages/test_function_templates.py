"""The templates for functions, filled in: tests/solutions/functions has each language's one file as a user writes it.

That these agree proves the plumbing: any number of dimensions in both orders, integers, booleans, numbers and empty
arrays, both dtypes, every operation.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from conftest import PATIENCE, required
from gradparity.arithmetic.verdicts import Verdict
from gradparity.check.options import Options
from gradparity.check.question import decidable
from gradparity.check.records import CaseResult
from gradparity.check.run import run_check
from gradparity.ports.building import build_ports
from gradparity.ports.info import RunnerInfo, State
from gradparity.ports.manifest import Port
from gradparity.ports.session import Failure, PortFailure, Session
from made_function_ports import BOTH, LANGUAGES, SINGLE, cases, filled_in, fresh

OTHERS = ["c-float32", "rust-float32"]  # the switch; that all have it is seen in test_new.py
FILLED = [*LANGUAGES, *OTHERS]
assert {name.removesuffix("-float32") for name in OTHERS} <= set(SINGLE)
Found = tuple[dict[str, RunnerInfo], list[CaseResult], dict[str, Port]]


@pytest.fixture(scope="module")
def checked(tmp_path_factory: pytest.TempPathFactory) -> Found:
    """All of them, filled in, in one check."""
    folder = tmp_path_factory.mktemp("filled")
    ports = {name: filled_in(name, folder / name) for name in FILLED}
    specs, _ = decidable(cases(), [0], 1)
    options = Options(seconds=PATIENCE, hello_seconds=PATIENCE)
    infos, results, _ = run_check([port.runners[0] for port in ports.values()], specs, [0], options, lambda news: None)
    return {info.runner: info for info in infos}, results, ports


@pytest.fixture(scope="module")
def unwritten(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Session]]:
    """A session with each, as it is made."""
    folder = tmp_path_factory.mktemp("fresh")
    runners = {name: fresh(name, folder / name).runners[0] for name in LANGUAGES}
    build_ports([runner for runner in runners.values() if not runner.lacking])
    sessions: dict[str, Session] = {}
    for name, runner in runners.items():
        if not runner.lacking:
            sessions[name] = Session(runner, seconds=PATIENCE, hello_seconds=PATIENCE)
    yield sessions
    for session in sessions.values():
        session.close()


def demand(name: str, checked: Found) -> None:
    """Skip where the toolchain is not here."""
    info = checked[0][name]
    if info.state is State.NOT_AVAILABLE and not required():
        pytest.skip(f"{name}: {info.reason}")
    assert info.state is State.READY, f"{info.reason}\n{info.stderr}\n{info.hint}"


@pytest.mark.parametrize("name", FILLED)
def test_filled_in_it_agrees(name: str, checked: Found) -> None:
    demand(name, checked)
    dtypes = {"float64", "float32"} if name in BOTH else {"float32"} if "-float32" in name else {"float64"}
    own = [result for result in checked[1] if result.runner == name]
    assert {result.function for result in own} == {"ridge", "outer3", "pick"}
    for result in own:
        if result.dtype not in dtypes:
            assert {cell.verdict for cell in result.cells} == {Verdict.NOT_IMPLEMENTED}
            continue
        wrong = [f"{cell.array}: {cell.verdict}: {cell.detail}" for cell in result.cells if not cell.verdict.passes]
        assert not wrong, "\n".join([result.case, *wrong, result.stderr])
        assert max(cell.ratio or 0 for cell in result.cells) < 0.6, result.case


@pytest.mark.parametrize("name", LANGUAGES)
def test_a_stub_that_is_not_written_says_so(name: str, unwritten: dict[str, Session]) -> None:
    if name not in unwritten:
        pytest.skip(f"{name}: its toolchain is not here")
    session = unwritten[name]
    assert session.hello.functions == {"ridge", "outer3", "pick"}
    for function, said in (("ridge", "ridge is not written yet"), ("nothing", "nothing")):
        one = {"X": np.ones((2, 2)), "y": np.ones(2), "penalty": np.ones(())}
        with pytest.raises(PortFailure) as caught:
            session.request("call", {"function": function}, one)
        assert caught.value.kind is Failure.UNSUPPORTED
        assert said in caught.value.what


@pytest.mark.parametrize("name", FILLED[:-2])
def test_it_is_timed_by_its_own_clock(name: str, checked: Found) -> None:
    demand(name, checked)
    arrays: dict[str, Any] = {"a": np.ones(2), "b": np.ones(3), "c": np.ones(4)}
    with Session(checked[2][name].runners[0], seconds=PATIENCE, hello_seconds=PATIENCE) as session:
        asked = {"operation": "call", "function": "outer3", "calls": "2", "samples": "3"}
        took = session.request("time", asked, arrays, {"nanoseconds": ((3,), "float64")}).arrays["nanoseconds"]
        nothing = {"operation": "null", "calls": "2", "samples": "3"}
        session.request("time", nothing, {}, {"nanoseconds": ((3,), "float64")})
    assert (took > 0).all()
