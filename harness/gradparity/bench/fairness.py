"""What makes a comparison unfair, or its figures doubtful, in words."""

from __future__ import annotations

from collections.abc import Sequence
from math import nan
from statistics import median

from .contestant import Contestant
from .records import CONTROL, ROOFLINE, GroupResult, Series, wrong_cases

SLOW_PRODUCTS = 1.5  # times the fastest runner's
NOISY = 0.05


def warnings(contestants: Sequence[Contestant], groups: Sequence[GroupResult], threads: int) -> list[str]:
    """One line for each."""
    running = [one for one in contestants if one.info and one.info.version and one.label != CONTROL]
    functions = any(group.kind == "function" for group in groups)  # which may multiply nothing
    return [
        *_wrong(groups),
        *_threads(running, threads),
        *_libraries([one for one in running if one.blas] if functions else running),
        *_slow_products(running, groups),
        *_noise(groups),
    ]


def library(one: Contestant) -> str:
    """What multiplies matrices there: what its process has loaded, or else what it says."""
    return ", ".join(one.blas) or (one.info.blas if one.info else "")


def _wrong(groups: Sequence[GroupResult]) -> list[str]:
    told = []
    for runner, cases in wrong_cases(groups).items():
        first, why = next(iter(cases.items()))
        more = f" and in {len(cases) - 1} more cases" if len(cases) > 1 else ""
        told.append(f"{runner} is wrong in {first}{more}, and not timed there: {why}; `gradparity check` says more")
    return told


def _threads(running: Sequence[Contestant], threads: int) -> list[str]:
    told = [(one.label, one.info.threads) for one in running if one.info]
    wrong = [(label, came) for label, came in told if came not in (str(threads), "unknown")]
    return [f"{label}: expected {threads} threads, it says {came}" for label, came in wrong]


def _libraries(running: Sequence[Contestant]) -> list[str]:
    users: dict[str, list[str]] = {}
    for one in running:
        users.setdefault(library(one), []).append(one.label)
    if len(users) < 2:
        return []
    told = "; ".join(f"{', '.join(labels)}: {name}" for name, labels in users.items())
    advice = "`gradparity bench --blas` says how to make them equal"
    return [f"{len(users)} different libraries multiply matrices ({told}); {advice}"]


def _slow_products(running: Sequence[Contestant], groups: Sequence[GroupResult]) -> list[str]:
    """A runner whose products alone are slow: that is its library, or its own loops, and not the rest of the port.

    Each is told once for a dtype, of the first case.
    """
    found: dict[tuple[str, str], str] = {}
    for group in [group for group in groups if group.kind == "pass"]:
        times = {one.runner: time_of(one) for one in group.series if one.operation == ROOFLINE and one.samples}
        best = min(times, key=lambda label: times[label], default="")
        for one in running:
            if one.label in times and times[one.label] > SLOW_PRODUCTS * times[best]:
                slow, fast = (group.flops / times[label] for label in (one.label, best))
                found.setdefault(
                    (one.label, group.case.dtype),
                    f"{one.label} multiplies {group.case.dtype} matrices at {slow:.0f} GFLOP/s, {best} at {fast:.0f}:"
                    f" that is what multiplies there, {library(one)}, and not the rest of the port",
                )
    return [*found.values()]


def _noise(groups: Sequence[GroupResult]) -> list[str]:
    worst = max((value for group in groups for value in group.floor.values()), default=0.0)
    return [f"a noisy machine: the reference strayed from itself by up to {worst:.0%}"] if worst > NOISY else []


def time_of(series: Series) -> float:
    """The median time of a call in nanoseconds."""
    return median([sample for turn in series.samples for sample in turn[1:]] or [nan])
