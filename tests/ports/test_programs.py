"""What setup installs beside the interpreter is found by every command of a port, activated or not."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest
from conftest import FAKES
from gradparity.ports.build import ensure_built
from gradparity.ports.manifest import read_port
from gradparity.ports.programs import find_program, search_path
from gradparity.ports.session import Session

PYTHON = sys.executable


@pytest.fixture
def beside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An environment's bin folder that is not on PATH: its interpreter runs gradparity."""
    folder = tmp_path / "environment" / "bin"
    folder.mkdir(parents=True)
    monkeypatch.setattr("gradparity.ports.programs.sys.executable", str(folder / "python"))
    return folder


def program(path: Path, text: str) -> None:
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)


def test_it_comes_before_the_machines_own(beside: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    program(tmp_path / "some-language", "exit 139")  # as Debian's Julia does, which the machine has
    assert find_program("some-language") == str(tmp_path / "some-language")
    program(beside / "some-language", "exit 0")
    assert find_program("some-language") == str(beside / "some-language")


def test_it_is_there_once_and_an_empty_entry_is_not_the_current_folder(
    beside: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", f"/usr/bin{os.pathsep}{os.pathsep}{beside}")
    assert search_path().split(os.pathsep) == [str(beside), "/usr/bin"]


def test_the_build_the_requirement_and_the_process_use_it(beside: Path, tmp_path: Path) -> None:
    program(beside / "some-compiler", "echo built > out")
    program(beside / "some-language", f"exec {PYTHON} {FAKES / 'wrong.py'} none")
    folder = tmp_path / "port"
    folder.mkdir()
    (folder / "port.toml").write_text(
        'name = "fake"\nlanguage = "some"\nhint = "none"\n'
        '[build]\ncommand = ["sh", "-c", "some-compiler"]\noutputs = ["out"]\n'
        '[[runner]]\nname = "native"\ncommand = ["some-language"]\nrequires = ["some-language"]\n'
    )
    port = read_port(folder)
    assert ensure_built(port)
    [runner] = port.runners
    assert runner.lacking == []
    with Session(runner) as session:
        assert session.hello.name
