"""What makes a comparison unfair is said."""

from __future__ import annotations

from typing import Any

import numpy as np
from conftest import RUNNERS
from gradparity.bench.contestant import Contestant
from gradparity.bench.fairness import warnings
from gradparity.bench.records import GroupResult, Series
from gradparity.cases import CaseSpec
from gradparity.ports.info import RunnerInfo, State
from sample_run import ALPHA, of_functions


def contestant(label: str, blas: list[str], says: str = "", threads: str = "1") -> Contestant:
    about: dict[str, Any] = {"port": label, "language": "X", "version": "1"}
    info = RunnerInfo(runner=label, state=State.READY, blas=says, threads=threads, **about)
    return Contestant(RUNNERS["python"], label, 1, 60.0, [], info=info, blas=blas)


def group(times: dict[str, float], floor: float = 0.01) -> GroupResult:
    series = [
        Series(runner=runner, operation="products", calls=1, samples=np.full((20, 4), time).tolist())
        for runner, time in times.items()
    ]
    case = CaseSpec(sizes=(784, 50, 10), batch=100)
    return GroupResult(kind="pass", case=case, flops=16e6, rounds=10, series=series, floor={"gradient": floor})


ALIKE = [contestant("python", ["OpenBLAS 0.3.31 Zen"]), contestant("mine", ["OpenBLAS 0.3.31 Zen"])]


def test_equal_libraries_and_equal_speed_are_no_reason_to_warn() -> None:
    assert warnings(ALIKE, [group({"python": 3e5, "mine": 3e5})], 1) == []


def test_different_libraries_are_named_with_their_users() -> None:
    [line] = warnings([*ALIKE, contestant("rust", [], "gemm 0.19")], [], 1)
    assert "2 different libraries" in line and "python, mine: OpenBLAS 0.3.31 Zen; rust: gemm 0.19" in line
    assert "gradparity bench --blas" in line


def test_slow_products_are_said_to_be_the_librarys_and_not_the_ports() -> None:
    old = [ALIKE[0], contestant("old", ["OpenBLAS 0.3.31 Zen"])]
    [line] = warnings(old, [group({"python": 3e5, "old": 9e5})], 1)
    assert line.startswith("old multiplies float64 matrices at 18 GFLOP/s, python at 53")
    assert "what multiplies there, OpenBLAS 0.3.31 Zen, and not the rest of the port" in line


def test_slow_products_are_said_once_for_a_dtype() -> None:
    old = [ALIKE[0], contestant("old", ["OpenBLAS 0.3.31 Zen"])]
    slow = group({"python": 3e5, "old": 9e5})
    assert warnings(old, [slow, slow], 1) == warnings(old, [slow], 1)


def test_another_number_of_threads_is_said() -> None:
    assert warnings([contestant("mine", ["X"], threads="8")], [], 1) == ["mine: expected 1 threads, it says 8"]
    assert warnings([contestant("mine", ["X"], threads="unknown")], [], 1) == []


def test_a_noisy_machine_is_said() -> None:
    [line] = warnings([], [group({}, floor=0.12)], 1)
    assert "up to 12%" in line


def test_a_port_that_is_wrong_is_said_not_to_be_timed() -> None:
    [line] = warnings([], of_functions().groups, 1)
    assert line.startswith(f"{ALPHA} is wrong in ridge-n5-d4-float32, and not timed there: w[0]=1, but should be 2")


def test_functions_need_no_library_but_two_that_are_loaded_are_named() -> None:
    groups = of_functions().groups[:1]
    assert warnings([ALIKE[0], contestant("mine", [], "none")], groups, 1) == []
    [line] = warnings([ALIKE[0], contestant("mine", ["MKL 2025"])], groups, 1)
    assert "2 different libraries" in line
