"""What one session is asked in one case: each request, and how its answer is judged."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise

import numpy as np

from ..arithmetic.verdicts import Allowance, Figures, Verdict, identical, judge
from ..cases import Array
from ..diagnosis.answers import Answers, repeated
from ..diagnosis.records import Asked, Where
from ..functions.evidence import Inputs
from ..ports.conversation import Conversation
from ..ports.session import Failure, PortFailure, misshapen
from ..reference import STEP, Reference
from .answers import difference_words, shapes_of, verdict_of_failure, verdict_of_state
from .by_norm import ByNorm, Fast
from .records import Cell, Quantity, Reason

USUAL = 3  # answers to each request


@dataclass
class Asking:
    """One case put to one session: the cells and the answers so far."""

    session: Conversation
    reference: Reference
    cells: list[Cell] = field(default_factory=list)
    errors: str = ""  # what it said to stderr in the first request that failed
    printed: str = ""  # and in the first whose answer is wrong
    failed: bool = False  # an operation ended in an error: what it left of its arguments is nobody's finding
    said: PortFailure | None = None  # the last failure that has a cell
    changed: bool = False  # an operation changed the network or the batch
    probabilities: bool = False  # predict gives them, undeclared

    def __post_init__(self) -> None:
        self.answers = Answers(self.reference)
        self.by_norm = ByNorm()
        self.undeclared: list[tuple[Where, Array]] = []  # what is as if nothing were declared, and what it should be

    @property
    def wrong(self) -> list[Cell]:
        """The cells that are wrong, but for what hides nothing else: fast products, and probabilities for logits."""
        return [cell for at, cell in enumerate(self.cells) if cell.verdict is Verdict.WRONG and self._hides(at)]

    def _hides(self, at: int) -> bool:
        of_probabilities = self.probabilities and self.cells[at].quantity is Quantity.PREDICT
        return not of_probabilities and at not in self.by_norm.figures

    @property
    def plain(self) -> Reference | None:
        """The reference without what the port declares, if it declares anything."""
        return self.reference.plain if self.reference.plain is not self.reference else None

    def load(self, reference: Reference) -> None:
        """Load this case. Raises PortFailure, with a cell for it where another was loaded before."""
        fields = reference.case.fields | {"epsilon": repr(reference.epsilon)}
        try:
            self.session.request("load", fields, reference.case.arrays)
        except PortFailure as failure:
            if self.answers.operations and failure.kind is not Failure.UNSUPPORTED:  # it was loaded before
                self.said = failure
                self.add(Quantity.STATE, "load", Verdict.COULD_NOT_RUN, f"load: {failure.what}")
            raise

    def answered(self, operation: str) -> bool:
        """Whether there is a first answer to hold a second one against."""
        return fits(self.answers.operations.get(operation), getattr(self.reference, operation))

    def request(
        self,
        quantity: Quantity,
        operation: str,
        fields: dict[str, str],
        arrays: Mapping[str, Array],
        expected: Mapping[str, Array],
        array: str = "",
    ) -> dict[str, Array] | None:
        """The reply's arrays, or None where the operation failed and the session goes on. Raises PortFailure."""
        if operation == "numerical_gradient":
            fields = {"step": repr(self.reference.step)}
        try:
            return self.session.request(operation, fields, arrays, shapes_of(expected)).arrays
        except PortFailure as failure:
            self.said = failure
            if failure.ends_session:
                self.add(quantity, array, Verdict.COULD_NOT_RUN, f"{operation}: {failure.what}")
                raise
            verdict = verdict_of_failure(failure.kind)
            self.add(quantity, array, verdict, f"{operation}: {failure.what}")
            if verdict is Verdict.COULD_NOT_RUN:
                self.failed = True
                self.errors = self.errors or failure.stderr
            else:
                self.printed = self.printed or failure.stderr
            if set(failure.arrays) == set(expected) and quantity is not Quantity.STATE:
                if operation == "layer":
                    self.answers.layers[array] = failure.arrays
                else:
                    self.answers.operations[operation] = failure.arrays
            return None

    def compare(
        self,
        quantity: Quantity,
        where: Where,
        came: Array,
        expected: Array,
        allowance: Allowance,
        plain: tuple[Array, Allowance] | None = None,
    ) -> None:
        """``plain``: what would be expected if nothing were declared, where that may be another array."""
        figures = judge(came, expected, allowance)
        if plain:
            found = self._beside_plain(quantity, where, came, expected, figures, judge(came, *plain))
            if isinstance(found, Cell):
                return self.cells.append(found)
            figures = found
        said = "" if figures.verdict.passes else detail(came, expected, figures.worst, where)
        if figures.verdict is Verdict.UNRESOLVED and self.reference.epsilon != self.reference.case.spec.epsilon:
            said = f"with an epsilon of {self.reference.epsilon:g} this loss could not show an error of 1e-3"
            return self.add(quantity, where.key, Verdict.NOT_IMPLEMENTED, said, Reason.OTHER_EPSILON)
        if figures.verdict is Verdict.UNRESOLVED and quantity is Quantity.NUMERICAL and self.reference.step != STEP:
            said = f"with steps of {self.reference.step:g} this numerical gradient could not show an error of 1e-3"
            return self.add(quantity, where.key, Verdict.NOT_IMPLEMENTED, said, Reason.OTHER_STEP)
        if figures.verdict is Verdict.WRONG:
            self.printed = self.printed or self.session.said()
        fast = None if where.operation == "layer" else _if_fast(self.reference, where, came)
        self.by_norm.note(len(self.cells), figures.verdict, figures, fast)
        self.cells.append(Cell.of(quantity, where.key, figures, said))

    def _beside_plain(
        self, quantity: Quantity, where: Where, came: Array, expected: Array, figures: Figures, of_plain: Figures
    ) -> Cell | Figures:
        """The cell of what is as declared, or as it would be if nothing were declared; else the figures that count."""
        declared = self.reference.case.declared
        if figures.verdict is not Verdict.WRONG and not declared.gives(came):
            figures = replace(figures, ratio=math.inf)
        if figures.verdict.passes and of_plain.verdict is Verdict.WRONG:
            return Cell.of(quantity, where.key, figures, "", Verdict.DECLARED)
        if figures.verdict is Verdict.WRONG and of_plain.verdict is not Verdict.WRONG:
            said = detail(came, expected, figures.worst, where)
            self.undeclared.append((where, expected))
            said = f"declares {', '.join(declared.texts)}, and this is as without it: {said}"
            return Cell.of(quantity, where.key, figures, said)
        return of_plain if figures.verdict.passes and of_plain.verdict.passes else figures

    def same(self, where: Where, answers: Sequence[Array], allowance: Allowance, right: Array, after: str = "") -> None:
        """Of answers to one request, the first that is not as the one before is told, else the two furthest apart.

        The second one last: between it and the first, other things were asked.
        """
        name = f"{after}{where.layer or where.operation} {where.array}"
        pairs = list(enumerate(pairwise(answers), start=2))
        pairs = [(at, pair) for at, pair in pairs[1:] + pairs[:1] if not identical(*pair)]
        judged = [(judge(later, earlier, allowance), at, (later, earlier)) for at, (earlier, later) in pairs]
        if not judged:
            return self.add(Quantity.STATE, name, Verdict.IDENTICAL)
        wrong = [one for one in judged if one[0].ratio > 1]
        figures, at, (again, before) = wrong[0] if wrong else max(judged, key=lambda one: one[0].ratio)
        verdict = verdict_of_state(figures)
        told = f"{after}asked again" + (f", answer {at}: " if at > USUAL else ": ")
        said = "" if verdict.passes else told + detail(again, before, figures.worst, where, "but was")
        self.add(Quantity.STATE, name, verdict, said)
        if not verdict.passes:
            self.answers.state.append(repeated(where, again, before, allowance, right, answers[at:]))

    def compare_next(self, answers: Answers, operations: Iterable[str], words: str) -> None:
        """What it answers to these for what was loaded just now, beside the reference of that."""
        reference = answers.reference
        for operation in filter(self.answered, operations):
            expected = getattr(reference, operation)
            came = self.request(Quantity.STATE, operation, {}, {}, expected, words)
            if came is None:
                continue
            answers.operations[operation] = came
            for name, array in expected.items():
                if identical(came[name], array):  # then no envelope is needed
                    self.add(Quantity.STATE, f"{words} {name}", Verdict.IDENTICAL)
                    continue
                figures = judge(came[name], array, reference.allowance(operation, name))
                verdict, where = verdict_of_state(figures), Where(operation=operation, array=name)
                said = "" if verdict.passes else detail(came[name], array, figures.worst, where)
                self.by_norm.note(len(self.cells), verdict, figures, _if_fast(reference, where, came[name]))
                self.add(Quantity.STATE, f"{words} {name}", verdict, said)

    def add(
        self, quantity: Quantity, array: str, verdict: Verdict, said: str = "", reason: Reason | None = None
    ) -> None:
        """A cell of what was not compared, or where the figures say nothing."""
        self.cells.append(Cell.without_figures(quantity, array, verdict, said, reason))


def _if_fast(reference: Reference, where: Where, came: Array) -> Fast:
    def figures() -> Figures | None:
        allowance = reference.allowance_by_norm(where.operation, where.array)
        return judge(came, getattr(reference, where.operation)[where.array], allowance) if allowance else None

    return figures


def fits(came: Inputs | None, expected: Mapping[str, Array]) -> bool:
    """Whether there are arrays, with the right shapes."""
    return came is not None and not misshapen(came, shapes_of(expected))


def is_changed(came: Array, sent: Array) -> bool:
    """Whether its value is another; a zero of the other sign is none."""
    return not identical(came, sent) and change_of(came, sent).ratio > 0


def change_of(came: Array, sent: Array) -> Figures:
    """The figures of an array that should be as it was."""
    return judge(came, sent, Allowance(limit=np.zeros(sent.shape)))


def detail(came: Array, expected: Array, worst: tuple[int, ...], where: Where, but: str = "but should be") -> str:
    """Actual, expected and call, of the worst element."""
    call = f"{CALLS[where.asked]} {where.operation} {where.layer}".strip()
    return difference_words(came, expected, worst, where, call, but)


CALLS = {
    Asked.IN_PASS: "of",
    Asked.ALONE: "of",
    Asked.AGAIN: "",
    Asked.NEXT: "of",
    Asked.SECOND: "of",
    Asked.ARGUMENT: "after",
}
