"""A whole benchmark: start everything, one group after the other, and what follows from the samples."""

from __future__ import annotations

import hashlib
import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..errors import UsageError
from ..machine import this_machine
from ..parts import Growing
from ..ports.info import State
from ..ports.manifest import Runner
from ..ports.session import REQUEST_SECONDS, Failure, PortFailure
from .beside import demand_other_names, reference_runner
from .clock import SAMPLES
from .conditions import cores_for, load_average, switches
from .contestant import Contestant
from .estimates import estimates, floors
from .fairness import warnings
from .operation import Operation
from .plan import Group
from .records import CONTROL, BenchResult, Conditions, GroupResult, Series
from .rounds import MIN_ROUNDS, Turns, run_rounds
from .task import Task, task_of

SAMPLE_SECONDS = 0.002
LEAST_SAMPLE_SECONDS = 0.0002  # where the budget is small: fewer calls rather than fewer rounds
NARROW = 0.005  # of the logarithm of a ratio: half a percent
BUDGET_SECONDS = 75.0
MEASURING = ("plan", "layers", "products", "clock", "rounds", "statistics")  # what decides what a figure means


@dataclass(frozen=True)
class BenchOptions:
    """How to measure. ``budget``: seconds for the rounds; ``narrow``: when to stop before; ``seconds``: a request.

    ``reference`` is the file of the functions, where the cases are theirs.
    """

    threads: int = 1
    budget: float = BUDGET_SECONDS
    narrow: float = NARROW
    seconds: float = REQUEST_SECONDS
    data_dir: Path | None = None
    reference: Path | None = None


Progress = Callable[[str, float], None]
"""What is going on, and how much of the budget is spent, from 0 to 1."""


def method(plan: list[Group]) -> str:
    """A digest of what decides what a figure means: the code that measures, the plan, functions' reference."""
    here = Path(__file__).parent
    digest = hashlib.sha256()
    for name in MEASURING:
        digest.update((here / f"{name}.py").read_bytes())
    for group in plan:
        operations = [f"{op.name} {op.word} {sorted(op.fields.items())}" for op in group.operations]
        digest.update("\n".join([group.kind, group.spec.name, *operations]).encode() + group.source)
    return digest.hexdigest()[:12]


def run_bench(
    runners: list[Runner],
    required: list[str],
    plan: list[Group],
    options: BenchOptions,
    command: str,
    progress: Progress,
    keep: Callable[[BenchResult], object] = lambda part: None,
) -> BenchResult:
    """Time these runners beside the reference and its control. After an interrupt, with what was measured so far.

    Raises UsageError where the reference itself cannot be timed, DataMissing as ``draw`` does.
    """
    began = time.monotonic()
    tasks = [task_of(group.spec, options.threads, options.data_dir) for group in plan]
    found = Growing(BenchResult(), keep)
    bench = _Bench(runners, plan, options, progress, found)
    load_before = load_average()
    conditions = Conditions(
        threads=options.threads, pinned=bench.cores, not_pinned=bench.not_pinned, load_before=load_before
    )
    found.add(
        BenchResult(
            command=command,
            method=method(plan),
            machine=this_machine(),
            conditions=conditions,
            reference=bench.reference,
            required=required,
            interrupted=True,  # until its end
        )
    )
    interrupted = False
    try:
        bench.start()
        for group, task in zip(plan, tasks, strict=True):
            bench.group(group, task)
    except KeyboardInterrupt:
        interrupted = True
    finally:
        bench.close()
    found.add(
        BenchResult(
            conditions=Conditions(load_after=load_average()),
            runners=[one.record() for one in bench.contestants if one.info],
            warnings=warnings(bench.contestants, found.whole.groups, options.threads),
            interrupted=interrupted,
            seconds=round(time.monotonic() - began, 1),
        )
    )
    return found.whole


class _Bench:
    """The contestants and the groups that are done."""

    def __init__(
        self,
        runners: list[Runner],
        plan: list[Group],
        options: BenchOptions,
        progress: Progress,
        found: Growing[BenchResult],
    ) -> None:
        reference = reference_runner(options.reference)
        demand_other_names(runners, reference)
        self.reference = reference.label
        others = [runner for runner in runners if runner.label != self.reference]
        self.options, self.progress, self.found = options, progress, found
        self.cores, self.not_pinned = cores_for(options.threads)
        named = [(reference, self.reference), (reference, CONTROL), *((runner, runner.label) for runner in others)]
        self.contestants = [
            Contestant(runner, label, options.threads, options.seconds, self.cores) for runner, label in named
        ]
        self.share = sum(group.share for group in plan)
        self.left = options.budget
        self.rng = np.random.Generator(np.random.Philox(0))

    def start(self) -> None:
        """One after the other, so that none slows another's start."""
        for one in self.contestants:
            self.progress(f"starting {one.label}", 0.0)
            info = one.start()
            self.found.add(BenchResult(runners=[one.record()]))
            if one.label == self.reference and info.state is not State.READY:
                raise UsageError(f"the reference cannot be timed: {info.reason}")

    def group(self, group: Group, task: Task) -> None:
        """One group: everything that can be timed on its case, in rounds."""
        missing: list[Series] = []
        turns = [one for contestant in self.contestants for one in self._enter(contestant, group, task, missing)]
        before = {one.label: switches(one.session.process.pid) for one in self.contestants if one.session}
        seconds = self.left * group.share / self.share
        affordable = seconds / (1.5 * MIN_ROUNDS * 2 * SAMPLES * max(1, len(turns)))
        sample_seconds = min(SAMPLE_SECONDS, max(LEAST_SAMPLE_SECONDS, affordable))
        start = time.monotonic()
        spent = self.options.budget - self.left

        def broke(turn: Turns, failure: PortFailure) -> None:
            missing.append(_missing(turn.label, turn.operation, failure))
            gone = next(one for one in self.contestants if one.label == turn.label)
            gone.broke(failure, group.title)
            if failure.ends_session:
                lost = [t for t in turns if t.session is turn.session and t is not turn]
                missing.extend(_missing(t.label, t.operation, failure) for t in lost)

        def tick() -> None:
            done = spent + min(time.monotonic() - start, seconds)
            self.progress(group.title, done / self.options.budget)

        try:
            clocks = {one.label: one.clock for one in self.contestants}
            run_rounds(
                turns,
                self.reference,
                clocks,
                sample_seconds,
                self.options.narrow,
                start + seconds,
                self.rng,
                broke,
                tick,
            )
        finally:
            self.left -= min(time.monotonic() - start, self.left)
            self.share -= group.share
            for one in self.contestants:
                if one.session:
                    one.count_switches(before.get(one.label))
            self._keep(group, turns, missing)

    def _enter(self, one: Contestant, group: Group, task: Task, missing: list[Series]) -> list[Turns]:
        """The runner's turns in this group; what it cannot time goes to ``missing``."""
        try:
            if not one.ready():
                return []
            reasons = {op.name: one.can(op, group.spec) for op in group.operations}
            able = [op for op in group.operations if not reasons[op.name]]
            for name, reason in reasons.items():
                if reason:
                    missing.append(Series(runner=one.label, operation=name, missing="not implemented", trouble=reason))
            if able and (unfit := one.load(task, able[0])):
                one.unfit(unfit, group.title)
                word, why = str(unfit.verdict), unfit.why
                missing += [Series(runner=one.label, operation=op.name, missing=word, trouble=why) for op in able]
                return []
        except PortFailure as failure:
            one.broke(failure, group.title)
            missing.extend(_missing(one.label, op, failure) for op in group.operations)
            return []
        return [Turns(one.label, one.running, op) for op in able]

    def _keep(self, group: Group, turns: list[Turns], missing: list[Series]) -> None:
        lost = {(one.runner, one.operation) for one in missing}
        series = [
            Series(runner=t.label, operation=t.operation.name, calls=t.calls, samples=t.samples)
            for t in turns
            if (t.label, t.operation.name) not in lost and len(t.samples) >= 2
        ]
        floor = floors(series, self.reference)
        result = GroupResult(
            kind=group.kind,
            case=group.case,
            along=group.along,
            at=group.at,
            flops=group.flops,
            rounds=max((len(one.samples) // 2 for one in series), default=0),
            series=[*series, *missing],
            estimates=estimates(series, self.reference, floor),
            floor={name: value for name, value in floor.items() if math.isfinite(value)},
        )
        self.found.add(BenchResult(groups=[result]))

    def close(self) -> None:
        """End all processes."""
        for one in self.contestants:
            one.close()


def _missing(label: str, operation: Operation, failure: PortFailure) -> Series:
    absent = "not implemented" if failure.kind is Failure.UNSUPPORTED else "could not run"
    trouble = f"{failure.operation}: {failure.what}"
    return Series(runner=label, operation=operation.name, missing=absent, trouble=trouble)
