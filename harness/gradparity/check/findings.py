"""Findings: everything that is wrong with a runner, each thing once, with all the cases that show it.

1. What is wrong in a case is a *symptom*: one of its diagnoses. Symptoms are put together by place: the layer's kind
   and the array, whatever its number, and how it was asked for.
2. At each place, a known bug must explain what is wrong in more than half of the cases, or else many numbers without a
   constant that was solved for: less is a coincidence. The bug that explains the most cases is chosen first, and what
   it explains, at all such places, is a finding.
3. What no bug explains is a finding by place. Where a bug explains most of the cases at a place, and nothing else is
   known of the others there, they belong to that finding, which tells how many they are.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

from ..arithmetic.verdicts import Verdict
from ..diagnosis.bugs import KNOWN
from ..diagnosis.records import Diagnosis, Explanation, Pattern, Where
from .records import CaseResult, Cell, CheckResult, Reason

SEVERAL = 3  # cases
MANY = 20  # numbers that a bug gives: no coincidence, even where most cases show something else
DIGITS = 1e-3  # to which a constant that was solved for is the same in all cases, relatively
NEARLY_ALL = 0.8
OF_ANYTHING = {bug.name for bug in KNOWN if bug.constant and not bug.kinds}
NEUTRAL = {bug.name: bug.constant.neutral for bug in KNOWN if bug.constant}
AMPLIFIED = 1e3  # how much less sharply a constant is known than the whole array, whose part it explains
APART = {Pattern.NOT_A_NUMBER, Pattern.ANOTHER_EACH_TIME}  # patterns that have a cause of their own
FAILURES = (Verdict.COULD_NOT_RUN, Verdict.UNRESOLVED)
NOTED = (Verdict.MUTATES, Verdict.BY_NORM)

Key = tuple[str, int]
"""A case and its seed."""


@dataclass(frozen=True, eq=False)
class Symptom:
    """One thing that is wrong in a case, and the known bug that its finding is named for, where that explains it."""

    case: CaseResult
    at: int  # in the case's diagnoses
    explanation: Explanation | None = None

    @property
    def diagnosis(self) -> Diagnosis:
        """What is wrong."""
        return self.case.diagnoses[self.at]

    @cached_property
    def place(self) -> Where:
        """Where it is wrong, without the numbers of layers."""
        return general(self.diagnosis.where)

    @property
    def key(self) -> Key:
        """Of its case."""
        return self.case.case, self.case.seed

    @property
    def fits(self) -> dict[str, Explanation]:
        """The known bugs that explain it, by name; what was found beside it only where nothing else explains it."""
        return {one.name: one for one in reversed(self.diagnosis.explanations or self.diagnosis.also)}


@dataclass(frozen=True, eq=False)
class Finding:
    """One thing that is wrong with a runner, and the cases that it is wrong in.

    ``case`` shows it best, and ``cell`` in it. ``shown`` is what is known of that case, and ``symptoms`` of all; both
    are of what is wrong and was diagnosed. ``there`` are all cases that are wrong at its places. ``arrays`` are those
    of the cells that something is noted of, each once.
    """

    case: CaseResult
    cell: Cell
    count: int
    symptoms: list[Symptom] = field(default_factory=list)
    shown: Symptom | None = None
    there: int = 0
    arrays: list[str] = field(default_factory=list)

    @property
    def verdict(self) -> Verdict:
        """Wrong, could not run, unresolved, or what is noted of right numbers."""
        return self.cell.verdict

    @property
    def explanation(self) -> Explanation | None:
        """The known bug, as the case shown has it."""
        return self.shown.explanation if self.shown else None

    @property
    def explained(self) -> list[Symptom]:
        """The symptoms that the known bug explains."""
        return [one for one in self.symptoms if one.explanation]


def findings(result: CheckResult) -> list[Finding]:
    """Of each runner, and each function: what is wrong, what shows earliest in most cases first; then its failures, and
    what is noted of numbers that are right.
    """
    found = []
    functions = dict.fromkeys(case.function for case in result.cases)
    for runner, function in [(info.runner, name) for info in result.runners for name in functions]:
        own = [case for case in result.cases if (case.runner, case.function) == (runner, function)]
        found += [*_wrong(own), *(one for verdict in FAILURES for one in _failures(own, verdict))]
        found += [one for verdict in NOTED for one in _noted(own, verdict)]
    return found


def general(where: Where) -> Where:
    """The place without the numbers of layers: what is wrong at affine1 and at affine3 is wrong at affine."""
    if where.operation == "call":  # a function's own names, whatever is in them
        return where
    return where.model_copy(update={"layer": unnumbered(where.layer), "array": unnumbered(where.array)})


def unnumbered(name: str) -> str:
    """ "affine2.dW" is "affine.dW", "dW2" is "dW"."""
    return re.sub(r"\d+(?=$|\.| )", "", name)


def first_wrong(case: CaseResult) -> Cell:
    """The cell of what is wrong first in a wrong case."""
    return _cell_of(case, case.diagnosis)


def _cell_of(case: CaseResult, told: Diagnosis | None) -> Cell:
    """The worst cell of the array that is wrong, or of what it belongs to; of the whole case where it has none."""
    wrong = [cell for cell in case.cells if cell.verdict is Verdict.WRONG]
    own: list[Cell] = []
    if told:
        where = told.where
        state = f"{where.layer or where.operation} {where.array}"
        for name in (where.key, state, f"{where.operation} {state}", where.layer or where.operation):
            own = own or [cell for cell in wrong if cell.array == name]
        own = own or [cell for cell in wrong if cell.quantity == where.operation and not cell.array]
    return max(own or wrong, key=lambda cell: cell.ratio or 0.0)


def _wrong(cases: Sequence[CaseResult]) -> list[Finding]:
    wrong = [case for case in cases if any(cell.verdict is Verdict.WRONG for cell in case.cells)]
    symptoms = [Symptom(case, at) for case in wrong for at in range(len(case.diagnoses))]
    there: dict[Where, set[Key]] = {}
    for one in symptoms:
        there.setdefault(one.place, set()).add(one.key)
    found = [_finding(group, there) for group in grouped(symptoms)]
    found.sort(key=lambda one: (-len({e.key for e in one.symptoms if e.at == 0}), -one.count))
    told_nothing = [case for case in wrong if not case.diagnoses]
    if told_nothing:
        case = max(told_nothing, key=lambda case: _cell_of(case, None).ratio or 0.0)
        found.append(Finding(case, _cell_of(case, None), len(told_nothing)))
    return found


def _finding(group: list[Symptom], there: dict[Where, set[Key]]) -> Finding:
    shown = min(group, key=lambda one: (one.explanation is None, _weight(one) == 0, one.at))
    places = {one.place for one in group}
    count, all_there = len({one.key for one in group}), set[Key]().union(*(there[place] for place in places))
    return Finding(shown.case, _cell_of(shown.case, shown.diagnosis), count, group, shown, len(all_there))


def _weight(one: Symptom) -> int:
    return one.explanation.numbers if one.explanation else 0


def grouped(symptoms: Sequence[Symptom]) -> list[list[Symptom]]:
    """The symptoms of one runner as findings: each symptom in one of them."""
    places: dict[Where, list[Symptom]] = {}
    for one in symptoms:
        places.setdefault(one.place, []).append(one)
    left, named = list(symptoms), list[list[Symptom]]()
    used: set[str] = set()
    while found := _most_explained(places, left, used):
        named.append(found)
        used |= {one.explanation.name for one in found if one.explanation}
        taken = {(one.key, one.at) for one in found}
        left = [one for one in left if (one.key, one.at) not in taken]
    rest: dict[tuple[Where, frozenset[Pattern]], list[Symptom]] = {}
    for one in left:
        home = _home(one, named, places)
        patterns = frozenset(fact.pattern for fact in one.diagnosis.facts) & APART
        (rest.setdefault((one.place, patterns), []) if home is None else home).append(one)
    return [*named, *rest.values()]


def _most_explained(places: dict[Where, list[Symptom]], left: Sequence[Symptom], used: set[str]) -> list[Symptom]:
    """The symptoms of the known bug that explains the most cases of those left; none where no bug stands anywhere.

    One that was used is not, with another constant, used again.
    """
    names = dict.fromkeys(name for one in left for name in one.fits if name not in used)
    order = [one.name for one in KNOWN]
    found = [_explained(name, places, left) for name in names]
    places_of = (order.index(name) if name in order else len(order) for name in names)
    ranked = (
        (len({one.key for one in own}), -_digits(own), -at, own) for at, own in zip(places_of, found, strict=True)
    )
    best = max(ranked, key=lambda one: one[:3], default=(0, 0, 0, []))
    return best[3]


def _digits(found: list[Symptom]) -> int:
    """How many significant digits the constant has that was solved for: of several that fit, the round one is meant."""
    fits = [one.explanation for one in found if one.explanation and one.explanation.constant is not None]
    if not fits or fits[0].constant is None:
        return 0
    c, far = fits[0].constant, fits[0].constant - NEUTRAL.get(fits[0].name, 0.0)
    return min(len(f"{value:.3e}".split("e")[0].strip("-").rstrip("0.")) for value in (far, 1 / c if c else 0.0))


def _explained(name: str, places: dict[Where, list[Symptom]], left: Sequence[Symptom]) -> list[Symptom]:
    """What the bug explains at the places where it stands; and elsewhere what is no evidence by itself."""
    fits = [replace(one, explanation=fit) for one in left if (fit := one.fits.get(name))]
    evidence = _agreeing([one for one in fits if _weight(one)])
    if len({one.key for one in evidence}) == 1 and sum(map(_weight, evidence)) < MANY:
        evidence = [one for one in evidence if not _solved(one)]
    evidence = evidence or _several(_agreeing([one for one in fits if _solved(one) or _is_accuracy(one)]))
    here = {place: [one for one in left if one.place == place] for place in places}
    standing = {place for place, own in here.items() if _stands(evidence, fits, place, own)}
    if any(_solved(one) for one in evidence):  # of few of the cases a constant is a coincidence: say, of one batch size
        least = NEARLY_ALL if name in OF_ANYTHING else 0.5
        standing = {place for place in standing if _share(evidence, places[place]) > least}
    if not standing:
        return []
    joining = [one for one in fits if not _weight(one) and one not in evidence and not _solved(one)]
    return [*(one for one in evidence if one.place in standing), *joining]


def _share(evidence: list[Symptom], there: list[Symptom]) -> float:
    """Of the cases that are wrong at a place those that this explains."""
    return len({one.key for one in evidence} & {one.key for one in there}) / len({one.key for one in there})


def _solved(one: Symptom) -> bool:
    return one.explanation is not None and one.explanation.constant is not None


def _is_accuracy(one: Symptom) -> bool:
    return one.diagnosis.where.operation == "accuracy"


def _several(fits: list[Symptom]) -> list[Symptom]:
    """A constant is solved for with one number in each case: that it is the same in several is the evidence. And of a
    share of a few rows, that the same bug gives it in several.
    """
    return fits if len({one.key for one in fits}) >= SEVERAL else []


def _stands(evidence: list[Symptom], fits: list[Symptom], place: Where, own: list[Symptom]) -> bool:
    """Whether a bug explains most of what is wrong at a place, or much of it, by evidence of this place."""
    here = [one for one in evidence if one.place == place]
    explained = {one.key for one in here}
    silent = {one.key for one in fits if one.place == place and not _weight(one)} - explained
    others = {one.key for one in own} - silent
    solved = any(map(_solved, here))
    return 2 * len(explained) > len(others) or (not solved and sum(map(_weight, here)) >= MANY)


def _agreeing(fits: list[Symptom]) -> list[Symptom]:
    """Those with the constant that most of them have; all where none was solved for."""
    by_constant = {one.explanation.constant: one.explanation for one in fits if one.explanation}
    groups = ([one for one in fits if one.explanation and _alike(one.explanation, m)] for m in by_constant.values())
    return max(groups, key=len, default=[])


def _alike(a: Explanation, b: Explanation) -> bool:
    return same_constant(a.name, a.constant, b.constant, max(a.residual or 0.0, b.residual or 0.0))


def same_constant(name: str, a: float | None, b: float | None, residual: float) -> bool:
    """Whether two constants of a bug are one, to as many digits as are known of them where so much was unexplained.

    What tells them apart is how far they are from that of no bug: of factors, 1.
    """
    if a is None or b is None:
        return a is b
    neutral = NEUTRAL.get(name, 0.0)
    one, other = a - neutral, b - neutral
    size, far = max(abs(a), abs(b), abs(neutral)), max(abs(one), abs(other))
    sharp = max(DIGITS, AMPLIFIED * residual * size / far) if far else 1.0
    return math.isclose(one, other, rel_tol=min(sharp, 1.0))


def _home(one: Symptom, named: list[list[Symptom]], places: dict[Where, list[Symptom]]) -> list[Symptom] | None:
    """The finding that explains most cases at its place, if all that is known of this symptom is that it is there, too.

    None of a case that this finding has, already: then it is something else.
    """
    if one.diagnosis.facts:
        return None
    for group in named:
        explained = {other.key for other in group if other.place == one.place and other.explanation}
        if 2 * len(explained) > len({other.key for other in places[one.place]}):
            return None if one.key in explained else group
    return None


def _failures(cases: Sequence[CaseResult], verdict: Verdict) -> Iterator[Finding]:
    """What could not run by what happened, without the numbers in it; all that is unresolved together."""
    groups: dict[str, list[tuple[CaseResult, Cell]]] = {}
    last = ""
    for case in cases:
        for cell in case.cells:
            if cell.verdict is verdict:
                what = re.sub(r"\d+", "#", cell.detail) if verdict is Verdict.COULD_NOT_RUN else ""
                last = last if cell.reason is Reason.GIVEN_UP else what  # not tried, for what had happened
                groups.setdefault(last, []).append((case, cell))
    for found in groups.values():
        case, cell = max(found, key=lambda pair: pair[1].ratio or 0.0)
        yield Finding(case, cell, len({(case.case, case.seed) for case, _ in found}))


def _noted(cases: Sequence[CaseResult], verdict: Verdict) -> Iterator[Finding]:
    found = [(case, cell) for case in cases for cell in case.cells if cell.verdict is verdict]
    by_norm = verdict is Verdict.BY_NORM
    if found:
        case, cell = max(found, key=lambda pair: (pair[1].units if by_norm else pair[1].ratio) or 0.0)
        arrays = list(dict.fromkeys(cell.array for _, cell in found))
        yield Finding(case, cell, len({(case.case, case.seed) for case, _ in found}), arrays=arrays)


def changed_arguments(found: Iterable[Finding]) -> list[str]:
    """What a port changes of its arguments, by what its cells call it: "layer relu1 dout", "gradient x"."""
    return [array for one in found if one.verdict is Verdict.MUTATES for array in one.arrays]


def explained_cases(result: CheckResult) -> dict[tuple[str, str, int], list[Symptom]]:
    """What is wrong by runner, case and seed, the first first, and named as the findings are."""
    found: dict[tuple[str, str, int], list[Symptom]] = {}
    for one in [one for finding in findings(result) for one in finding.symptoms]:
        found.setdefault((one.case.runner, *one.key), []).append(one)
    return {key: sorted(own, key=lambda one: one.at) for key, own in found.items()}


def names(found: Iterable[Finding]) -> list[str]:
    """The known bugs of findings, each once."""
    return list(dict.fromkeys(one.explanation.name for one in found if one.explanation))
