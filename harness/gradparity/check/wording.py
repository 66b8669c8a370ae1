"""What went wrong, in words: for the terminal, Markdown and HTML alike."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from ..arithmetic.verdicts import Verdict
from ..diagnosis.records import Alone, Asked, Diagnosis, Extent, Where
from ..functions.soundness import Soundness
from ..texts import last_lines, number
from .records import CaseResult, Cell, CheckResult, Quantity
from .summary import Finding, RunnerDiagnosis, changed_arguments, diagnosis, findings

SLIGHT = 10.0  # a ratio
ALONE = {
    Alone.WRONG: " (called alone, too)",
    Alone.RIGHT: " (called alone it is right)",
    Alone.NOT_ASKED: "",
    Alone.LAYERS_RIGHT: " (the layers called alone are right)",
    Alone.PARTS_RIGHT: " (the functions that it calls are right alone)",
}
ASKED = {
    Asked.IN_PASS: "",
    Asked.ALONE: ", called alone",
    Asked.AGAIN: ", asked again",
    Asked.NEXT: ", in the case after another",
    Asked.ARGUMENT: "",
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
    found = diagnosis(result, case.runner, case.function) if verdict is Verdict.WRONG else None
    stderr = last_lines(case.last_words(verdict))
    if verdict.noted:
        more = [cell_words(finding.cell)] if verdict is Verdict.MUTATES else []
        return Told(case.runner, verdict, f"{where}: ", noted_words(finding, result), more, [], case.command)
    if found is None:
        return Told(case.runner, verdict, f"{where}, for one: ", cell_words(finding.cell), [], stderr, case.command)
    first = first_divergence(found.diagnosis)
    also = [f"also: {one.sentence}" for one in found.diagnosis.also if one != found.explanation]
    more = [explanation(found), *also, *_slight(found, finding.cell), cell_words(finding.cell), *smallest_words(case)]
    command = case.smallest.command if case.smallest else case.command
    return Told(case.runner, verdict, f"{where}, first at ", first, more, stderr, command)


def declared_words(result: CheckResult) -> list[str]:
    """What each port declares, and in how many cases that shows: a line for each."""
    told = []
    for info in result.runners:
        own = [case for case in result.cases if case.runner == info.runner]
        shown = sum(any(cell.verdict is Verdict.DECLARED for cell in case.cells) for case in own)
        if info.declares and own:
            told.append(
                f"{info.runner} declares {', '.join(info.declares)}: as declared in {shown} of {len(own)} cases"
            )
    return told


def noted_words(finding: Finding, result: CheckResult) -> str:
    """What there is to say of a port whose numbers are right."""
    case = finding.case
    if finding.cell.verdict is not Verdict.MUTATES:
        return cell_words(finding.cell)
    first, *others = changed_arguments(result, case.runner, case.function)
    more = f" and {len(others)} more" if others else ""
    wrong = any(one.verdict is Verdict.WRONG for one in result.cases if one.runner == case.runner)
    return f"{first}{more}" + ("" if wrong else "; its numbers are right")


def not_there(result: CheckResult) -> list[str]:
    """Why a port has nothing of a function: a line for each."""
    found: dict[tuple[str, str], list[CaseResult]] = {}
    for case in result.cases:
        if case.function:
            found.setdefault((case.runner, case.function), []).append(case)
    return [
        f"{runner}: {name} is not implemented: {cases[0].cells[0].detail}"
        for (runner, name), cases in found.items()
        if cases[0].cells and all(case.verdict is Verdict.NOT_IMPLEMENTED for case in cases)
    ]


def smallest_words(case: CaseResult) -> list[str]:
    """The same failure in a smaller case, with its inputs where they are few."""
    small = case.smallest
    if small is None:
        return []
    given = ", ".join(f"{name}={value}" for name, value in small.inputs.items())
    return [f"smallest, {small.case}: {small.what}", *([f"with {given}"] if given else [])]


def reference_words(references: Sequence[Soundness]) -> list[str]:
    """What is known of the references: all of them in a line, and what of one is worth another."""
    if not references:
        return []
    told = [f"the reference repeats ({len(references)} function{'s' * (len(references) != 1)})"]
    if errors := [one.own_error for one in references if one.own_error is not None]:
        told.append(f"it is right to {number(max(errors))} beside long double")
    if slopes := [slope for one in references for slope in one.gradients]:
        count = f"{len(slopes)} gradient{'s' * (len(slopes) != 1)}"
        told.append(f"{count} checked: an error of {number(max(slope.sees for slope in slopes))} would show")
    lost = [f"{one.function}: numbers leave the noise: {', '.join(one.lost)}" for one in references if one.lost]
    return ["; ".join(told), *(f"{line}; so inputs are disturbed, too" for line in lost)]


def place(where: Where) -> str:
    """An array of a port: "affine1 forward out", "gradient dW1", and how it was asked for."""
    if where.asked is Asked.ARGUMENT:
        operation = "" if where.operation == "call" else where.operation
        return " ".join(filter(None, [where.array, "of", operation, where.layer]))
    words = [where.layer or where.operation, where.phase or "", where.array]
    return " ".join(filter(None, words)) + ASKED[where.asked]


def first_divergence(told: Diagnosis) -> str:
    """The first array that is wrong by itself, whether it is so called alone, and what else is wrong."""
    text = place(told.where) + ("" if told.where.asked is Asked.ALONE else ALONE[told.alone])
    for names, one, more in (
        (told.inherited, "inherits this", "inherit this"),
        (told.beside, "is wrong, too", "are wrong, too"),
    ):
        if names:
            others = names[0] if len(names) == 1 else f"{names[0]} and {len(names) - 1} more"
            text += f"; {others} {one if len(names) == 1 else more}"
    return text + (f"; {extent_words(told.extent)}" if told.extent else "")


def extent_words(extent: Extent) -> str:
    """How much of the array is wrong."""
    if extent.wrong == extent.size:
        return "all of it" if extent.size > 1 else "its one number"
    text = f"{extent.wrong} of {extent.size} elements"
    if extent.axis is None:
        return text + (", all at the border" if extent.border else "")
    what = {0: "row", 1: "column"}.get(extent.axis, f"index of axis {extent.axis}")
    last = extent.places == [*range(extent.length - len(extent.places), extent.length)]
    places = ", ".join(map(str, extent.places))
    return f"{text}, in {what} {places} of {extent.length}{', the last' if last else ''}"


def _slight(found: RunnerDiagnosis, cell: Cell) -> list[str]:
    """That it need not be a bug, where a function's result is beyond rounding by little, and no bug explains it."""
    if found.explanation or cell.quantity is not Quantity.RESULTS or cell.ratio is None or cell.ratio > SLIGHT:
        return []
    return ["if the port computes it in another way, which rounds more: write the reference in that way, or declare "
            "accuracy={...}"]  # fmt: skip


def explanation(told: RunnerDiagnosis) -> str:
    """The known bug, or that none fits."""
    if told.explanation is None:
        return "no known bug gives these numbers"
    fit = "exactly" if told.explanation.residual == 0 else f"to {number(told.explanation.residual)}"
    name, sentence = told.explanation.name, told.explanation.sentence
    advice = f"; {told.explanation.advice}" if told.explanation.advice else ""
    return f"{name}: {sentence}; fits {fit}, in {told.explained} of {told.wrong} cases{advice}"


def cell_words(cell: Cell) -> str:
    """What is wrong with one array: its name, and the rest. Of a whole operation the rest names it."""
    if not cell.array and cell.quantity is not Quantity.STATE:
        return what_is_wrong(cell)
    return f"{f'{cell.quantity} {cell.array}'.strip()}: {what_is_wrong(cell)}"


def what_is_wrong(cell: Cell) -> str:
    """The same without the name; what was compared names the array itself."""
    if cell.units is not None:
        return f"accurate to {number(cell.units)} units by norm, and not by element: {cell.detail}"
    if cell.verdict is Verdict.BY_NORM:
        return f"rounding of a product that is accurate by norm may decide this, as a number is 0: {cell.detail}"
    ratio = "" if cell.ratio is None else f"; ratio {number(cell.ratio)}"
    return f"{cell.detail or 'the case could not have shown an error of 1e-3'}{ratio}"
