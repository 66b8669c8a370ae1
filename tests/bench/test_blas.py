"""The BLAS libraries of a process, seen from outside."""

from __future__ import annotations

import os
import sys
from types import SimpleNamespace

import pytest
from conftest import RUNNERS
from gradparity.bench import blas
from gradparity.bench.blas import loaded_blas
from gradparity.ports.session import Session


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


def test_of_several_the_one_that_the_port_names_is_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    found = {"a/libopenblas.so": ("OpenBLAS 1.0 Zen", "1.0"), "b/libblas.so": ("OpenBLAS 2.0 Zen", "2.0")}
    maps = [SimpleNamespace(path=path) for path in found]
    monkeypatch.setattr("gradparity.bench.blas.psutil.Process", lambda pid: SimpleNamespace(memory_maps=lambda: maps))
    monkeypatch.setattr(blas, "_ask", lambda path, environment: [found[path]])
    assert loaded_blas(1, {}, "libopenblas-r2.0.so") == ["OpenBLAS 2.0 Zen"]
    assert loaded_blas(1, {}, "unknown") == ["OpenBLAS 1.0 Zen", "OpenBLAS 2.0 Zen"]


def test_a_library_that_cannot_be_asked_is_named_by_its_file() -> None:
    assert blas._ask("/nowhere/libopenblas.so.0", os.environ) == [("libopenblas.so.0", "")]
