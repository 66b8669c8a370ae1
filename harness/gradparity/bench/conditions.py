"""The conditions of a measurement: the cores, the load. What a system does not tell is None, or said."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil


def cores_for(threads: int) -> tuple[list[int], str]:
    """The cores to bind the ports to, as many as they have threads, and if there are none, the reason.

    The last ones: the first serve most interrupts. One core at least stays free for the harness.
    """
    if not hasattr(os, "sched_setaffinity"):
        return [], f"{platform.system()} does not let a process be bound to a core"
    allowed = sorted(os.sched_getaffinity(0))
    if len(allowed) <= threads:
        return [], f"{len(allowed)} cores are too few for {threads} threads and the harness"
    return allowed[-threads:], ""


@contextmanager
def bound_to(cores: list[int]) -> Iterator[None]:
    """Whatever is started inside runs on these cores, all its threads too: the system passes the binding on."""
    if not cores:
        yield
        return
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, cores)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def load_average() -> float | None:
    """Of the last minute."""
    with suppress(OSError, AttributeError):
        return round(os.getloadavg()[0], 2)
    return None


def switches(pid: int) -> int | None:
    """How often the system has taken the core away from the process."""
    with suppress(psutil.Error):
        return int(psutil.Process(pid).num_ctx_switches().involuntary)
    return None


def resident(pid: int) -> int | None:
    """Bytes of memory that the process and its children hold now."""
    with suppress(psutil.Error):
        process = psutil.Process(pid)
        return sum(one.memory_info().rss for one in (process, *process.children(recursive=True)))
    return None


def peak(pid: int) -> tuple[int | None, str]:
    """The most bytes of memory that the process ever held, and a note where that is something else."""
    with suppress(OSError, ValueError, IndexError):
        status = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
        return int(status.split("VmHWM:")[1].split()[0]) * 1024, ""
    return resident(pid), "memory at the end, as this system does not tell the peak"
