"""What a run says in one sentence and one matrix: ports x quantities of the network, or x functions."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from ..arithmetic.verdicts import Verdict
from ..bench.records import BenchResult, wrong_cases
from ..check.records import CaseResult, CheckResult, Quantity, worst
from ..check.summary import Row, rows
from ..ports.info import RunnerInfo
from ..record.reading import Recorded
from ..record.run import Run
from ..texts import plain
from ..train.records import TrainRun

FEW = 3  # functions: more are not named in the sentence
NOTED = {
    Verdict.MUTATES: ("changes its arguments", "change their arguments"),
    Verdict.BY_NORM: ("is accurate by norm, not by element", "are accurate by norm, not by element"),
    Verdict.DECLARED: ("differs as it declares", "differ as they declare"),
}
TRAINING = "training"  # the trajectory: the one column that is no Quantity


@dataclass(frozen=True)
class MatrixCell:
    """One port and column over all cases. ``ratio`` is the worst; ``judged`` of ``cases`` were compared."""

    verdict: Verdict
    ratio: float | None
    judged: int
    cases: int


@dataclass(frozen=True)
class Matrix:
    """The cells by runner and column; what was not asked of a runner has none. ``functions`` are columns, too."""

    runners: list[RunnerInfo]
    columns: list[str]
    functions: list[str]
    cells: dict[tuple[str, str], MatrixCell]

    def row(self, runner: str) -> list[MatrixCell | None]:
        """In the columns' order."""
        return [self.cells.get((runner, column)) for column in self.columns]


def matrix(run: Run) -> Matrix:
    """Of the check, and of the updates and trajectories of the training."""
    cells: dict[tuple[str, str], MatrixCell] = {}
    for key, own in _checked(run.check).items() if run.check else ():
        judged, cases = max(row.judged for row in own), max(row.cases for row in own)
        cells[key] = MatrixCell(worst(row.verdict for row in own), _most(row.ratio for row in own), judged, cases)
    for runner, column, verdicts, ratios in _trained(run.train) if run.train else []:
        count = sum(verdict is not Verdict.NOT_IMPLEMENTED for verdict in verdicts)
        cells[runner, column] = MatrixCell(worst(verdicts), _most(ratios), count, len(verdicts))
    there = {column for _, column in cells}
    functions = run.check.functions if run.check else []
    columns = [column for column in dict.fromkeys([*functions, *map(str, Quantity), TRAINING]) if column in there]
    return Matrix(runners(run), columns, functions, cells)


def _checked(check: CheckResult) -> dict[tuple[str, str], list[Row]]:
    """The rows of each runner and column: a quantity of the network, or all of a function."""
    found: dict[tuple[str, str], list[Row]] = {}
    for row in rows(check):
        found.setdefault((row.runner, row.function or str(row.quantity)), []).append(row)
    return found


def _most(ratios: Iterable[float | None]) -> float | None:
    return max((ratio for ratio in ratios if ratio is not None), default=None)


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
        return _timed(run.bench) if run.bench else "Nothing was compared"
    verdicts = {runner.runner: _verdicts(run, runner.runner) for runner in runners(run)}
    fails = run.check.fails if run.check else lambda verdict: verdict is Verdict.WRONG
    wrong = [name for name, of in verdicts.items() if any(map(fails, of))]
    agreeing = [name for name, of in verdicts.items() if _agrees(of) and name not in wrong]
    if wrong:
        told = f"{_listed(wrong)} disagree{'s' * (len(wrong) == 1)} with the reference{_where(run, wrong)}"
        rest = f"; {_number(len(agreeing))} other{'s' * (len(agreeing) != 1)} agree{'s' * (len(agreeing) == 1)}"
        return f"{told}{rest if agreeing else ''}"
    if found.exit_code == 0:
        who = "One runner agrees" if len(agreeing) == 1 else f"{_number(len(agreeing)).capitalize()} runners agree"
        return f"{who} with the reference{_noted(run)}: {_scope(run)}"
    return f"Incomplete: {_unfinished(run, verdicts)}"


def _noted(run: Run) -> str:
    """What else there is to say of those that agree."""
    found: dict[Verdict, dict[str, None]] = {}
    for case in run.check.cases if run.check else []:
        for cell in case.cells:
            if cell.verdict in NOTED:
                found.setdefault(cell.verdict, {})[case.runner] = None
    told = ""
    for verdict, (alone, several) in NOTED.items():
        if who := list(found.get(verdict, ())):
            told += f", and {_listed(who)} {several if len(who) > 1 else alone}"
    return told


def _timed(bench: BenchResult) -> str:
    wrong = wrong_cases(bench.groups)
    if wrong:
        cases = {name for cases in wrong.values() for name in cases}
        disagree = f"{_listed([*wrong])} disagree{'s' * (len(wrong) == 1)}"
        return f"{disagree} with the reference in {_cases(len(cases))}; what disagrees was not timed"
    if any(group.kind == "function" for group in bench.groups):
        return "The ports were timed where their results agree with the reference"
    return "The ports were timed, and their gradients were not compared"


def _agrees(verdicts: set[Verdict]) -> bool:
    """Whether something of it passes, and all else is only not implemented."""
    return any(one.passes for one in verdicts) and all(one.passes or one is Verdict.NOT_IMPLEMENTED for one in verdicts)


def _verdicts(run: Run, runner: str) -> set[Verdict]:
    found: set[Verdict] = set()
    if run.check:
        own = [case for case in run.check.cases if case.runner == runner]
        found |= {case.verdict for case in own if not run.check.decided_elsewhere(case)}
        found |= {cell.verdict for case in own for cell in case.cells if cell.verdict.noted}
    if run.train:
        found |= {result.verdict for result in run.train.results if result.runner == runner}
        found |= {cell.verdict for one in run.train.updates if one.runner == runner for cell in one.cells}
    if run.bench and runner in wrong_cases(run.bench.groups):
        found.add(Verdict.WRONG)
    return found


def _where(run: Run, wrong: Sequence[str]) -> str:
    places = []
    if run.check:
        bad = [case for case in run.check.cases if case.runner in wrong and run.check.fails(case.verdict)]
        which = _names(CheckResult(cases=bad).functions)
        told = f"in {len(_asked(bad))} of {_cases(len(_asked(run.check.cases)))}"
        places += [told + (f" ({which})" if which else "")] if bad else []
    if run.bench:
        timed = {name for runner, of in wrong_cases(run.bench.groups).items() if runner in wrong for name in of}
        places += [f"in {_cases(len(timed))} of the benchmark"] if timed else []
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
        functions = _names(CheckResult(cases=compared).functions)
        scopes.append(_cases(len(_asked(compared))) + (f" of {functions}" if functions else ""))
    if run.train:
        steps = max((len(result.losses) for result in run.train.results if result.verdict.passes), default=0)
        scopes.append(f"{steps:,} steps of training")
    return f"rounding explains every difference in {_listed(scopes)}"


def _asked(cases: Iterable[CaseResult]) -> set[tuple[str, int]]:
    return {(case.case, case.seed) for case in cases}


def _names(functions: Sequence[str]) -> str:
    """Few by name, more by number."""
    return _listed(functions) if len(functions) <= FEW else f"{_number(len(functions))} functions"


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
