"""What the benchmarks share: a session of each runner that is here, and the machine in pytest-benchmark's JSON."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from gradparity.bench.blas import loaded_blas
from gradparity.bench.conditions import bound_to, cores_for, load_average
from gradparity.machine import this_machine
from gradparity.ports.build import StepFailed, ensure_built
from gradparity.ports.manifest import own_ports
from gradparity.ports.session import PortFailure, Session

RUNNERS = {runner.label: runner for port in own_ports() for runner in port.runners}


@pytest.fixture(scope="module", params=RUNNERS)
def session(request: pytest.FixtureRequest) -> Iterator[Session]:
    """A running session of each runner that is here, on one thread, bound to a core where that can be."""
    runner = RUNNERS[request.param]
    try:
        ensure_built(runner.port)
        with bound_to(cores_for(1)[0]), Session(runner) as running:
            yield running
    except (PortFailure, StepFailed) as failure:
        pytest.skip(f"{runner.label}: {failure.what}")


@pytest.fixture(scope="module")
def runtime(session: Session) -> dict[str, Any]:
    """What the session says of itself, for the benchmark's extra_info."""
    hello = session.hello
    loaded = loaded_blas(session.process.pid, RUNNERS[session.label].environment(1))
    return {
        "runner": session.label,
        "language": f"{hello.language} {hello.version}",
        "threads": hello.threads,
        "BLAS": ", ".join(loaded) or hello.blas,
    }


def pytest_benchmark_update_machine_info(machine_info: dict[str, Any]) -> None:
    """The machine and its load as `gradparity bench` records them."""
    cores, why_not = cores_for(1)
    machine_info["gradparity"] = {
        **this_machine().model_dump(),
        "pinned": cores or why_not,
        "load average": load_average(),
    }
