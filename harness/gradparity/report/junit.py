"""A run in JUnit XML, as CI servers read it: a testcase for each thing that was compared."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator

from junitparser import Error, Failure, JUnitXml, Skipped, TestCase, TestSuite
from junitparser.junitparser import FinalResult

from ..arithmetic.verdicts import Verdict
from ..bench.records import CONTROL, BenchResult, wrong_cases
from ..check.findings import Symptom, explained_cases
from ..check.records import CaseResult, CheckResult, worst
from ..check.wording import cell_words, first_divergence, place, smallest_words, symptom_words
from ..ports.info import RunnerInfo, State
from ..record.reading import Recorded
from ..record.run import Run
from ..texts import last_lines, plain
from ..train.records import TrainResult, TrainRun, Updates
from ..train.wording import confusion_words, training_command

Part = CheckResult | BenchResult | TrainRun


def junit(found: Recorded) -> str:
    """Suites by part of the run and runner; what could not run is an error, what is not there no failure."""
    xml = JUnitXml("gradparity")
    for name, cases in _suites(found):
        suite = TestSuite(name)
        for key, value in _properties(found.run).items():
            suite.add_property(key, plain(value))
        suite.add_testcases(cases)
        xml.append(suite)
    xml.update_statistics()
    document: str = xml.tostring().decode()
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{document}\n'


def _properties(run: Run) -> dict[str, str]:
    machine = f"{run.machine.cpu}, {run.machine.cores} cores, {run.machine.system}"
    return {"gradparity": run.gradparity, "machine": machine, "command": run.command, "started": run.started}


def _suites(found: Recorded) -> Iterator[tuple[str, list[TestCase]]]:
    """Names, and the testcases of each: none is empty."""
    if found.lost:
        suite = "gradparity.record"
        yield suite, [_case(suite, "record is whole", Error("parts of it are damaged", "damaged"), found.lost)]
    for part in found.run.parts:
        suite = f"gradparity.{part.kind}"
        if part.interrupted:
            yield suite, [_case(suite, "is complete", Error("it did not come to its end", "interrupted"))]
        for runner in _runners(part):
            name = f"{suite}.{plain(runner)}"
            cases = [*_starts(name, runner, part), *_of_runner(name, runner, part)]
            if cases and runner != CONTROL:
                yield name, cases


def _infos(part: Part) -> list[RunnerInfo]:
    return [timed.info for timed in part.runners] if isinstance(part, BenchResult) else part.runners


def _runners(part: Part) -> Iterable[str]:
    """Also those of which a damaged record says nothing but results."""
    found = [info.runner for info in _infos(part)]
    found += [case.runner for case in part.cases] if isinstance(part, CheckResult) else []
    found += [one.runner for one in part.updates] if isinstance(part, TrainRun) else []
    found += [one.runner for one in part.results] if isinstance(part, TrainRun) else []
    return dict.fromkeys(found)


def _starts(suite: str, runner: str, part: Part) -> Iterator[TestCase]:
    absent = {one.runner if isinstance(one, RunnerInfo) else one.info.runner for one in part.missing}
    for info in (one for one in _infos(part) if one.runner == runner and one.state is not State.READY):
        what: type[FinalResult] = Error if info.runner in absent else Skipped
        result = what(plain(f"{info.state}: {info.reason}"), str(info.state))
        yield _case(suite, "starts", result, [info.hint] * bool(info.hint), info.stderr)


def _of_runner(suite: str, runner: str, part: Part) -> Iterator[TestCase]:
    if isinstance(part, CheckResult):
        told = explained_cases(part)
        for case in (case for case in part.cases if case.runner == runner):
            yield _checked(suite, case, told.get((case.runner, case.case, case.seed), []))
    elif isinstance(part, TrainRun):
        for updates in part.updates:
            yield from _updated(suite, updates, part) if updates.runner == runner else ()
        yield from (_trained(suite, one, part) for one in part.results if one.runner == runner)
    else:
        for timed in part.runners:
            if timed.info.runner == runner and timed.info.state is State.READY:
                trouble = Error(plain(timed.trouble), str(Verdict.COULD_NOT_RUN)) if timed.trouble else None
                yield _case(suite, "is timed", trouble, [], timed.stderr)
        for name, why in wrong_cases(part.groups).get(runner, {}).items():
            yield _case(suite, f"{name} is timed", Failure(plain(why), str(Verdict.WRONG)), [part.command])


def _checked(suite: str, case: CaseResult, symptoms: list[Symptom]) -> TestCase:
    verdict = case.verdict
    bad = [cell for cell in case.cells if cell.verdict is verdict]
    words = [cell_words(cell) for cell in bad]
    told = symptoms if verdict is Verdict.WRONG else []
    wrong = [line for one in told for line in (f"first at {first_divergence(one.diagnosis)}", *symptom_words(one))]
    lines = [*wrong, *words, *smallest_words(case), case.smallest.command if case.smallest else case.command]
    result = _result(verdict, [*wrong, *words])
    return _case(suite, f"{case.case} [{case.seed}]", result, lines, case.stderr, case.seconds)


def _updated(suite: str, updates: Updates, train: TrainRun) -> Iterator[TestCase]:
    for optimizer, own in updates.by_optimizer.items():
        verdict = worst(cell.verdict for cell in own)
        words = [cell_words(cell) for cell in own if cell.verdict is verdict]
        named = [confusion_words(updates, optimizer)] if verdict is Verdict.WRONG else []
        yield _case(suite, f"update {optimizer}", _result(verdict, words), [*words, *named, train.command])


def _trained(suite: str, one: TrainResult, train: TrainRun) -> TestCase:
    told = one.diagnosis
    lines = [one.detail, *([f"at that step first wrong: {place(told.where)}"] if told else [])]
    lines += [f"{bug.name}: {bug.sentence}" for bug in told.explanations] if told else []
    option = {info.runner: info.option for info in train.runners}.get(one.runner, "")
    lines.append(training_command(train, one.recipe, one.seed, option))
    name = f"{one.recipe} [{one.seed}]"
    return _case(suite, name, _result(one.verdict, [one.detail]), lines, one.stderr, one.seconds or 0.0)


def _result(verdict: Verdict, words: Iterable[str]) -> FinalResult | None:
    """What CI servers know of a verdict; None is a pass."""
    if verdict.passes:
        return None
    kinds = {Verdict.COULD_NOT_RUN: Error, Verdict.NOT_IMPLEMENTED: Skipped}
    return kinds.get(verdict, Failure)(plain(next(iter(words), "") or str(verdict)), str(verdict))


def _case(
    suite: str,
    name: str,
    result: FinalResult | None = None,
    lines: Iterable[str] = (),
    stderr: str = "",
    seconds: float = 0.0,
) -> TestCase:
    case = TestCase(plain(name), suite, seconds if math.isfinite(seconds) else 0.0)
    if result is not None:
        if not isinstance(result, Skipped):
            result.text = plain("\n".join(lines))
        case.result = result
    if stderr.strip():
        case.system_err = "\n".join(last_lines(stderr))
    return case
