"""Whom the ports are timed beside."""

from __future__ import annotations

from pathlib import Path

import pytest
from conftest import RUNNERS, MakePort
from gradparity.bench.beside import demand_other_names, reference_runner
from gradparity.errors import UsageError


def test_it_is_the_python_port_or_the_file_of_the_functions(tmp_path: Path) -> None:
    assert reference_runner(None) == RUNNERS["python"]
    runner = reference_runner(tmp_path / "mine.py")
    assert runner.label == "reference" and runner.command[-1] == str(tmp_path / "mine.py") and not runner.lacking


@pytest.mark.parametrize("name", ["reference", "control"])
def test_another_port_cannot_have_its_name(name: str, tmp_path: Path, make_port: MakePort) -> None:
    other = make_port("clock.py", "even", name=name).runners
    with pytest.raises(UsageError, match=f"{name} is a name of the reference in a benchmark: give the port another"):
        demand_other_names(other, reference_runner(tmp_path / "mine.py"))


def test_the_python_port_may_be_asked_for() -> None:
    demand_other_names([RUNNERS["python"]], reference_runner(None))
