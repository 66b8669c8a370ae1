"""What has changed from one recorded run to another, beyond noise.

A verdict that changed is a change. A worst ratio that did is none by itself: up to 1 all of it is rounding, and which
order of summation a library chose today says nothing of a port. A time changed where the interval of its change lies
beyond both runs' noise floors. Times of trainings are not compared: they are no benchmark.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum

from ..arithmetic.verdicts import Speed, Verdict
from ..bench.baselines import Change, changes, differences
from ..bench.records import CONTROL
from ..check.records import ORDER, CheckResult
from ..record.reading import Recorded
from ..record.run import Run
from ..train.records import TrainResult, TrainRun
from .environment import EnvironmentChange, OnlyInOne, environment_changes, only_in_one
from .verdict import MatrixCell, matrix


class Outcome(StrEnum):
    """A change in one word."""

    WORSE = "worse"
    BETTER = "better"
    CHANGED = "changed"
    SAME = "no change beyond noise"


@dataclass(frozen=True)
class VerdictChange:
    """One runner and column of the matrix, which both runs have, with another verdict."""

    runner: str
    column: str
    before: MatrixCell
    after: MatrixCell

    @property
    def outcome(self) -> Outcome:
        """By the ladder of verdicts."""
        return _graded(self.before.verdict, self.after.verdict)


@dataclass(frozen=True)
class CaseChange:
    """Cases of one runner whose verdict changed alike; of no runner where they are "new" or "gone"."""

    runner: str
    what: str
    outcome: Outcome
    names: list[str]


@dataclass(frozen=True)
class TrainingChange:
    """The same training of one runner, with another verdict, or another accuracy at its end.

    Weights and batches are the same, so that an accuracy that differs at all is another trajectory.
    """

    before: TrainResult
    after: TrainResult

    @property
    def accuracies(self) -> dict[str, tuple[float, float]]:
        """Of each set of images where it differs: before and after."""
        then, now = (one.epochs[-1].accuracy if one.epochs else {} for one in (self.before, self.after))
        return {name: (then[name], now[name]) for name in then if name in now and then[name] != now[name]}

    @property
    def outcome(self) -> Outcome:
        """By the verdicts alone: an accuracy is not better for being higher, where the reference's is the same."""
        return _graded(self.before.verdict, self.after.verdict)


@dataclass(frozen=True)
class RunComparison:
    """What has changed from one run to another. ``speed`` has what did not change, too.

    ``not_comparable`` says what makes the times, or a training, say nothing of the ports.
    """

    before: Recorded
    after: Recorded
    verdicts: list[VerdictChange]
    cases: list[CaseChange]
    speed: list[Change]
    not_comparable: list[str]
    training: list[TrainingChange]
    environment: list[EnvironmentChange]
    only_in_one: list[OnlyInOne]

    @property
    def beyond_noise(self) -> list[Change]:
        """The times that changed."""
        return [one for one in self.speed if one.word is not Speed.WITHIN_NOISE]

    @property
    def word(self) -> Outcome:
        """Worse where a verdict is; speed counts after that, and only where the times can be compared."""
        changed: list[VerdictChange | CaseChange | TrainingChange] = [*self.verdicts, *self.cases, *self.training]
        verdicts = {one.outcome for one in changed}
        if Outcome.WORSE in verdicts:
            return Outcome.WORSE
        times = {Outcome.WORSE if one.word is Speed.SLOWER else Outcome.BETTER for one in self.beyond_noise}
        graded = (verdicts & {Outcome.BETTER}) | (set() if self.not_comparable else times)
        if len(graded) == 1:
            return graded.pop()
        return Outcome.CHANGED if graded or verdicts or self.only_in_one else Outcome.SAME

    @property
    def headline(self) -> str:
        """The changes in one sentence, the worst first."""
        told = [f"{what} ({', '.join(columns)})" for what, columns in _by_kind(self.verdicts).items()]
        moved: Counter[str] = Counter()
        for case in self.cases:
            moved[case.what] += len(case.names)
        told += [f"{_count(count, 'case')} {what}" for what, count in moved.items()]
        for word in (Speed.SLOWER, Speed.FASTER):
            for runner in dict.fromkeys(one.runner for one in self.beyond_noise if one.word is word):
                own = [one.word for one in self.speed if one.runner == runner]
                told.append(f"{runner} became {word} in {own.count(word)} of {_count(len(own), 'timed operation')}")
        strayed = [one for one in self.training if one.accuracies]
        told += [f"{_count(len(strayed), 'training')} ended with another accuracy"] if strayed else []
        told += [f"{one.what} is only in the {'second' if one.after else 'first'} run" for one in self.only_in_one]
        return "; ".join(told) + "." if told else "Nothing that both runs have has changed beyond noise."


def compare_runs(before: Recorded, after: Recorded) -> RunComparison:
    """From the two records alone."""
    a, b = before.run, after.run
    speed, unlike = [], [f"training {name}: another recipe" for name in _other_recipes(a.train, b.train)]
    if a.bench and b.bench:
        speed = [one for one in changes(a.bench, b.bench) if one.runner != CONTROL]
        unlike = [f"the times before are of {one}" for one in differences(a.bench, b.bench)] + unlike
    return RunComparison(
        before=before,
        after=after,
        verdicts=_verdicts(a, b),
        cases=_cases(a.check, b.check) if a.check and b.check else [],
        speed=speed,
        not_comparable=unlike,
        training=_training(a.train, b.train),
        environment=environment_changes(a, b),
        only_in_one=only_in_one(a, b),
    )


def _graded(before: Verdict, after: Verdict) -> Outcome:
    if before is after or (before.agrees and after.agrees):
        return Outcome.CHANGED
    return Outcome.WORSE if ORDER.index(after) > ORDER.index(before) else Outcome.BETTER


def _by_kind(found: Iterable[VerdictChange]) -> dict[str, list[str]]:
    """The columns of each kind of change of each runner, those that became wrong first."""
    columns: dict[str, list[str]] = {}
    for one in sorted(found, key=lambda one: one.after.verdict is not Verdict.WRONG):
        old, new = one.before.verdict, one.after.verdict
        what = "became wrong" if new is Verdict.WRONG else f"went from {old} to {new}"
        columns.setdefault(f"{one.runner} {what}", []).append(one.column)
    return columns


def _count(count: int, noun: str) -> str:
    return f"{count} {noun}{'s' * (count != 1)}"


def _verdicts(a: Run, b: Run) -> list[VerdictChange]:
    """Over the cases and trainings of both: the worst of other cases would be no change."""
    then, now = matrix(_shared(a, b)).cells, matrix(_shared(b, a)).cells
    return [
        VerdictChange(*key, then[key], now[key])
        for key in now
        if key in then and then[key].verdict is not now[key].verdict
    ]


def _shared(run: Run, other: Run) -> Run:
    check, train = run.check, run.train
    if check and other.check:
        asked = {(case.case, case.seed) for case in other.check.cases}
        check = check.model_copy(update={"cases": [c for c in check.cases if (c.case, c.seed) in asked]})
    if train and other.train:
        others = _other_recipes(train, other.train)
        asked = {(one.recipe, one.seed) for one in other.train.results if one.recipe not in others}
        train = train.model_copy(update={"results": [r for r in train.results if (r.recipe, r.seed) in asked]})
    return run.model_copy(update={"check": check, "train": train})


def _cases(a: CheckResult, b: CheckResult) -> list[CaseChange]:
    then, now = (
        {(case.runner, f"{case.case} [{case.seed}]"): case.verdict for case in check.cases} for check in (a, b)
    )
    moved: dict[tuple[str, Verdict, Verdict], list[str]] = {}
    for (runner, name), verdict in now.items():
        old = then.get((runner, name), verdict)
        if old is not verdict:
            moved.setdefault((runner, old, verdict), []).append(name)
    found = [
        CaseChange(runner, _moved(old, new), _graded(old, new), names) for (runner, old, new), names in moved.items()
    ]
    before, after = (dict.fromkeys(name for _, name in cases) for cases in (then, now))
    for what, names in (("new", [*after.keys() - before.keys()]), ("gone", [*before.keys() - after.keys()])):
        found += [CaseChange("", what, Outcome.CHANGED, sorted(names))] if names else []
    return found


def _moved(before: Verdict, after: Verdict) -> str:
    if after is Verdict.WRONG:
        return "became wrong"
    return "mended" if before is Verdict.WRONG and after.passes else f"{before} before, now {after}"


def _other_recipes(a: TrainRun | None, b: TrainRun | None) -> list[str]:
    then, now = ({one.name: replace(one, printed=()) for one in (run.recipes if run else [])} for run in (a, b))
    return [name for name in now if name in then and then[name] != now[name]]


def _training(a: TrainRun | None, b: TrainRun | None) -> list[TrainingChange]:
    others = _other_recipes(a, b)
    then, now = (
        {(one.runner, one.recipe, one.seed): one for one in (run.results if run else []) if one.recipe not in others}
        for run in (a, b)
    )
    both = [TrainingChange(then[key], now[key]) for key in now if key in then]
    return [one for one in both if one.before.verdict is not one.after.verdict or one.accuracies]
