"""The false-alarm search: random nets, and correct implementations of them that must never be judged wrong.

One check is one implementation on one case: every layer by itself, every array of the pass, and the accuracy. (The
gradient, the loss and the logits are arrays of the pass.) An alarm is shrunk to the smallest case that still shows it.
"""

from __future__ import annotations

import multiprocessing
import os
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

import numpy as np
from pydantic import BaseModel, ConfigDict
from threadpoolctl import threadpool_limits

from ..arithmetic.verdicts import RESOLVED, Allowance, Verdict, judge
from ..cases import Array, CaseSpec, draw
from ..reference import Reference
from .correct import CORRECT, Correct
from .random_cases import random_spec, simpler_cases

PER_CASE = 8  # implementations of each case: drawing it and its reference costs as much as some of them
SHRINK_SEEDS = 16  # of each simpler case: another case is another draw, so the old seed shows nothing special
SHRINK_SECONDS = 30.0  # for each alarm

T = TypeVar("T")

LAYERS, ELEMENTS, ARRAYS, ACCURACY = "layers", "elements", "arrays", "accuracy"


class _Record(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, ser_json_inf_nan="strings", allow_inf_nan=True)


class Alarm(_Record):
    """A correct implementation judged wrong: the smallest case that shows it, and the case that it was found in."""

    spec: CaseSpec
    seed: int
    implementation: str
    question: str
    array: str
    ratio: float
    found: str

    @property
    def file(self) -> str:
        """The name of its case file."""
        return f"soak-{self.spec.name}.toml"

    @property
    def command(self) -> str:
        """Shows the alarm again, once ``toml`` is in ``file``."""
        return f"gradparity soak --case {self.file} --seeds {self.seed}"

    @property
    def toml(self) -> str:
        """The case file."""
        keys = self.spec.model_dump(exclude_defaults=True)
        lines = [f"{key} = {_toml(value)}" for key, value in keys.items()]
        told = f"# {self.implementation}: {self.question} {self.array}, ratio {self.ratio:.3g}, seed {self.seed}"
        return "\n".join([told, *lines, ""])


class Tally(_Record):
    """The arrays judged by one question in one dtype, how sharply, and the closest call."""

    question: str
    dtype: str
    arrays: int = 0
    differing: int = 0  # not bit-equal to the reference's
    unresolved: int = 0  # of the differing ones, those in which no relative error of 1e-3 would have been seen
    ratio: float = 0.0
    case: str = ""
    seed: int = 0
    implementation: str = ""
    array: str = ""

    def plus(self, other: Tally) -> Tally:
        """Both together."""
        worse = other if other.ratio > self.ratio else self
        sums = {key: getattr(self, key) + getattr(other, key) for key in ("arrays", "differing", "unresolved")}
        return worse.model_copy(update=sums)


class SoakResult(_Record):
    """A whole soak. ``unresolved`` counts the checks in which some array's verdict was that."""

    cases: int
    checks: int
    unresolved: int
    seconds: float
    alarms: list[Alarm]
    tallies: list[Tally]

    @property
    def exit_code(self) -> int:
        """0 without an alarm, else 1."""
        return 1 if self.alarms else 0


@dataclass(frozen=True)
class _Expected:
    """An array of the reference, and what each question allows in it. ``layer`` is its place among the layers."""

    layer: int | None
    name: str
    array: Array
    parts: dict[str, Allowance]
    sharp: dict[str, bool]  # whether a relative error of 1e-3 would be seen

    @staticmethod
    def of(layer: int | None, name: str, array: Array, parts: dict[str, Allowance]) -> _Expected:
        size = np.where(np.isfinite(array), array, 0).astype(np.float64)
        resolutions = {question: part.resolution(size) for question, part in parts.items()}
        sharp = {question: r is not None and r <= RESOLVED for question, r in resolutions.items()}
        return _Expected(layer, name, array, parts, sharp)


@dataclass
class _Outcome:
    """What the checks of one case found: the tallies by question, and for each check its worst alarm, if any."""

    tallies: dict[str, Tally]
    alarms: list[Alarm]
    checks: int = 0
    unresolved: int = 0


def run_soak(
    checks: int,
    seed: int,
    progress: Callable[[int], None] = lambda done: None,
    implementations: Sequence[Correct] = CORRECT,
    workers: int | None = None,
) -> SoakResult:
    """So many checks on random cases; ``progress`` is told how many of them have just been done.

    ``workers`` processes with one BLAS thread each, as many as there are processors; 0: this process alone.
    """
    per_case = min(PER_CASE, len(implementations))
    full, rest = divmod(checks, per_case)
    counts = [per_case] * full + [rest] * bool(rest)
    job = partial(_random_case, seed, list(implementations))
    return _collect(job, range(len(counts)), counts, progress, implementations, workers)


def soak_cases(
    cases: Sequence[tuple[CaseSpec, int]],
    progress: Callable[[int], None] = lambda done: None,
    implementations: Sequence[Correct] = CORRECT,
    workers: int | None = None,
) -> SoakResult:
    """Every implementation on each of these cases of these seeds: how an alarm is shown again."""
    counts = [len(implementations)] * len(cases)
    job = partial(_given_case, list(implementations))
    return _collect(job, cases, counts, progress, implementations, workers)


def _random_case(seed: int, implementations: list[Correct], index: int, count: int) -> _Outcome:
    rng = np.random.Generator(np.random.Philox(np.random.SeedSequence([seed, index, 1])))
    chosen = rng.permutation(len(implementations))[:count]
    spec, case_seed = random_spec(seed, index)
    return check_case(spec, case_seed, [implementations[i] for i in chosen])


def _given_case(implementations: list[Correct], case: tuple[CaseSpec, int], _: int) -> _Outcome:
    return check_case(*case, implementations)


def _collect(
    job: Callable[..., _Outcome],
    items: Sequence[object],
    counts: Sequence[int],
    progress: Callable[[int], None],
    implementations: Sequence[Correct],
    workers: int | None,
) -> SoakResult:
    start = time.perf_counter()
    tallies: dict[tuple[str, str], Tally] = {}
    found: dict[tuple[str, str], Alarm] = {}
    done = unresolved = 0
    with ExitStack() as stack:
        stack.enter_context(threadpool_limits(1))
        for outcome in mapped(stack, job, items, counts, workers):
            for tally in outcome.tallies.values():
                key = (tally.question, tally.dtype)
                tallies[key] = tallies[key].plus(tally) if key in tallies else tally
            for alarm in outcome.alarms:  # one alarm of a kind is enough to shrink
                found.setdefault((alarm.question, alarm.implementation), alarm)
            done, unresolved = done + outcome.checks, unresolved + outcome.unresolved
            progress(outcome.checks)
        by_name = {one.name: one for one in implementations}
        alarms = [shrink_alarm(alarm, by_name[alarm.implementation]) for alarm in found.values()]
    seconds = time.perf_counter() - start
    ordered = [tallies[key] for key in sorted(tallies)]
    return SoakResult(
        cases=len(items), checks=done, unresolved=unresolved, seconds=seconds, alarms=alarms, tallies=ordered
    )


def mapped(
    stack: ExitStack, job: Callable[..., T], items: Sequence[object], counts: Sequence[int], workers: int | None
) -> Iterator[T]:
    """What the job makes of each item and count, in order, in so many processes; 0: in this one."""
    if workers == 0:
        return map(job, items, counts)
    spawn = multiprocessing.get_context("spawn")  # a fork would take over BLAS threads that are not there
    pool = ProcessPoolExecutor(workers or os.cpu_count(), mp_context=spawn, initializer=_one_thread)
    stack.callback(pool.shutdown, cancel_futures=True)
    return pool.map(job, items, counts, chunksize=4)


def _one_thread() -> None:
    threadpool_limits(1)


def check_case(spec: CaseSpec, seed: int, implementations: Sequence[Correct]) -> _Outcome:
    """Judge every array of these implementations of one case."""
    with np.errstate(all="ignore"):
        reference = Reference(draw(spec, seed))
        expected = list(_expectations(reference))
        questions = {question for one in expected for question in one.parts}
        outcome = _Outcome({q: Tally(question=q, dtype=spec.dtype) for q in questions}, [])
        for implementation in implementations:
            _check(reference, expected, implementation, outcome)
    return outcome


def _expectations(reference: Reference) -> Iterator[_Expected]:
    for i, layer in enumerate(reference.layers):
        for name, array in layer.expected.items():
            yield _Expected.of(i, name, array, {LAYERS: layer.allowances[name]})
    logits = {reference.in_trace("predict", "out"): reference.predict["out"]}
    for name, array in (reference.trace if "trace" in reference.operations else logits).items():
        whole = reference.allowance("trace", name)
        parts = {ELEMENTS: Allowance(limit=whole.limit), ARRAYS: Allowance(spread=whole.spread)}
        yield _Expected.of(None, name, array, parts)
    for operation, key in reference.case.spec.beside_the_trace:
        whole, array = reference.allowance(operation, key), getattr(reference, operation)[key]
        parts = {ELEMENTS: Allowance(limit=whole.limit), ARRAYS: Allowance(spread=whole.spread)}
        yield _Expected.of(None, f"{operation}.{key}", array, parts)
    share = reference.accuracy["accuracy"]
    yield _Expected.of(None, "accuracy", share, {ACCURACY: reference.allowance("accuracy", "accuracy")})


def _check(reference: Reference, expected: list[_Expected], implementation: Correct, outcome: _Outcome) -> None:
    """One check, added to the outcome."""
    case = reference.case
    of_pass = implementation.trace(case)
    of_layers = [implementation.layer(layer) for layer in reference.layers]
    worst: Alarm | None = None
    unresolved = False
    for one in expected:
        came = (of_pass if one.layer is None else of_layers[one.layer])[one.name]
        same = came.tobytes() == one.array.tobytes()
        name = one.name if one.layer is None else f"{reference.layers[one.layer].name}.{one.name}"
        unresolved |= not same and not any(one.sharp.values())
        for question, allowance in one.parts.items():
            if question in (ELEMENTS, ARRAYS) and implementation.sorts:
                continue
            figures = None if same else judge(came, one.array, allowance)
            ratio = figures.ratio if figures else 0.0
            tally = Tally.model_construct(
                question=question,
                dtype=case.spec.dtype,
                arrays=1,
                differing=int(not same),
                unresolved=int(not same and not one.sharp[question]),
                ratio=ratio,
                case=case.spec.name,
                seed=case.seed,
                implementation=implementation.name,
                array=name,
            )
            outcome.tallies[question] = outcome.tallies[question].plus(tally)
            if figures and figures.verdict is Verdict.WRONG and (worst is None or not ratio <= worst.ratio):
                worst = Alarm(
                    spec=case.spec,
                    seed=case.seed,
                    implementation=implementation.name,
                    question=question,
                    array=name,
                    ratio=ratio,
                    found=f"{case.spec.name}, seed {case.seed}",
                )
    outcome.checks += 1
    outcome.unresolved += unresolved
    outcome.alarms += [worst] if worst else []


def shrink_alarm(alarm: Alarm, implementation: Correct) -> Alarm:
    """The same implementation's alarm of the same question in the smallest case that is found in SHRINK_SECONDS."""
    end = time.perf_counter() + SHRINK_SECONDS
    smaller: Alarm | None = alarm
    while smaller:
        alarm, smaller = smaller, None
        for spec in simpler_cases(alarm.spec):
            smaller = _alarm_in(spec, alarm, implementation, end)
            if smaller:
                break
    return alarm


def _alarm_in(spec: CaseSpec, alarm: Alarm, implementation: Correct, end: float) -> Alarm | None:
    for seed in range(SHRINK_SEEDS):
        if time.perf_counter() > end:
            return None
        for found in check_case(spec, seed, [implementation]).alarms:
            if found.question == alarm.question:
                return found.model_copy(update={"found": alarm.found})
    return None


def _toml(value: object) -> str:
    if isinstance(value, tuple):
        return f"[{', '.join(map(str, value))}]"
    return f'"{value}"' if isinstance(value, str) else repr(value)
