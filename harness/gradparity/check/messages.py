"""A failed check as a short message, for whoever asserts it."""

from __future__ import annotations

from itertools import groupby

from ..arithmetic.verdicts import Verdict
from ..texts import last_lines, plain
from .findings import Finding, findings
from .records import CheckResult
from .wording import cell_words, command_of, first_divergence, known_words, smallest_words, what_is_wrong

MOST = 4  # findings: the report has more


def message(result: CheckResult) -> str:
    """The first runner's findings: actual, expected and call; the diagnosis; its last words; the command.

    Of a runner that could not be asked, why.
    """
    for info in result.missing:
        return "\n".join([f"{info.runner} {info.state}: {plain(info.reason)}", *_words(info.stderr), info.hint]).strip()
    for _, own in groupby(findings(result), lambda one: one.case.runner):
        return "\n".join(_of_runner(list(own), result))
    reasons = [cell.detail for case in result.cases for cell in case.cells if cell.detail]
    return f"nothing was compared: {plain(reasons[0]) if reasons else 'there was no case'}"


def _of_runner(found: list[Finding], result: CheckResult) -> list[str]:
    """One command, and one time the port's last words, for findings of one case that follow each other."""
    lines = []
    for finding, after in zip(found[:MOST], [*found[1:MOST], None], strict=True):
        lines += _lines(finding, result)
        if after is None or (after.case, after.verdict) != (finding.case, finding.verdict):
            lines += [*_words(finding.case.last_words(finding.verdict)), command_of(finding)]
    more = len(found) - MOST
    return [*lines, *([f"and {more} more finding{'s' * (more != 1)}"] if more > 0 else [])]


def _lines(finding: Finding, result: CheckResult) -> list[str]:
    case, verdict = finding.case, finding.verdict
    several = f"{case.runner} {verdict} in {finding.count} of {len(result.cases)} cases, for one: "
    why = " (the case could not have shown an error of 1e-3)" if verdict is Verdict.UNRESOLVED else ""
    alone = "" if verdict is Verdict.WRONG else f"{verdict}{why}: "
    actual = cell_words(finding.cell) if finding.cell.ratio is None else what_is_wrong(finding.cell)
    lines = [(several if len(result.cases) > 1 else alone) + plain(actual)]
    if finding.shown:
        first = f"first wrong at {first_divergence(finding.shown.diagnosis)}"
        lines += [first, *known_words(finding, result), *smallest_words(case)]
    return lines


def _words(stderr: str) -> list[str]:
    return [f"    | {line}" for line in last_lines(stderr)]
