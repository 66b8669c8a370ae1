"""The BLAS libraries of a process, seen from outside."""

from __future__ import annotations

import os
import sys

import pytest
from conftest import RUNNERS
from gradparity.bench import blas
from gradparity.bench.blas import loaded_blas
from gradparity.session import Session


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells which libraries a process has loaded")
def test_numpy_has_one_and_it_is_named_with_its_kernels() -> None:
    runner = RUNNERS["python"]
    with Session(runner) as session:
        [found] = loaded_blas(session.process.pid, runner.environment(1))
    if found.startswith("OpenBLAS"):
        _, version, kernels = found.split(" ")
        assert version[0].isdigit() and kernels[0].isalpha()


def test_a_process_that_is_gone_has_none() -> None:
    assert loaded_blas(2**22 + 1, os.environ) == []


def test_a_library_that_cannot_be_asked_is_named_by_its_file() -> None:
    assert blas._ask("/nowhere/libopenblas.so.0", os.environ) == ["libopenblas.so.0"]
