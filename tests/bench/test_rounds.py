"""The rounds: everybody's turn in random order, then in the reverse of it."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np
import pytest
from gradparity.bench import rounds
from gradparity.bench.operation import Operation
from gradparity.bench.rounds import MIN_ROUNDS, Turns, run_rounds
from gradparity.ports.session import Failure, PortFailure

GRADIENT = Operation("gradient", "gradient")


@dataclass
class Port:
    """Stands for a session: what it takes, when it is asked, and when it fails."""

    label: str
    typical: float = 1000.0
    noise: float = 0.0
    fails_at: int = 10**9
    kind: Failure = Failure.KILLED
    asked: int = 0
    log: list[str] = field(default_factory=list)


def timed(port: Port, operation: Operation, calls: int, samples: int) -> np.ndarray:
    port.asked += 1
    port.log.append(port.label)
    if port.asked > port.fails_at:
        raise PortFailure(port.label, "time", port.kind, "it was killed by SIGKILL")
    rng = np.random.default_rng(port.asked)
    return port.typical * np.exp(port.noise * rng.normal(size=samples))


@pytest.fixture(autouse=True)
def _no_processes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rounds, "timed", timed)
    monkeypatch.setattr(rounds, "calibrate", lambda *_: 3)


def run(*ports: Port, narrow: float = 0.0, deadline: float = -math.inf) -> tuple[list[Turns], list[str]]:
    log: list[str] = []
    for port in ports:
        port.log = log
    turns = [Turns(port.label, port, GRADIENT) for port in ports]  # type: ignore[arg-type]
    broken: list[str] = []
    clocks = {port.label: 1.0 for port in ports}
    rng = np.random.default_rng(0)
    told = lambda turn, failure: broken.append(f"{turn.label}: {failure.what}")  # noqa: E731
    run_rounds(turns, "python", clocks, 0.001, narrow, deadline, rng, told, lambda: None)
    return turns, broken


def test_each_round_is_an_order_and_its_reverse_and_the_order_changes() -> None:
    ports = [Port("python"), Port("a"), Port("b"), Port("c")]
    run(*ports)
    log = ports[0].log
    halves = [(log[i : i + 4], log[i + 4 : i + 8]) for i in range(0, len(log), 8)]
    assert len(halves) == MIN_ROUNDS
    assert all(there == back[::-1] and set(there) == {"python", "a", "b", "c"} for there, back in halves)
    assert len({tuple(there) for there, _ in halves}) > MIN_ROUNDS / 2


def test_it_stops_when_the_ratios_are_known_well_enough() -> None:
    quiet, _ = run(Port("python"), Port("a", noise=0.001), narrow=0.01, deadline=math.inf)
    assert MIN_ROUNDS <= len(quiet[0].samples) / 2 <= 2 * MIN_ROUNDS


def test_a_noisy_port_gets_more_rounds() -> None:
    noisy, _ = run(Port("python"), Port("a", noise=0.2), narrow=0.02, deadline=math.inf)
    assert len(noisy[0].samples) / 2 > 2 * MIN_ROUNDS


def test_a_spent_budget_ends_it_but_not_before_the_least_number_of_rounds() -> None:
    turns, _ = run(Port("python"), Port("a", noise=0.5))
    assert [len(one.samples) for one in turns] == [2 * MIN_ROUNDS] * 2


@pytest.mark.parametrize("kind", [Failure.KILLED, Failure.MISSHAPEN])
def test_a_port_that_breaks_leaves_the_others_their_rounds(kind: Failure) -> None:
    turns, broken = run(Port("python"), Port("mine", fails_at=3, kind=kind), Port("a"))
    assert broken == ["mine: it was killed by SIGKILL"]
    assert {one.label: len(one.samples) for one in turns} == {"python": 20, "mine": 3, "a": 20}


def test_a_long_call_takes_fewer_samples() -> None:
    [long, short], _ = run(Port("python", typical=1e9), Port("a", typical=1e3))
    assert [len(turn) for turn in long.samples] == [4] + [2] * 19
    assert {len(turn) for turn in short.samples} == {4}
