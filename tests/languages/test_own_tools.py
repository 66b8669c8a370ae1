"""Each port's own tests, in its own language's tool."""

from __future__ import annotations

import subprocess

import pytest
from conftest import Sessions
from gradparity.ports.manifest import Port, own_ports
from gradparity.ports.programs import expand

TESTED = [port for port in own_ports() if port.manifest.test]


def test_every_foreign_port_has_tests() -> None:
    assert {port.manifest.name for port in TESTED} == {"cpp", "javascript", "julia", "r", "rust"}


@pytest.mark.parametrize("port", TESTED, ids=lambda port: port.manifest.name)
def test_own_tests(port: Port, sessions: Sessions) -> None:
    sessions.get(port.runners[-1].label)  # skips, or fails, where the runtime is not here
    assert port.manifest.test
    done = subprocess.run(
        expand(port.manifest.test.command),
        cwd=port.folder,
        env=port.runners[-1].environment(threads=1),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, f"{port.manifest.name}:\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}"
