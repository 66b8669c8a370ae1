"""The measurements of `gradparity bench` as a pytest-benchmark suite: for tracking them with its tools.

    pytest benchmarks/test_speed.py --benchmark-json=speed.json

The times are those of each port's own clock around its own calls, so pytest-benchmark's medians are native medians.
Its series run one after the other: to say which port is faster, use `gradparity bench`, which interleaves them.
"""

from __future__ import annotations

from typing import Any

import pytest
from gradparity.bench.clock import calibrate, resolution, timed
from gradparity.bench.lacking import why_not_timed
from gradparity.bench.operation import Operation
from gradparity.bench.plan import Group, default_plan
from gradparity.bench.task import task_of
from gradparity.ports.session import Failure, PortFailure, Session
from pytest_benchmark.fixture import BenchmarkFixture

ROUNDS = 50
SAMPLE_SECONDS = 0.002


class PortClock:
    """A timer for pytest-benchmark that goes by what the ports say."""

    seconds = 0.0

    def __call__(self) -> float:
        """Now."""
        return self.seconds


PORT_CLOCK = PortClock()
MEASURED = [
    pytest.param(group, operation, id=f"{operation.name.replace(' ', '-')}-{group.spec.name}")
    for group in default_plan()
    for operation in group.operations
]


@pytest.mark.parametrize(("group", "operation"), MEASURED)
@pytest.mark.benchmark(timer=PORT_CLOCK)
def test_speed(
    session: Session, runtime: dict[str, Any], group: Group, operation: Operation, benchmark: BenchmarkFixture
) -> None:
    """One operation of one case; a call's time is the mean of as many calls as take 2 ms."""
    if lacks := why_not_timed(session.hello, operation, group.spec):
        pytest.skip(f"{session.label}: {lacks}")
    task_of(group.spec, threads=1, data_dir=None).load(session)
    try:
        calls = calibrate(session, operation, resolution(session), SAMPLE_SECONDS)
    except PortFailure as failure:
        if failure.kind is Failure.UNSUPPORTED:
            pytest.skip(str(failure))
        raise

    def measure() -> None:
        PORT_CLOCK.seconds += float(timed(session, operation, calls, 1)[0]) / 1e9

    benchmark.group = f"{operation.name}, {group.spec.name}"
    benchmark.pedantic(measure, rounds=ROUNDS, warmup_rounds=1)
    assert benchmark.stats
    median = benchmark.stats.stats.median
    benchmark.extra_info.update(runtime, calls=calls, **{"native median, nanoseconds": round(median * 1e9, 1)})
    if operation.name == "products":
        benchmark.extra_info["GFLOP/s"] = round(group.flops / median / 1e9, 1)
    assert median > 0
