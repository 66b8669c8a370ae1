"""What went wrong, in words: for the terminal, Markdown and HTML alike."""

from __future__ import annotations

from dataclasses import dataclass, field

from .check.records import Cell, CheckResult, Diagnosis
from .check.summary import Finding, RunnerDiagnosis, diagnosis, findings
from .arithmetic.verdicts import Verdict
from .texts import last_lines, number

ALONE = {
    "wrong": " (called alone, too)",
    "right": " (called alone it is right)",
    "layers right": " (the layers called alone are right)",
}


@dataclass(frozen=True)
class Told:
    """One finding: where and what in a line, more about it, the port's last words, and the command that shows it again.

    The texts may hold a port's words, as they came.
    """

    runner: str
    verdict: Verdict
    where: str
    what: str
    more: list[str] = field(default_factory=list)
    last_words: list[str] = field(default_factory=list)
    command: str = ""


def told_findings(result: CheckResult) -> list[Told]:
    """Each runner's worst trouble of each kind."""
    return [_told(finding, result) for finding in findings(result)]


def _told(finding: Finding, result: CheckResult) -> Told:
    case, verdict = finding.case, finding.cell.verdict
    where = f"{case.runner} {verdict} in {finding.count} case{'s' * (finding.count != 1)}"
    found = diagnosis(result, case.runner) if verdict is Verdict.WRONG else None
    stderr = last_lines(case.last_words(verdict))
    if found is None:
        return Told(case.runner, verdict, f"{where}, for one: ", cell_words(finding.cell), [], stderr, case.command)
    first = first_divergence(found.diagnosis)
    also = [f"also: {one.sentence}" for one in found.diagnosis.also if one != found.explanation]
    more = [explanation(found), *also, cell_words(finding.cell)]
    return Told(case.runner, verdict, f"{where}, first at ", first, more, stderr, case.command)


def first_divergence(told: Diagnosis) -> str:
    """The first array that is wrong by itself, whether it is so called alone, and what else is wrong."""
    alone = ALONE.get(told.alone, "")
    text = told.where if told.where.endswith("called alone") else f"{told.where}{alone}"
    for names, one, more in (
        (told.inherited, "inherits this", "inherit this"),
        (told.beside, "is wrong, too", "are wrong, too"),
    ):
        if names:
            others = names[0] if len(names) == 1 else f"{names[0]} and {len(names) - 1} more"
            text += f"; {others} {one if len(names) == 1 else more}"
    return text


def explanation(told: RunnerDiagnosis) -> str:
    """The known bug, or that none fits."""
    if told.explanation is None:
        return "no known bug gives these numbers"
    fit = "exactly" if told.explanation.residual == 0 else f"to {number(told.explanation.residual)}"
    name, sentence = told.explanation.name, told.explanation.sentence
    advice = f"; {told.explanation.advice}" if told.explanation.advice else ""
    return f"{name}: {sentence}; fits {fit}, in {told.explained} of {told.wrong} cases{advice}"


def cell_words(cell: Cell) -> str:
    """What is wrong with one array."""
    ratio = "" if cell.ratio is None else f"; ratio {number(cell.ratio)}"
    name = f"{cell.quantity} {cell.array}".strip()
    detail = (cell.detail or "the case could not have shown an error of 1e-3").removeprefix(f"{name}: ")
    return f"{name}: {detail}{ratio}"
