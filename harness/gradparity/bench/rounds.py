"""The rounds: every runner and operation takes a turn in random order, then another in the reverse of that order.

In such a round (ABBA) whatever drifts steadily, heat or another tenant's load, weighs on all alike. The order is
drawn anew each time, as those at its ends run twice in a row, in caches that are still their own.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np

from ..ports.session import PortFailure, Session
from .clock import SAMPLES, calibrate, timed
from .operation import Operation
from .statistics import half_width, log_ratios

MIN_ROUNDS = 10
LONG_SECONDS = 0.01  # a call that fetches its data back into the caches by itself: a turn is then half as many samples
LOOK_EVERY = 5  # rounds: whether the intervals are narrow enough


@dataclass
class Turns:
    """One runner and operation: its calls a sample, and nanoseconds per call, a list a turn, two turns a round."""

    label: str
    session: Session
    operation: Operation
    calls: int = 0
    samples: list[list[float]] = field(default_factory=list)

    def take(self) -> None:
        """Measure once more. Raises PortFailure."""
        is_long = self.samples and min(self.samples[0]) * self.calls > LONG_SECONDS * 1e9
        came = timed(self.session, self.operation, self.calls, SAMPLES // 2 if is_long else SAMPLES)
        self.samples.append([round(float(one), 2) for one in came])


Broke = Callable[[Turns, PortFailure], None]


def run_rounds(
    all_turns: Sequence[Turns],
    reference: str,
    clocks: dict[str, float],
    sample_seconds: float,
    narrow: float,
    deadline: float,
    rng: np.random.Generator,
    broke: Broke,
    tick: Callable[[], None],
) -> list[Turns]:
    """Calibrate, then rounds until the logarithms of all ratios to the reference are known to ``narrow``.

    Or until ``deadline`` (time.monotonic), but ``MIN_ROUNDS`` in any case. A runner's operation that fails is handed
    to ``broke`` and takes no further part. ``tick`` is called after each turn. Returns the turns that were completed.
    """
    running = list(all_turns)

    def attempt(turns: Turns, action: Callable[[], None]) -> None:
        try:
            action()
        except PortFailure as failure:
            gone = failure.ends_session
            running[:] = [t for t in running if t is not turns and not (gone and t.session is turns.session)]
            broke(turns, failure)
        tick()

    for turns in list(running):

        def warm(turns: Turns = turns) -> None:
            turns.calls = calibrate(turns.session, turns.operation, clocks[turns.label], sample_seconds)

        if turns in running:
            attempt(turns, warm)
    rounds = 0
    while running:
        order = [running[i] for i in rng.permutation(len(running))]
        for turns in [*order, *reversed(order)]:
            if turns in running:
                attempt(turns, turns.take)
        rounds += 1
        late = time.monotonic() >= deadline
        if rounds >= MIN_ROUNDS and (late or _narrow_enough(running, reference, narrow, rounds)):
            break
    return running


def _narrow_enough(running: Sequence[Turns], reference: str, narrow: float, rounds: int) -> bool:
    if rounds % LOOK_EVERY:
        return False
    of_reference = {turns.operation.name: turns.samples for turns in running if turns.label == reference}
    return all(
        half_width(log_ratios(turns.samples, of_reference[turns.operation.name])) <= narrow
        for turns in running
        if turns.label != reference and turns.operation.name in of_reference
    )
