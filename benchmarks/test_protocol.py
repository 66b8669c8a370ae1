"""What a request costs beside the work it asks for: the smallest round trip, and a batch's way into a port.

    pytest benchmarks/test_protocol.py

The goals: 200 microseconds for the Rust and Julia servers, 500 MB/s for a 100 x 784 float64 batch.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from gradparity.ports.session import Session
from pytest_benchmark.fixture import BenchmarkFixture

WARM_UP = 200


def load(session: Session, x: np.ndarray[Any, Any], classes: int) -> None:
    """Load a network of one layer with this batch."""
    inputs = x.shape[1]
    fields = {"sizes": f"{inputs},{classes}", "activation": "relu", "dtype": "float64", "epsilon": "0"}
    t = np.zeros(len(x), np.int32)
    session.request("load", fields, {"x": x, "t": t, "W1": np.ones((inputs, classes)), "b1": np.ones(classes)})


def test_round_trip(session: Session, benchmark: BenchmarkFixture) -> None:
    """The gradient of a network of two inputs and two classes."""
    load(session, np.ones((1, 2)), 2)
    expect = {"loss": ((), np.float64), "dW1": ((2, 2), np.float64), "db1": ((2,), np.float64)}
    benchmark.pedantic(session.request, args=("gradient", {}, {}, expect), rounds=2000, warmup_rounds=WARM_UP)
    benchmark.extra_info["goal, microseconds"] = 200


@pytest.mark.parametrize("order", ["C", "F"])
def test_batch(session: Session, benchmark: BenchmarkFixture, order: Any) -> None:
    """A 100 x 784 float64 batch, 627 kB, in one load; the rest of that message is 1 % of it."""
    x = np.asarray(np.random.default_rng(0).normal(size=(100, 784)), order=order)
    benchmark.pedantic(load, args=(session, x, 1), rounds=300, warmup_rounds=WARM_UP)
    assert benchmark.stats
    benchmark.extra_info["MB/s at the median"] = round(x.nbytes / benchmark.stats.stats.median / 1e6)
    benchmark.extra_info["goal, MB/s"] = 500
