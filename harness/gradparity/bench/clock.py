"""A port's own clock: how many calls make a measurement, and whether its figures can be true."""

from __future__ import annotations

import time
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..ports.session import Failure, PortFailure, Session
from .operation import Operation

SAMPLES = 4  # of a turn; the first warms the caches that the runner before has emptied, and does not count
RESOLUTIONS = 1000.0  # of the clock in a sample, at the least: its step is 0.1 % of it then
WARM_SECONDS = 0.02  # of calls, after the first one, before they are counted


def timed(session: Session, operation: Operation, calls: int, samples: int) -> NDArray[Any]:
    """Nanoseconds per call, (samples,), by the port's own clock. Raises PortFailure, for an impossible answer too."""
    fields = {"operation": operation.word, "calls": str(calls), "samples": str(samples), **operation.fields}
    start = time.perf_counter_ns()
    expect = {"nanoseconds": ((samples,), np.float64)}
    came = session.request("time", fields, operation.arrays, expect).arrays["nanoseconds"]
    seen = time.perf_counter_ns() - start
    if not np.all(np.isfinite(came)) or np.any(came < 0) or came.sum() > 1.05 * seen + 1e6:
        told = np.array2string(came, threshold=6, precision=6)
        what = f"expected {samples} times in nanoseconds, {seen} in all by the harness's clock, came {told}"
        raise PortFailure(session.label, f"time {operation.name}", Failure.MISSHAPEN, what)
    return came / calls


def resolution(session: Session) -> float:
    """The smallest step of the port's clock that shows in empty measurements, in nanoseconds. Raises PortFailure."""
    empty = np.sort(timed(session, Operation("null", "null"), 1, 1000))
    steps = np.diff(empty)
    return float(steps[steps > 0].min()) if np.any(steps > 0) else max(float(empty[0]), 1.0)


def calibrate(session: Session, operation: Operation, clock: float, seconds: float) -> int:
    """Warm up, then how many calls take ``seconds``, and ``RESOLUTIONS`` steps of the clock. Raises PortFailure."""
    timed(session, operation, 1, 1)  # the first call compiles, where the runtime does that
    calls, best, spent = 1, np.inf, 0.0
    while True:
        took = float(timed(session, operation, calls, 1)[0])
        best, spent = min(best, max(took, 1.0)), spent + took * calls / 1e9
        wanted = max(1, round(max(seconds * 1e9, RESOLUTIONS * clock) / best))
        if spent >= WARM_SECONDS and calls >= wanted / 2:
            return wanted
        calls = min(2 * calls, wanted)
