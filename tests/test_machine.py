"""What is said of the machine, and what is not."""

from __future__ import annotations

import os
import platform

import numpy as np
import pytest
from gradparity.machine import Machine, packages, this_command, this_machine


def test_the_machine_tells_itself_apart_without_its_name() -> None:
    machine = this_machine()
    assert machine == this_machine()
    assert machine.cpu and machine.cores >= 1
    assert os.uname().nodename not in machine.model_dump_json() or len(os.uname().nodename) < 3


def test_without_anything_known_it_is_a_machine_all_the_same() -> None:
    assert Machine() == Machine.model_validate({})
    assert Machine().cpu == "unknown"


def test_the_versions_that_figures_depend_on_are_named_and_what_is_not_here_is_left_out() -> None:
    found = packages()
    assert found["python"] == platform.python_version() and found["numpy"] == np.__version__
    assert all(found.values())


def test_the_command_is_text_whatever_the_arguments_are(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.argv", ["somewhere/gradparity", "check", "--port", "a folder", "--data-dir", "\udcff"])
    assert this_command() == r"gradparity check --port 'a folder' --data-dir '\udcff'"
