"""docs/your-function.md, run as it is written; with a Python port, where it shows one in Julia."""

from __future__ import annotations

import re
import runpy
import shlex
import sys
from pathlib import Path

import pytest
from conftest import Gradparity

PAGE = (Path(__file__).parents[2] / "docs" / "your-function.md").read_text(encoding="utf-8")
FILES = dict(re.findall(r"```python (\S+)\n(.*?)```", PAGE, re.DOTALL))
COMMANDS = [line[2:] for block in re.findall(r"```console\n(.*?)```", PAGE, re.DOTALL) for line in block.splitlines()]
PORT = """
import numpy as np

DTYPES = ["float64", "float32"]


def standardized(x):
    n = x.dtype.type(len(x))
    centered = x - x.sum(axis=0) / n
    deviation = np.sqrt((centered**2).sum(axis=0) / n + x.dtype.type(1e-5))
    return {"deviation": deviation, "out": centered / deviation}


def ridge(x, y, w, penalty):
    z = standardized(x)["out"]
    r = z @ w - y
    n = x.dtype.type(len(y))
    return {"loss": (r**2).sum() / n + penalty * (w**2).sum(), "dw": 2 * (r @ z) / n + penalty * w}


FUNCTIONS = [standardized, ridge]
"""


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the page's files."""
    monkeypatch.chdir(tmp_path)
    for name, text in FILES.items():
        Path(name).write_text(text)
    return tmp_path


def test_every_command_does_what_the_page_says(here: Path, gradparity: Gradparity) -> None:
    new, check, *_ = COMMANDS
    assert gradparity(*shlex.split(new.replace("julia", "python"))[1:]).returncode == 0
    Path("mine/functions.py").write_text(PORT)
    found = gradparity(*shlex.split(check)[1:])
    assert found.returncode == 1
    for line in (
        "mine wrong in 18 cases, first at ridge dw (the functions that it calls are right alone)",
        "one change: the reference gives this with penalty for 2 * penalty in line 19",
        "--case ridge-n1-d1-float64",
    ):
        assert line in found.stdout
        assert line in PAGE
    Path("mine/functions.py").write_text(PORT.replace("+ penalty * w}", "+ 2 * penalty * w}"))
    found = gradparity(*shlex.split(check)[1:])
    assert found.returncode == 0
    assert "agreement - 1 runner x 36 cases" in found.stdout
    assert "agreement - 1 runner x 36 cases" in PAGE


def test_what_follows_runs(here: Path, gradparity: Gradparity) -> None:
    gradparity("new", "--language", "python", "--reference", "reference.py", "mine")
    Path("mine/functions.py").write_text(PORT.replace("+ penalty * w}", "+ 2 * penalty * w}"))
    *_, mutants, soak, pytest_, recorded, report = COMMANDS
    assert pytest_.startswith("pytest ")
    assert gradparity(*shlex.split(mutants)[1:]).returncode == 0
    assert gradparity(*shlex.split(soak)[1:]).returncode == 0
    assert gradparity(*shlex.split(recorded)[1:], "--case", "ridge-n5-d4-*").returncode == 0
    assert gradparity(*shlex.split(report)[1:]).returncode == 0


def test_compare_agrees(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(here))
    try:
        runpy.run_path("compare.py")
    finally:
        sys.modules.pop("reference", None)
