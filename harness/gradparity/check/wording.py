"""What went wrong, in words: for the terminal, Markdown and HTML alike."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

from ..arithmetic.verdicts import Verdict
from ..diagnosis.records import Alone, Asked, Diagnosis, Pattern, Where
from ..functions.soundness import Soundness
from ..texts import last_lines, number
from .condition import condition_of
from .extents import ALL, common_extent, extent_words
from .findings import Finding, Symptom, findings
from .records import CaseResult, Cell, CheckResult, Quantity

NO_BUG = "no known bug gives these numbers"
SLIGHT = 10.0  # a ratio
MOST = 8  # findings of a runner that are told
SAME = 1e-3  # relatively: less is one number
WOULD_SHOW = {
    "trace": "would show which layer is wrong first",
    "layer": "would show which layer is wrong when it is called alone",
}
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
    Asked.SECOND: ", with a second batch",
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
    """The findings; of each runner the first ones, and the names of the others."""
    found: dict[str, list[Finding]] = {}
    for finding in findings(result):
        found.setdefault(finding.case.runner, []).append(finding)
    told = []
    for runner, own in found.items():
        told += [_told(finding, result) for finding in own[:MOST]]
        told += [_the_rest(runner, own[MOST:])] if own[MOST:] else []
    return told


def _told(finding: Finding, result: CheckResult) -> Told:
    case, verdict = finding.case, finding.verdict
    where = f"{case.runner} {verdict} in {cases_words(finding.count)}"
    stderr = last_lines(case.last_words(verdict))
    if verdict.noted:
        more = [cell_words(finding.cell)] if verdict is Verdict.MUTATES else []
        return Told(case.runner, verdict, f"{where}: ", noted_words(finding, result), more, [], case.command)
    if finding.shown is None:
        return Told(case.runner, verdict, f"{where}, for one: ", cell_words(finding.cell), [], stderr, case.command)
    first = first_divergence(finding.shown.diagnosis)
    more = [*known_words(finding, result), *_slight(finding), cell_words(finding.cell), *smallest_words(case)]
    return Told(case.runner, verdict, f"{where}, first at ", first, more, stderr, command_of(finding))


def _the_rest(runner: str, left: Sequence[Finding]) -> Told:
    """The findings that are not told, by their names, or else by where they are."""
    names = []
    for one in left:
        at = f"{one.verdict} at {place(one.shown.diagnosis.where)}" if one.shown else str(one.verdict)
        names.append(one.explanation.name if one.explanation else at)
    more = f"{len(left)} more finding{'s' * (len(left) != 1)}"
    return Told(runner, left[0].verdict, f"{runner}: and {more}: ", ", ".join(dict.fromkeys(names)))


def command_of(finding: Finding) -> str:
    """What shows it again: in the smallest case, where one was found."""
    return finding.case.smallest.command if finding.case.smallest else finding.case.command


def cases_words(count: int) -> str:
    """How many cases."""
    return f"{count} case{'s' * (count != 1)}"


def known_words(finding: Finding, result: CheckResult) -> list[str]:
    """What is known of what was diagnosed, over all of its cases: its name, or else patterns; when, and where in it."""
    assert finding.shown
    told = finding.shown.diagnosis
    lines = [explanation(finding)]
    if finding.explanation is None:
        lines += [*_patterns(finding.symptoms), *_wanted(told.for_want_of)]
    lines += [condition_of(finding, result), _extent_of_most(finding), *order_words(finding.case)]
    named = finding.explanation.sentence if finding.explanation else ""
    return [line for line in lines if line] + [f"also: {one.sentence}" for one in told.also if one.sentence != named]


def explanation(finding: Finding) -> str:
    """The known bug and how many cases it explains, or that none fits."""
    bug, explained = finding.explanation, finding.explained
    if bug is None:
        return NO_BUG
    left = [one.explanation.residual for one in explained if one.explanation]
    computed = [one for one in left if one is not None]
    many = len({one.key for one in explained})
    told = f"{bug.name}: {bug.sentence}"
    if computed:
        told += f"; fits {'exactly' if max(computed) == 0 else f'to {number(max(computed))}'}"
    told += f", in {many} of {cases_words(finding.there)}{_of_the_others(finding, many)}"
    return told + (f"; {bug.advice}" if bug.advice else "")


def _of_the_others(finding: Finding, explained: int) -> str:
    """What is known of the cases that are wrong at the same place, and that the bug does not explain."""
    unknown, apart = finding.count - explained, finding.there - finding.count
    told = [f"{unknown} not explained by any known bug"] if unknown else []
    told += [f"{apart} {'has' if apart == 1 else 'have'} another finding there"] if apart else []
    return f" ({'; '.join(told)})" if told else ""


def symptom_words(one: Symptom) -> list[str]:
    """What is known of it in its case: the bug that its finding is named for, or the patterns; and what is beside."""
    bug, told = one.explanation, one.diagnosis
    facts = [f"{bug.name}: {bug.sentence}"] if bug else [NO_BUG, *(fact.sentence for fact in told.facts)]
    return [*facts, *(f"{also.name}: {also.sentence}" for also in told.also if also != bug)]


def _patterns(symptoms: Sequence[Symptom]) -> list[str]:
    """The patterns that most of the symptoms have, with their number: the same, or from the least to the largest."""
    told = []
    for pattern in Pattern:
        facts = [fact for one in symptoms for fact in one.diagnosis.facts if fact.pattern is pattern]
        if 2 * len(facts) > len(symptoms):
            values = [fact.value for fact in facts if fact.value is not None]
            same = not values or math.isclose(min(values), max(values), rel_tol=SAME)
            spread = "" if same else f"; from {min(values):.6g} to {max(values):.6g} in these cases"
            told.append(f"{facts[0].sentence}{spread}")
    return told


def _wanted(operations: Sequence[str]) -> list[str]:
    """What the port would have to answer, for more to be known."""
    told = [f"`{name}` {WOULD_SHOW.get(name, 'would show more')}" for name in operations]
    return [f"not asked, as the port does not list it: {'; '.join(told)}"] if told else []


def _extent_of_most(finding: Finding) -> str:
    """Where in the array it is wrong, where that is alike in most cases. That a bug is in all of it is nothing new."""
    extents = [one.diagnosis.extent for one in finding.symptoms if one.diagnosis.extent]
    words, count = common_extent(extents)
    if not words or (finding.explanation and words == ALL.words):
        return ""
    of = "cases" if len(extents) == finding.count else "arrays"  # a case may have it in several
    return f"where in the array: {words}, in {count} of {len(extents)} {of}"


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
    if finding.verdict is not Verdict.MUTATES:
        return cell_words(finding.cell)
    first, *others = finding.arrays
    more = f" and {len(others)} more" if others else ""
    wrong = any(one.verdict is Verdict.WRONG for one in result.cases if one.runner == finding.case.runner)
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


def order_words(case: CaseResult) -> list[str]:
    """That a fresh process agrees in this case, and after which others it does not."""
    if not case.only_after:
        return []
    return [
        f"only after other cases: in a fresh process this one agrees, and after {' and '.join(case.only_after)} not"
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


def _slight(finding: Finding) -> list[str]:
    """That it need not be a bug, where a function's result is beyond rounding by little, and no bug explains it."""
    cell = finding.cell
    if finding.explanation or cell.quantity is not Quantity.RESULTS or cell.ratio is None or cell.ratio > SLIGHT:
        return []
    return ["if the port computes it in another way, which rounds more: write the reference in that way, or declare "
            "accuracy={...}"]  # fmt: skip


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
