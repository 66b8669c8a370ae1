"""A quick test cannot start another language by mistake: it fails, and is told where it belongs."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import tiers
from conftest import RUNNERS, Sessions
from gradparity.ports.manifest import select_runners
from gradparity.ports.new import find_template, make_port
from gradparity.ports.session import Session
from gradparity.ports.start import start

LABELS = [label for label in RUNNERS if label != "python"]
BELONGS = pytest.raises(pytest.fail.Exception, match="belongs in tests/languages")


@pytest.mark.parametrize("label", LABELS)
def test_a_port_of_another_language_is_not_started(label: str, sessions: Sessions) -> None:
    with BELONGS:
        sessions.get(label)
    [runner] = select_runners((label,))
    if not runner.lacking:
        with BELONGS:
            start(runner, lambda: Session(runner))


@pytest.mark.parametrize("command", [["julia", "x.jl"], ["/usr/bin/cc", "x.c"], ["sh", "-c", "exec node x.js 3>&1"]])
def test_nor_is_a_program_of_one(command: list[str]) -> None:
    with BELONGS:
        subprocess.run(command, check=True)


def test_nor_is_a_template_built(tmp_path: Path) -> None:
    port = make_port(find_template("c"), tmp_path / "port")
    with BELONGS:
        start(port.runners[0], lambda: Session(port.runners[0]))


def test_python_is() -> None:
    assert subprocess.check_output([sys.executable, "-c", "print(1)"]) == b"1\n"


def test_the_folders_are_the_tiers() -> None:
    assert all((tiers.TESTS / tier).is_dir() for tier in tiers.SLOW)
    assert tiers.tier_of(tiers.TESTS / "languages" / "test_parity.py") == "languages"
    assert tiers.tier_of(Path(__file__)) == ""
