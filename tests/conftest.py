"""What the tests share: the runners of this machine, fake ports, and the data."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest
from gradparity.cases import CaseSpec
from gradparity.data import find_mnist, load_mnist
from gradparity.errors import DataMissing
from gradparity.ports.build import StepFailed, ensure_built
from gradparity.ports.manifest import Port, Runner, own_ports, read_port
from gradparity.ports.session import Failure, PortFailure, Session
from hypothesis import settings

pytest_plugins = ["pytester"]

FAKES = Path(__file__).parent / "fakes"
RUNNERS = {runner.label: runner for port in own_ports() for runner in port.runners}

# The same examples in every run, so that a failure on one machine is a failure on all.
settings.register_profile("gradparity", derandomize=True, deadline=None, print_blob=True)
settings.load_profile("gradparity")


def required() -> bool:
    """Whether a language that is not here is a failure (CI) and no reason to skip."""
    return bool(os.environ.get("GRADPARITY_REQUIRE"))


class Sessions:
    """One running session per runner, started when it is first asked for; each reason for having none is kept."""

    def __init__(self) -> None:
        self.running: dict[str, Session] = {}
        self.absent: dict[str, PortFailure | StepFailed] = {}

    def get(self, label: str) -> Session:
        """The session; skips the test where the runtime is not here, fails it where it is required or broken."""
        runner = RUNNERS[label]
        if label not in self.running and label not in self.absent:
            try:
                if not runner.lacking:
                    ensure_built(runner.port)
                self.running[label] = Session(runner)
            except (PortFailure, StepFailed) as failure:
                self.absent[label] = failure
        if label in self.absent:
            self._absent(runner, self.absent[label])
        if self.running[label].process.poll() is not None:
            self.running[label] = Session(runner)
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
def small() -> CaseSpec:
    """The smallest sensible case."""
    return CaseSpec(sizes=(5, 4, 3), batch=2, numerical=True)


__all__ = ["FAKES", "RUNNERS", "MakePort", "Sessions", "fake_port"]
