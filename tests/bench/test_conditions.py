"""The conditions of a measurement."""

from __future__ import annotations

import os
import subprocess
import sys

import psutil
import pytest
from gradparity.bench import conditions
from gradparity.bench.conditions import bound_to, cores_for, load_average, peak, resident, switches

LINUX = sys.platform == "linux"


@pytest.mark.skipif(not LINUX, reason="binding to cores is Linux's")
def test_what_is_started_inside_is_bound_and_the_harness_is_not() -> None:
    before = os.sched_getaffinity(0)
    core = max(before)
    with bound_to([core]):
        told = subprocess.check_output([sys.executable, "-c", "import os; print(os.sched_getaffinity(0))"], text=True)
    assert told.strip() == f"{{{core}}}"
    assert os.sched_getaffinity(0) == before


def test_no_binding_is_said_with_its_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    cores, reason = cores_for(10_000)
    assert cores == [] and reason
    monkeypatch.delattr(os, "sched_setaffinity", raising=False)
    cores, reason = cores_for(1)
    assert cores == [] and "does not let" in reason
    with bound_to([]):
        pass


def test_a_process_is_seen_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    pid = os.getpid()
    assert (resident(pid) or 0) >= psutil.Process().memory_info().rss / 2  # and that of its children
    most, note = peak(pid)
    assert most and most >= psutil.Process().memory_info().rss / 2 and (note == "") is LINUX
    assert (switches(pid) or 0) >= 0
    assert (load_average() or 0.0) >= 0.0
    monkeypatch.setattr(conditions, "Path", lambda _: (_ for _ in ()).throw(OSError))
    assert "does not tell the peak" in peak(pid)[1]


def test_a_process_that_is_gone_tells_nothing() -> None:
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    assert not psutil.pid_exists(gone.pid)
    assert (resident(gone.pid), switches(gone.pid), peak(gone.pid)[0]) == (None, None, None)
