"""Benchmarks kept to compare later ones with."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from platformdirs import user_data_path
from pydantic import ValidationError

from ..arithmetic.verdicts import Speed
from ..errors import UsageError, first_problem
from .records import BenchResult, GroupResult
from .statistics import interval, log_ratios, speed


def baseline_path(name: str) -> Path:
    """A name is kept with the user's data; what ends in .json is a file."""
    return Path(name) if name.endswith(".json") else user_data_path("gradparity") / "baselines" / f"{name}.json"


def save(result: BenchResult, name: str) -> Path:
    """Write it, whole or not at all. Raises UsageError where that cannot be."""
    path = baseline_path(name)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = path.with_suffix(".part")
        draft.write_text(result.model_dump_json(indent=1), encoding="utf-8")
        draft.replace(path)
    except OSError as error:
        raise UsageError(f"--save {name}: {error}") from None
    return path


def read(name: str) -> BenchResult:
    """The baseline of this name or in this file. Raises UsageError that says what is wrong with it."""
    path = baseline_path(name)
    try:
        return BenchResult.model_validate_json(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        there = ", ".join(sorted(p.stem for p in path.parent.glob("*.json"))) or "none"
        raise UsageError(f"--compare {name}: no such baseline; there are: {there} (--save NAME makes one)") from None
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"--compare {name}: {error}") from None
    except ValidationError as error:
        raise UsageError(f"--compare {name}: not a benchmark of this version: {first_problem(error)}") from None


def differences(baseline: BenchResult, result: BenchResult) -> list[str]:
    """Why the two are not comparable: another machine, another benchmark, other conditions."""
    now, then = result.machine.model_dump(), baseline.machine.model_dump()
    found = [f"another machine ({key}: {then[key]}, now {now[key]})" for key in now if now[key] != then[key]]
    if baseline.method != result.method:
        found.append("another benchmark (the code that measures, the cases or the reference have changed)")
    if baseline.conditions.threads != result.conditions.threads:
        found.append(f"another number of threads ({baseline.conditions.threads}, now {result.conditions.threads})")
    return found


@dataclass(frozen=True)
class Change:
    """One runner's operation in both: how its time, as a multiple of the reference's, has changed."""

    group: GroupResult
    runner: str
    operation: str
    ratio: float
    low: float
    high: float
    word: Speed


def changes(baseline: BenchResult, result: BenchResult) -> list[Change]:
    """Of everything that both have measured, in the new one's order. The wider of the two noise floors holds."""
    before = {(g.kind, g.case.name): g for g in baseline.groups}
    found = []
    for group in result.groups:
        old = before.get((group.kind, group.case.name))
        for one in group.series if old else []:
            assert old
            pairs = [_logs(one.runner, one.operation, g, result.reference) for g in (group, old)]
            if one.runner != result.reference and all(len(logs) >= 2 for logs in pairs):
                floor = max(g.floor.get(one.operation, math.inf) for g in (group, old))
                middle, low, high = interval(*pairs)
                verdict = speed(low, high, math.log1p(floor))
                ratio, low, high = (math.exp(value) for value in (middle, low, high))
                found.append(Change(group, one.runner, one.operation, ratio, low, high, verdict))
    return found


def _logs(runner: str, operation: str, group: GroupResult, reference: str) -> NDArray[Any]:
    samples = {s.runner: s.samples for s in group.series if s.operation == operation and s.samples}
    if runner not in samples or reference not in samples:
        return np.empty(0)
    return log_ratios(samples[runner], samples[reference])
