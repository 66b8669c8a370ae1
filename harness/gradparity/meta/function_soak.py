"""The false-alarm search of a reference file: its functions in other arithmetics, which must never be judged wrong.

One check is one arithmetic on one random case: every result of the function. An alarm is shrunk to the smallest case
that still shows it.
"""

from __future__ import annotations

import shlex
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import cache, partial
from pathlib import Path
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from ..arithmetic.carried import bare
from ..arithmetic.namespace import seen_by
from ..arithmetic.precision import Array
from ..arithmetic.verdicts import Verdict
from ..check.function_check import judged
from ..errors import UsageError
from ..functions.cases import FunctionSpec, select_function_cases, shrunk
from ..functions.expected import FunctionReference, Undecidable
from ..functions.function import BadReference, Function, as_arguments
from ..functions.loading import read_reference
from .correct import ARITHMETICS, Correct
from .function_tallies import FunctionAlarm, FunctionSoak, ResultTally
from .random_functions import random_function_spec
from .soak import mapped

PER_CASE = 8  # arithmetics of each case: its envelope costs as much as some of them
SHRINK_ATTEMPTS = 60

BY_NAME = {one.name: one for one in ARITHMETICS}


@dataclass
class _Outcome:
    """What one case showed. It travels between processes: so alarms are names."""

    tallies: list[ResultTally] = field(default_factory=list)
    skipped: list[tuple[str, str]] = field(default_factory=list)  # what, and why
    checks: int = 0


def run_function_soak(
    path: Path,
    checks: int,
    seed: int,
    progress: Callable[[int], None] = lambda done: None,
    workers: int | None = None,
) -> FunctionSoak:
    """So many checks on random cases of the file's functions; ``progress`` is told how many have just been done.

    ``workers`` as of `run_soak`. Raises UsageError where the file is no reference, or no case says anything.
    """
    read_reference(path)
    per_case = min(PER_CASE, len(ARITHMETICS))
    full, rest = divmod(checks, per_case)
    counts = [per_case] * full + [rest] * bool(rest)
    return _collect(path, partial(_random_case, path, seed), range(len(counts)), counts, progress, workers)


def soak_function_cases(
    path: Path,
    wanted: tuple[str, ...],
    seeds: Sequence[int],
    progress: Callable[[int], None] = lambda done: None,
    workers: int | None = None,
) -> FunctionSoak:
    """Every arithmetic in each of these cases of these seeds: how an alarm is shown again. Raises UsageError."""
    cases = [(name, seed) for name in select_function_cases(read_reference(path).functions, wanted) for seed in seeds]
    return _collect(path, partial(_named_case, path), cases, [len(ARITHMETICS)] * len(cases), progress, workers)


@cache
def _functions(path: Path) -> Mapping[str, Function]:
    """Those of the file, read once in each process."""
    return read_reference(path).functions


def _random_case(path: Path, seed: int, index: int, count: int) -> _Outcome:
    spec, case_seed, rng = random_function_spec(_functions(path), seed, index)
    return _outcome(spec, case_seed, [ARITHMETICS[i] for i in rng.permutation(len(ARITHMETICS))[:count]])


def _named_case(path: Path, case: tuple[str, int], _: int) -> _Outcome:
    [spec] = select_function_cases(_functions(path), case[:1]).values()
    return _outcome(spec, case[1], ARITHMETICS)


def _outcome(spec: FunctionSpec, seed: int, arithmetics: Sequence[Correct]) -> _Outcome:
    outcome = _Outcome()
    try:
        reference = FunctionReference(spec, seed)
        reference.compute()
    except (Undecidable, BadReference) as why:
        return _Outcome(skipped=[(f"cases of {spec.function.name}", f"{spec.name}, seed {seed}: {why}")])
    for arithmetic in arithmetics:
        try:
            results = computed(arithmetic, reference)
        except Exception as error:  # LAPACK has no long double, for one
            reason = f"{type(error).__name__}: {error}"
            outcome.skipped.append((f"{spec.function.name} {arithmetic.name}", reason))
            continue
        outcome.checks += 1
        outcome.tallies += [_tally(reference, arithmetic, name, came) for name, came in results.items()]
    return outcome


def computed(arithmetic: Correct, reference: FunctionReference) -> dict[str, Array]:
    """The reference's results in another arithmetic. Whatever the function raises is raised."""
    whole = reference.whole
    function = whole.function
    given = as_arguments(whole.inputs)
    floats = {name: one for name, one in whole.inputs.items() if one.dtype.kind == "f"}
    given |= {name: arithmetic.array(arithmetic.taken_in(one)) for name, one in floats.items()}
    with seen_by(function.reference)(arithmetic), np.errstate(all="ignore"):
        found = function.results(given)
    return {name: np.array(bare(one)).astype(whole.results[name].dtype) for name, one in found.items()}


def _tally(reference: FunctionReference, arithmetic: Correct, name: str, came: Array) -> ResultTally:
    spec, expected = reference.spec, reference.whole.results[name]
    figures = judged(came, expected, reference.whole.allowance(name)) if came.shape == expected.shape else None
    verdict = figures.verdict if figures else Verdict.WRONG
    ratio = figures.ratio if figures else np.inf
    return ResultTally(
        function=spec.function.name,
        result=name,
        dtype=spec.dtype,
        arrays=1,
        differing=int(verdict is not Verdict.IDENTICAL),
        unresolved=int(verdict is Verdict.UNRESOLVED),
        ratio=0.0 if verdict is Verdict.UNRESOLVED else ratio,
        arithmetic=arithmetic.name,
        case=spec.name,
        seed=reference.seed,
    )


def _collect(
    path: Path,
    job: Callable[..., _Outcome],
    items: Sequence[Any],
    counts: Sequence[int],
    progress: Callable[[int], None],
    workers: int | None,
) -> FunctionSoak:
    start = time.perf_counter()
    tallies: dict[tuple[str, str, str], ResultTally] = {}
    alarming: dict[tuple[str, str], ResultTally] = {}
    skipped: dict[str, tuple[int, str]] = {}
    checks = 0
    with ExitStack() as stack:
        stack.enter_context(threadpool_limits(1))
        for count, outcome in zip(counts, mapped(stack, job, items, counts, workers), strict=True):
            for one in outcome.tallies:
                key = (one.function, one.result, one.dtype)
                tallies[key] = tallies[key].plus(one) if key in tallies else one
                if not one.ratio <= 1:  # one alarm of a result is enough to shrink
                    alarming.setdefault((one.function, one.result), one)
            for what, why in outcome.skipped:
                times, first = skipped.get(what, (0, why))
                skipped[what] = (times + 1, first)
            checks += outcome.checks
            progress(count)
        alarms = [_shrunk(path, one) for one in alarming.values()]
    told = [f"{what}: {times} times, as {why}" for what, (times, why) in skipped.items()]
    if not checks:
        raise UsageError(f"{path}: no case said anything: {'; '.join(told)}")
    return FunctionSoak(
        cases=len(items),
        checks=checks,
        seconds=time.perf_counter() - start,
        tallies=[tallies[key] for key in sorted(tallies)],
        alarms=alarms,
        skipped=told,
    )


def _shrunk(path: Path, found: ResultTally) -> FunctionAlarm:
    """The same arithmetic's alarm of the same result, in the smallest case with the same seed that shows it."""
    [spec] = select_function_cases(_functions(path), (found.case,)).values()
    smallest = found

    def shows(tried: FunctionSpec) -> bool:
        nonlocal smallest
        tallies = _outcome(tried, found.seed, [BY_NAME[found.arithmetic]]).tallies
        alarms = [one for one in tallies if one.result == found.result and not one.ratio <= 1]
        smallest = alarms[-1] if alarms else smallest
        return bool(alarms)

    shrunk(spec, shows, SHRINK_ATTEMPTS)
    words = ["gradparity", "soak", "--reference", str(path), "--case", smallest.case, "--seeds", str(smallest.seed)]
    return FunctionAlarm(
        function=found.function,
        result=found.result,
        arithmetic=found.arithmetic,
        case=smallest.case,
        seed=smallest.seed,
        ratio=smallest.ratio,
        found=f"{found.case}, seed {found.seed}",
        command=shlex.join(words),
    )
