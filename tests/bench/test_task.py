"""What comes before the rounds: of a function, its answer must be right."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from gradparity.arithmetic.verdicts import Verdict
from gradparity.bench.beside import reference_runner
from gradparity.bench.task import FunctionTask
from gradparity.functions.cases import FunctionSpec
from gradparity.functions.loading import read_reference
from gradparity.ports.session import Session

REFERENCE = """
from gradparity import booleans, function

@function(x="n", keep=booleans("n"))
def total(x, keep):
    return {"total": x[keep].sum(), "count": keep.sum()}

@function(x="n")
def twice(x):
    return 2 * x

@function(x="n")
def half(x):
    return x / 2

@function(x="n")
def root(x):
    return x**2
"""
PORT = """
from gradparity import booleans, function

@function(x="n", keep=booleans("n"))
def total(x, keep):
    return {"total": (x * keep).sum(), "count": keep.sum()}

@function(x="n")
def twice(x):
    return 2.001 * x

@function(x="n")
def root(x):
    raise ValueError("no roots today")
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("functions")
    (folder / "reference.py").write_text(REFERENCE, encoding="utf-8")
    (folder / "port.py").write_text(PORT, encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def port(folder: Path) -> Iterator[Session]:
    with Session(reference_runner(folder / "port.py")) as session:
        yield session


def task(folder: Path, name: str) -> FunctionTask:
    function = read_reference(folder / "reference.py").functions[name]
    return FunctionTask(FunctionSpec(function, {"n": 5}), 1)


def test_what_is_right_is_timed(folder: Path, port: Session) -> None:
    assert task(folder, "total").unfit(port) is None


def test_what_is_wrong_is_not_and_says_what(folder: Path, port: Session) -> None:
    unfit = task(folder, "twice").unfit(port)
    assert unfit and unfit.verdict is Verdict.WRONG and "but should be" in unfit.why


def test_what_cannot_be_answered_is_not_timed_either(folder: Path, port: Session) -> None:
    unfit = task(folder, "root").unfit(port)
    assert unfit and unfit.verdict is Verdict.COULD_NOT_RUN
    assert "no roots today" in unfit.why and "ValueError" in unfit.stderr


def test_the_reference_itself_is_right_in_every_dtype(folder: Path) -> None:
    functions = read_reference(folder / "reference.py").functions
    with Session(reference_runner(folder / "reference.py")) as session:
        for function in functions.values():
            for dtype in function.dtypes:
                assert FunctionTask(FunctionSpec(function, {"n": 5}, dtype), 1).unfit(session) is None
