"""A port's clock, believed only where its figures can be true."""

from __future__ import annotations

import pytest
from conftest import MakePort
from gradparity.bench.clock import calibrate, resolution, timed
from gradparity.bench.operation import Operation
from gradparity.ports.session import PortFailure, Session

GRADIENT = Operation("gradient", "gradient")


def session(make_port: MakePort, kind: str) -> Session:
    return Session(make_port("clock.py", kind).runners[0])


def test_the_times_are_per_call(make_port: MakePort) -> None:
    with session(make_port, "slow") as port:
        assert timed(port, GRADIENT, 5, 3) == pytest.approx(4e5, rel=0.01)


@pytest.mark.parametrize("kind", ["nan", "negative", "boasting"])
def test_an_impossible_time_is_an_error_that_shows_it(make_port: MakePort, kind: str) -> None:
    with (
        session(make_port, kind) as port,
        pytest.raises(PortFailure, match="expected 2 times in nanoseconds") as caught,
    ):
        timed(port, GRADIENT, 1, 2)
    assert caught.value.operation == "time gradient"


def test_the_calls_make_a_sample_of_the_wanted_length(make_port: MakePort) -> None:
    with session(make_port, "slow") as port:
        assert calibrate(port, GRADIENT, clock=1.0, seconds=0.004) == 10


def test_a_coarse_clock_gets_longer_samples(make_port: MakePort) -> None:
    with session(make_port, "coarse") as port:
        clock = resolution(port)
        assert clock == pytest.approx(2e5)
        assert calibrate(port, GRADIENT, clock, seconds=0.001) == pytest.approx(2000, rel=0.02)  # of 0.1 ms each


def test_a_port_that_dies_while_it_is_timed_is_one_error(make_port: MakePort) -> None:
    with session(make_port, "dying") as port, pytest.raises(PortFailure, match="exited with status 3"):
        timed(port, GRADIENT, 1, 1)
