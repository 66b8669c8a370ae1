"""The cost ledger: what a runner costs before and beside its steady state."""

from __future__ import annotations

import time

import numpy as np

from ..ports.session import Session
from .clock import timed
from .conditions import resident
from .operation import Operation
from .records import Ledger

CURVE_CALLS = 400
CURVE_SECONDS = 1.0
FIRST_CALLS = 10
ROUND_TRIPS = 200
GROWTH_SECONDS = 0.3
WINDOW = 5  # calls: a median over them is no outlier
STEADY = 1.1  # times the median of the second half of the curve


def measure_ledger(session: Session, operation: Operation) -> Ledger:
    """Of a session that has loaded a case and computed nothing yet. Raises PortFailure."""
    curve = list(timed(session, operation, 1, 1))
    curve += list(timed(session, operation, 1, FIRST_CALLS - 1))
    left = CURVE_SECONDS - sum(curve) / 1e9
    more = int(min(CURVE_CALLS - FIRST_CALLS, left * 1e9 / max(np.median(curve[1:]), 1.0)))
    curve += list(timed(session, operation, 1, more)) if more > 0 else []
    typical = float(np.median(curve[len(curve) // 2 :]))
    calls = max(FIRST_CALLS, round(GROWTH_SECONDS * 1e9 / max(typical, 1.0)))
    before = resident(session.process.pid)
    timed(session, operation, calls, 1)
    after = resident(session.process.pid)
    return Ledger(
        process=session.process_seconds,
        runtime=session.runtime_seconds,
        operation=operation.name,
        warm_up=[round(float(one), 1) for one in curve],
        steady_from=steady_from(curve),
        round_trip=round_trip(session),
        memory_per_call=None if before is None or after is None else (after - before) / calls,
    )


def steady_from(curve: list[float]) -> int | None:
    """The first call from which on no median of ``WINDOW`` calls is above ``STEADY`` times the second half's median.

    None where that would lie in the second half itself: then the steady state, if any, came too late to be seen.
    """
    if len(curve) < 2 * WINDOW:
        return None
    medians = np.median(np.lib.stride_tricks.sliding_window_view(np.array(curve), WINDOW), axis=1)
    slow = np.flatnonzero(medians > STEADY * np.median(curve[len(curve) // 2 :]))
    if not len(slow):
        return 1 if curve[0] > STEADY * np.median(curve) else 0
    start = int(slow[-1]) + WINDOW // 2 + 1
    return start if start < len(curve) // 2 else None


def round_trip(session: Session) -> float:
    """Nanoseconds of an empty request, by the harness's clock: the median."""
    took = []
    for _ in range(ROUND_TRIPS):
        start = time.perf_counter_ns()
        session.request("null")
        took.append(time.perf_counter_ns() - start)
    return float(np.median(took))
