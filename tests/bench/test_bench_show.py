"""A benchmark on one screen."""

from __future__ import annotations

import pytest
from gradparity.bench.baselines import changes
from gradparity.bench.records import BenchResult
from gradparity.bench.show import Blas, bench_report, blas_report
from gradparity.bench.tables import seconds, size
from rich.console import Console
from sample_run import ALPHA, BETA, agreeing, of_functions


@pytest.fixture
def result() -> BenchResult:
    """As it was recorded: nothing is measured here."""
    recorded = agreeing().bench
    assert recorded
    return recorded


def printed(result: BenchResult, compared: bool = False) -> str:
    console = Console(width=200, record=True, file=None, highlight=False, quiet=True)
    console.quiet = False
    with console.capture() as capture:
        console.print(bench_report(result, changes(result, result) if compared else None))
    return capture.get()


def test_the_screen_has_every_part(result: BenchResult) -> None:
    text = printed(result)
    title = "gradient, 784-50-10, relu, batch 100, float64"
    for part in (title, "python again", "within noise", "x products", "GFLOP/s"):
        assert part in text
    for row in ("forward", "train step", "affine", "softmax with loss", "gradient, batch 1"):
        assert f"\n{row}" in text
    for cost in ("process", "runtime", "first call", "steady from", "empty request", "memory peak", "a call adds"):
        assert cost in text
    assert "1 thread, " in text and "measured - 4 groups in" in text


def test_the_verdicts_stand_beside_their_ratios(result: BenchResult) -> None:
    rows = {line.split("  ")[0]: " ".join(line.split()) for line in printed(result).split("\n\n")[0].splitlines()}
    assert "0.700 [0.697, 0.704] faster" in rows[ALPHA] and "1.240 [1.237, 1.243] slower" in rows[BETA]
    assert "1.000 [0.995, 1.006] within noise" in rows["python again"]


def test_the_same_benchmark_has_not_changed(result: BenchResult) -> None:
    text = printed(result, compared=True)
    count = len(changes(result, result))
    assert f"{count} of {count} have not changed beyond noise" in text


def test_nothing_measured_is_shown_as_nothing(result: BenchResult) -> None:
    empty = result.model_copy(update={"groups": [], "interrupted": True})
    assert "incomplete - 0 groups" in printed(empty) and "interrupted" in printed(empty)


@pytest.mark.parametrize(
    ("nanoseconds", "text"),
    [(0.0, "0"), (0.5, "0.5 ns"), (850.0, "850 ns"), (1500.0, "1.5 µs"), (2.5e8, "250 ms"), (3.2e9, "3.2 s")],
)
def test_times_have_a_unit(nanoseconds: float, text: str) -> None:
    assert seconds(nanoseconds) == text


@pytest.mark.parametrize(("count", "text"), [(None, "-"), (0.0, "0 B"), (-2048.0, "-2 kB"), (5.5 * 2**20, "6 MB")])
def test_sizes_have_a_unit(count: float | None, text: str) -> None:
    assert size(count) == text


def test_the_libraries_are_listed_with_how_to_change_them() -> None:
    console = Console(width=120)
    same = ("OpenBLAS 1 Zen", "a", "set X")
    found = [Blas("a:native", *same), Blas("a:embedded", *same), Blas("b", "gemm\x1b[2J", "b", "")]
    with console.capture() as capture:
        console.print(blas_report(found))
    text = capture.get()
    assert text.count("a: set X") == 1 and "\x1b" not in text


def test_functions_are_shown_by_case_and_what_is_not_timed_says_why() -> None:
    lines = [" ".join(line.split()) for line in printed(of_functions()).splitlines()]
    small, single = "n 5, d 4, float64", "n 5, d 4, float32"
    assert lines[0] == "ridge, time of a call"
    assert any(line.startswith(f"reference {small}") and "the reference" in line for line in lines)
    assert any(line.startswith(f"{ALPHA} {small}") and "faster" in line for line in lines)
    assert any(line.startswith(f"{ALPHA} {single} - - - - wrong") for line in lines)
    assert any(line.startswith(f"{BETA} {single} - - - - not implemented") for line in lines)
    assert any(line.startswith("ridge, n 5, d 4 float32") and "wrong not implemented" in line for line in lines)
    assert (
        lines[-1].startswith("wrong - 2 groups") and f"{ALPHA}, beside reference, faster in 1, wrong in 1" in lines[-1]
    )


def test_functions_have_no_roofline() -> None:
    assert "products" not in printed(of_functions())
