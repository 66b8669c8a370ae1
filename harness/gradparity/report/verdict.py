"""What a run says in one sentence and one matrix: ports x quantities."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from ..arithmetic.verdicts import Verdict
from ..check.records import Quantity, worst
from ..check.summary import rows
from ..ports.info import RunnerInfo
from ..record.reading import Recorded
from ..record.run import Run
from ..texts import plain
from ..train.records import TrainRun

TRAINING = "training"  # the trajectory: the one column that is no Quantity


@dataclass(frozen=True)
class MatrixCell:
    """One port and quantity over all cases. ``ratio`` is the worst; ``judged`` of ``cases`` were compared."""

    verdict: Verdict
    ratio: float | None
    judged: int
    cases: int


@dataclass(frozen=True)
class Matrix:
    """The cells by runner and column; what was not asked of a runner has none."""

    runners: list[RunnerInfo]
    columns: list[str]
    cells: dict[tuple[str, str], MatrixCell]

    def row(self, runner: str) -> list[MatrixCell | None]:
        """In the columns' order."""
        return [self.cells.get((runner, column)) for column in self.columns]


def matrix(run: Run) -> Matrix:
    """Of the check, and of the updates and trajectories of the training."""
    cells: dict[tuple[str, str], MatrixCell] = {}
    for row in rows(run.check) if run.check else []:
        cell = MatrixCell(row.verdict, row.ratio, row.judged, row.cases)
        key = row.runner, str(row.quantity)
        cells[key] = _beside(cells[key], cell) if key in cells else cell  # that of another function
    for runner, column, verdicts, ratios in _trained(run.train) if run.train else []:
        judged = [verdict for verdict in verdicts if verdict is not Verdict.NOT_IMPLEMENTED]
        found = [ratio for ratio in ratios if ratio is not None]
        cells[runner, column] = MatrixCell(worst(verdicts), max(found, default=None), len(judged), len(verdicts))
    there = {column for _, column in cells}
    columns = [column for column in (*map(str, Quantity), TRAINING) if column in there]
    return Matrix(runners(run), columns, cells)


def _beside(a: MatrixCell, b: MatrixCell) -> MatrixCell:
    ratios = [one.ratio for one in (a, b) if one.ratio is not None]
    return MatrixCell(worst([a.verdict, b.verdict]), max(ratios, default=None), a.judged + b.judged, a.cases + b.cases)


def _trained(train: TrainRun) -> Iterable[tuple[str, str, list[Verdict], list[float | None]]]:
    for one in train.updates:
        cells = one.cells
        yield one.runner, str(Quantity.UPDATE), [cell.verdict for cell in cells], [cell.ratio for cell in cells]
    for runner in dict.fromkeys(result.runner for result in train.results):
        own = [result for result in train.results if result.runner == runner]
        yield runner, TRAINING, [result.verdict for result in own], [result.ratio for result in own]


def runners(run: Run) -> list[RunnerInfo]:
    """Every runner of the run, with what it said of itself first; the reference's control, a copy, is none."""
    timed = [one.info for one in run.bench.runners] if run.bench else []
    said = [*(run.check.runners if run.check else []), *(run.train.runners if run.train else []), *timed]
    return list({info.runner: info for info in reversed(said) if info.runner != "control"}.values())[::-1]


class Conclusion(StrEnum):
    """What a whole run comes to, in one word."""

    AGREEMENT = "agreement"
    DISAGREEMENT = "disagreement"
    INCOMPLETE = "incomplete"
    MEASURED = "measured"  # timed, and not compared


def conclusion(found: Recorded) -> Conclusion:
    """By the exit code."""
    if found.exit_code == 0 and found.run.check is None and found.run.train is None:
        return Conclusion.MEASURED
    return {0: Conclusion.AGREEMENT, 1: Conclusion.DISAGREEMENT}.get(found.exit_code, Conclusion.INCOMPLETE)


def headline(found: Recorded) -> str:
    """The verdict in one sentence on one line. A port's name may be in it, with control characters made visible."""
    damaged = "; parts of the record are damaged, and left out" if found.lost else ""
    return " ".join(plain(f"{_verdict(found)}{damaged}.").split())


def _verdict(found: Recorded) -> str:
    run = found.run
    if run.check is None and run.train is None:
        return "The ports were timed, and their gradients were not compared" if run.bench else "Nothing was compared"
    verdicts = {runner.runner: _verdicts(run, runner.runner) for runner in runners(run)}
    wrong = [name for name, of in verdicts.items() if Verdict.WRONG in of]
    agreeing = [name for name, of in verdicts.items() if _agrees(of)]
    if wrong:
        told = f"{_listed(wrong)} disagree{'s' * (len(wrong) == 1)} with the reference{_where(run, wrong)}"
        rest = f"; {_number(len(agreeing))} other{'s' * (len(agreeing) != 1)} agree{'s' * (len(agreeing) == 1)}"
        return f"{told}{rest if agreeing else ''}"
    if found.exit_code == 0:
        who = "One runner agrees" if len(agreeing) == 1 else f"{_number(len(agreeing)).capitalize()} runners agree"
        return f"{who} with the reference: {_scope(run)}"
    return f"Incomplete: {_unfinished(run, verdicts)}"


def _agrees(verdicts: set[Verdict]) -> bool:
    """Whether something of it passes, and all else is only not implemented."""
    return any(one.passes for one in verdicts) and all(one.passes or one is Verdict.NOT_IMPLEMENTED for one in verdicts)


def _verdicts(run: Run, runner: str) -> set[Verdict]:
    found = {case.verdict for case in run.check.cases if case.runner == runner} if run.check else set()
    if run.train:
        found |= {result.verdict for result in run.train.results if result.runner == runner}
        found |= {cell.verdict for one in run.train.updates if one.runner == runner for cell in one.cells}
    return found


def _where(run: Run, wrong: Sequence[str]) -> str:
    places = []
    if run.check:
        cases = {(case.case, case.seed) for case in run.check.cases}
        bad = {(c.case, c.seed) for c in run.check.cases if c.runner in wrong and c.verdict is Verdict.WRONG}
        places += [f"in {len(bad)} of {_cases(len(cases))}"] if bad else []
    if run.train:
        updates = {one.runner for one in run.train.updates if any(c.verdict is Verdict.WRONG for c in one.cells)}
        strayed = {result.recipe for result in run.train.results if result.verdict is Verdict.WRONG}
        places += ["in an optimizer's update"] if updates else []
        places += [f"in training {_listed(sorted(strayed))}"] if strayed else []
    return f" {_listed(places)}"


def _scope(run: Run) -> str:
    scopes = []
    if run.check:
        compared = [case for case in run.check.cases if case.verdict.passes]
        scopes.append(_cases(len({(case.case, case.seed) for case in compared})))
    if run.train:
        steps = max((len(result.losses) for result in run.train.results if result.verdict.passes), default=0)
        scopes.append(f"{steps:,} steps of training")
    return f"rounding explains every difference in {_listed(scopes)}"


def _cases(count: int) -> str:
    return f"{count} case{'s' * (count != 1)}"


def _unfinished(run: Run, verdicts: dict[str, set[Verdict]]) -> str:
    told = []
    absent = dict.fromkeys(info.runner for part in (run.check, run.train) if part for info in part.missing)
    absent |= {timed.info.runner: None for timed in (run.bench.missing if run.bench else [])}
    broke = [name for name, of in verdicts.items() if Verdict.COULD_NOT_RUN in of and name not in absent]
    unresolved = [name for name, of in verdicts.items() if Verdict.UNRESOLVED in of]
    told += [f"{_listed([*absent, *broke])} could not run"] if absent or broke else []
    told += [f"for {_listed(unresolved)} some cases resolve too little"] if unresolved else []
    told += ["it was interrupted" if any(part.interrupted for part in run.parts) else ""]
    agreeing = sum(_agrees(of) for of in verdicts.values())
    told += [f"what was compared of {_number(agreeing)} runner{'s' * (agreeing != 1)} agrees" if agreeing else ""]
    return "; ".join(part for part in told if part) or "nothing was compared"


def _listed(words: Sequence[str]) -> str:
    return " and ".join(filter(None, [", ".join(words[:-1]), *words[-1:]]))


def _number(count: int) -> str:
    words = ("none", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")
    return words[count] if count < len(words) else str(count)
