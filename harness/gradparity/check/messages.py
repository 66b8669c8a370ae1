"""A failed check as a short message, for whoever asserts it."""

from __future__ import annotations

from ..arithmetic.verdicts import Verdict
from ..texts import last_lines, plain
from .records import CheckResult
from .summary import Finding, diagnosis, findings
from .wording import cell_words, explanation, first_divergence, noted_words, smallest_words, what_is_wrong


def message(result: CheckResult) -> str:
    """The first runner's worst finding: actual, expected and call; the diagnosis; its last words; the command.

    Of a runner that could not be asked, why.
    """
    for info in result.missing:
        return "\n".join([f"{info.runner} {info.state}: {plain(info.reason)}", *_words(info.stderr), info.hint]).strip()
    for finding in findings(result):
        return "\n".join(_lines(finding, result))
    reasons = [cell.detail for case in result.cases for cell in case.cells if cell.detail]
    return f"nothing was compared: {plain(reasons[0]) if reasons else 'there was no case'}"


def _lines(finding: Finding, result: CheckResult) -> list[str]:
    case, verdict = finding.case, finding.cell.verdict
    several = f"{case.runner} {verdict} in {finding.count} of {len(result.cases)} cases, for one: "
    why = " (the case could not have shown an error of 1e-3)" if verdict is Verdict.UNRESOLVED else ""
    alone = "" if verdict is Verdict.WRONG else f"{verdict}{why}: "
    actual = cell_words(finding.cell) if finding.cell.ratio is None else what_is_wrong(finding.cell)
    lines = [(several if len(result.cases) > 1 else alone) + plain(actual)]
    found = diagnosis(result, case.runner, case.function) if verdict is Verdict.WRONG else None
    if verdict.noted:
        lines += [noted_words(finding, result)] if verdict is Verdict.MUTATES else []
    if found:
        lines += [f"first wrong at {first_divergence(found.diagnosis)}", explanation(found)]
        lines += [f"also: {one.sentence}" for one in found.diagnosis.also if one != found.explanation]
        lines += smallest_words(case)
    command = case.smallest.command if case.smallest else case.command
    return [*lines, *_words(case.last_words(verdict)), command]


def _words(stderr: str) -> list[str]:
    return [f"    | {line}" for line in last_lines(stderr)]
