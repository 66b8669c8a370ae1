"""A file of functions as a port."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from gradparity.bench.beside import reference_runner
from gradparity.bench.clock import timed
from gradparity.bench.operation import Operation
from gradparity.ports.session import PortFailure, Session
from numpy.typing import NDArray

FILE = """
import numpy as np
from gradparity import booleans, function
from neighbour import FACTOR

print("this goes to stderr")

@function(x="n", factor="", keep=booleans("n"))
def scaled(x, factor, keep):
    assert keep.dtype == bool and isinstance(factor, np.floating)
    x[0] += 1
    return {"out": np.where(keep, FACTOR * factor * x.astype(float), 0), "count": keep.sum()}
"""
INPUTS: dict[str, NDArray[Any]] = {
    "x": np.array([1, 2, 3], np.float32),
    "factor": np.array(2, np.float32),
    "keep": np.array([1, 0, 1], np.uint8),
}


@pytest.fixture
def session(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Session:
    (tmp_path / "reference.py").write_text(FILE, encoding="utf-8")
    (tmp_path / "neighbour.py").write_text("FACTOR = 3.0", encoding="utf-8")
    (tmp_path / "statistics.py").write_text("raise ImportError('in the way')", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return Session(reference_runner(Path("reference.py")))


def test_it_answers_as_a_port_does(session: Session) -> None:
    with session:
        assert session.hello.functions == {"scaled"} and "time" in session.hello.operations
        expect = {"out": ((3,), np.float32), "count": ((), np.int32)}
        came = session.request("call", {"function": "scaled"}, INPUTS, expect).arrays
        assert came["out"].tolist() == [12, 0, 18] and came["count"] == 2
        shapes = {name: (one.shape, one.dtype) for name, one in INPUTS.items()}
        assert session.request("inputs", {}, {}, shapes).arrays["x"].tolist() == [2, 2, 3], "as they are now"
        assert timed(session, Operation("scaled", "call", {"function": "scaled"}, INPUTS), 2, 3).shape == (3,)
        assert timed(session, Operation("null", "null"), 2, 3).shape == (3,)


def test_a_file_that_has_become_unreadable_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(PortFailure) as caught:
        Session(reference_runner(tmp_path / "gone.py"))
    assert caught.value.stderr.strip().endswith("gone.py: no such file")
