"""What is being built is not started: by another runner of the port, or by another command."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import FAKES
from gradparity.check.options import Options
from gradparity.check.run import run_check
from gradparity.ports.info import State
from gradparity.ports.manifest import Port, read_port
from gradparity.suite import select_cases

CASE = "random-9-6-4-relu-n7-float64"


@pytest.fixture
def port(tmp_path: Path) -> Port:
    """Two runners, and a build that begins by removing what they run, as a compiler does."""
    program = f"exec {sys.executable} {FAKES / 'wrong.py'} none"
    build = ["sh", "-c", f"rm -f serve; sleep 0.5; echo '{program}' > serve"]
    (tmp_path / "port.toml").write_text(
        f'name = "slow"\nlanguage = "sh"\nhint = "none"\n[build]\ncommand = {json.dumps(build)}\n'
        + "".join(f'[[runner]]\nname = "{name}"\ncommand = ["sh", "serve"]\n' for name in "ab")
    )
    return read_port(tmp_path)


def test_two_runners(port: Port) -> None:
    """The first builds, and neither starts before that is done."""
    infos, results, _ = run_check(port.runners, select_cases((CASE,)), [0], Options(), lambda _: None)
    assert [(info.state, info.reason) for info in infos] == [(State.READY, "")] * 2
    assert all(result.verdict.passes for result in results)


def test_two_commands(port: Port) -> None:
    command = [sys.executable, "-m", "gradparity", "check", "--port", f"{port.folder}:a", "--case", CASE]
    checks = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(3)]
    said = [check.communicate()[0] for check in checks]
    assert [check.returncode for check in checks] == [0, 0, 0], said


def test_a_folder_that_cannot_be_locked(port: Port) -> None:
    """Then nobody waits: the check goes on as if it were alone."""
    (port.folder / "port.toml").unlink()
    infos, _, _ = run_check(port.runners[:1], select_cases((CASE,)), [0], Options(), lambda _: None)
    assert infos[0].state is State.READY
