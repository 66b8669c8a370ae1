"""What the tests share: the runners of this machine, fake ports, and the data."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from gradparity.cases import CaseSpec
from gradparity.cli import main
from gradparity.data import find_mnist, load_mnist
from gradparity.errors import DataMissing
from gradparity.ports.build import StepFailed, ensure_built
from gradparity.ports.manifest import Port, Runner, own_ports, read_port
from gradparity.ports.session import Failure, PortFailure, Session
from hypothesis import settings
from threadpoolctl import threadpool_limits
from tiers import demand_free, pytest_collection_modifyitems, pytest_runtest_setup

pytest_plugins = ["pytester"]

FAKES = Path(__file__).parent / "fakes"
PATIENCE = 600.0  # seconds for whatever must happen: only a hang takes so long, however busy the machine is
RUNNERS = {runner.label: runner for port in own_ports() for runner in port.runners}

# The same examples in every run, so that a failure on one machine is a failure on all.
settings.register_profile("gradparity", derandomize=True, deadline=None, print_blob=True)
settings.register_profile("quick", settings.get_profile("gradparity"), max_examples=10)
settings.load_profile("gradparity")


def required() -> bool:
    """Whether a language that is not here is a failure (CI) and no reason to skip."""
    return bool(os.environ.get("GRADPARITY_REQUIRE"))


def wait_until(condition: Callable[[], object], what: str) -> None:
    """Wait until it holds. A test that depends on what another process does waits for that, and not for a time."""
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, f"expected {what}"
        time.sleep(0.02)


@pytest.fixture(scope="session", autouse=True)
def _patience() -> Iterator[None]:
    """Nothing that ends, or answers, is given up earlier than that. What must be waited for in vain is ``hasty``."""
    with pytest.MonkeyPatch.context() as patch:
        for limit in ("session.GRACE_SECONDS", "session.WORDS_SECONDS", "family.END_SECONDS"):
            patch.setattr(f"gradparity.ports.{limit}", PATIENCE)
        patch.setattr("gradparity.bench.blas.SECONDS", PATIENCE)
        patch.setattr("gradparity.meta.soak.SHRINK_SECONDS", PATIENCE)
        yield


@pytest.fixture(scope="session", autouse=True)
def _one_thread() -> Iterator[None]:
    """As in a check: the matrices are small, and threads that wait for one another take the other worker's core."""
    with threadpool_limits(1):
        yield


@pytest.fixture(autouse=True)
def _fewer_resamples(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """In the tests of reports: no word of a report hangs on the last digit of an interval."""
    if Path(__file__).parent / "report" in request.path.parents:
        monkeypatch.setattr("gradparity.bench.statistics.RESAMPLES", 200)


@contextmanager
def hasty(*labels: str) -> Iterator[None]:
    """The gradient of these ports, which never comes, is waited for a second; for everything else there is time.

    So is the end of a process that does not end.
    """
    request = Session.request

    def hasty_request(self: Session, operation: str, *rest: Any, **others: Any) -> Any:
        if self.label in labels and operation == "gradient":
            others["seconds"] = 1
        return request(self, operation, *rest, **others)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Session, "request", hasty_request)
        patch.setattr("gradparity.ports.session.GRACE_SECONDS", 0.2)
        patch.setattr("gradparity.ports.session.WORDS_SECONDS", 0.2)
        yield


class Sessions:
    """One running session per runner, started when it is first asked for; each reason for having none is kept."""

    def __init__(self) -> None:
        self.running: dict[str, Session] = {}
        self.absent: dict[str, PortFailure | StepFailed] = {}

    def get(self, label: str) -> Session:
        """The session; skips the test where the runtime is not here, fails it where it is required or broken."""
        runner = RUNNERS[label]
        if label != "python":
            demand_free(label)
        if label not in self.running and label not in self.absent:
            try:
                if not runner.lacking:
                    ensure_built(runner.port)
                self.running[label] = Session(runner, seconds=PATIENCE, hello_seconds=PATIENCE)
            except (PortFailure, StepFailed) as failure:
                self.absent[label] = failure
        if label in self.absent:
            self._absent(runner, self.absent[label])
        if self.running[label].process.poll() is not None:
            self.running[label] = Session(runner, seconds=PATIENCE, hello_seconds=PATIENCE)
        return self.running[label]

    def _absent(self, runner: Runner, failure: PortFailure | StepFailed) -> None:
        reason = f"{runner.label}: {failure.what}"
        if not isinstance(failure, PortFailure) or failure.kind is not Failure.NOT_AVAILABLE:
            pytest.fail(f"{reason}\n{getattr(failure, 'stderr', '')}")
        others = [other.label for other in runner.port.runners if other.label != runner.label]
        if required() and not others:
            pytest.fail(f"{reason}, and GRADPARITY_REQUIRE is set; {runner.port.manifest.hint}")
        if required() and runner is not runner.port.runners[0]:
            self.get(others[0])
        pytest.skip(reason)


@pytest.fixture(scope="session")
def sessions() -> Iterator[Sessions]:
    """The running sessions."""
    pool = Sessions()
    yield pool
    for session in pool.running.values():
        session.close()


@pytest.fixture(scope="session")
def data_dir() -> Path | None:
    """The folder with MNIST, if one was named."""
    return find_mnist()


@pytest.fixture(scope="session")
def have_mnist(data_dir: Path | None) -> bool:
    """Whether MNIST can be had."""
    try:
        load_mnist("test", data_dir)
    except DataMissing:
        return False
    return True


@dataclass(frozen=True)
class Done:
    """What a command has done."""

    returncode: int
    stdout: str
    stderr: str


Gradparity = Callable[..., Done]


@pytest.fixture
def gradparity(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Gradparity:
    """gradparity("check", "--port", "rust"): the whole command, in this process. An exception fails the test."""

    def run(*arguments: str | Path) -> Done:
        monkeypatch.setattr(sys, "argv", ["gradparity", *map(str, arguments)])
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main()
        assert isinstance(ended.value.code, int)
        return Done(ended.value.code, *capsys.readouterr())

    return run


MakePort = Callable[..., Port]


def fake_port(folder: Path, script: str, *arguments: str, name: str = "fake", more: str = "") -> Port:
    """A port in this folder that runs tests/fakes/SCRIPT with these arguments."""
    (folder / name).mkdir(exist_ok=True)
    command = ["{python}", str(FAKES / script), *arguments]
    (folder / name / "port.toml").write_text(
        f'name = "{name}"\nlanguage = "Python"\nhint = "a fake"\n{more}\n'
        f'[[runner]]\nname = "native"\ncommand = {command!r}\n'
    )
    return read_port(folder / name)


@pytest.fixture
def make_port(tmp_path: Path) -> MakePort:
    """make_port("faulty.py", "hang"): a port that runs tests/fakes/faulty.py with that argument."""
    return partial(fake_port, tmp_path)


@pytest.fixture
def scripted(make_port: MakePort, monkeypatch: pytest.MonkeyPatch) -> None:
    """In a benchmark the reference is a fake whose clock follows a script: it takes 0.1 ms for everything."""
    reference = make_port("clock.py", "even", name="python")
    monkeypatch.setattr("gradparity.bench.beside.own_ports", lambda: [reference])


@pytest.fixture
def small() -> CaseSpec:
    """The smallest sensible case."""
    return CaseSpec(sizes=(5, 4, 3), batch=2, numerical=True)


__all__ = [
    "FAKES",
    "PATIENCE",
    "RUNNERS",
    "Gradparity",
    "MakePort",
    "Sessions",
    "fake_port",
    "hasty",
    "pytest_collection_modifyitems",
    "pytest_runtest_setup",
    "wait_until",
]
