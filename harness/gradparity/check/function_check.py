"""The check of one case of a function through one session: its parts alone, the function, and both again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from ..arithmetic.verdicts import Allowance, Figures, Verdict, identical, judge
from ..cases import Array
from ..diagnosis.of_function import FunctionAnswers, diagnose_function
from ..diagnosis.records import Asked, Diagnosis, Where
from ..functions.cases import on_the_wire
from ..functions.expected import Called, FunctionReference
from ..ports.conversation import Conversation
from ..ports.session import Failure, PortFailure, misshapen
from .answers import difference_words, shapes_of, verdict_of_failure, verdict_of_state
from .records import Cell, Quantity, Reason


@dataclass
class FunctionCheck:
    """One case put to one session: collects cells until all is asked or the session breaks."""

    session: Conversation
    reference: FunctionReference
    cells: list[Cell] = field(default_factory=list)
    stderr: str = ""  # what it said in the first request that failed, or whose answer is wrong
    said: PortFailure | None = None  # the last failure that has a cell

    def __post_init__(self) -> None:
        self.answers = FunctionAnswers(self.reference)

    @property
    def diagnoses(self) -> list[Diagnosis]:
        """What is wrong, and why; none where nothing is."""
        told = diagnose_function(self.answers) if self._wrong else None
        return [told] if told else []

    @property
    def _wrong(self) -> bool:
        return any(cell.verdict is Verdict.WRONG for cell in self.cells)

    def run(self) -> None:
        """Ask everything, and again. Raises PortFailure where the session is at its end. The cells so far stand."""
        for part in self.reference.parts:  # first, as who does not have them right has nothing right
            if part.function.name in self.session.hello.functions:
                self._part(part)
        whole = self.reference.whole
        came = self._call(Quantity.RESULTS, whole)
        if came is None:
            return
        self.answers.whole = came
        for name in whole.results:
            self._compare(Quantity.RESULTS, self._where(whole, name), came[name], whole)
        self._inputs_intact(whole)
        self._again(whole, came)
        if not self._wrong:
            self._following()

    def _part(self, part: Called) -> None:
        came = self._call(Quantity.PARTS, part)
        if came is not None:
            self.answers.parts[part.function.name] = came
            for name in part.results:
                self._compare(Quantity.PARTS, self._where(part, name, Asked.ALONE), came[name], part)

    def _again(self, whole: Called, first: Mapping[str, Array]) -> None:
        """The same request once more, after another of its kind: what a port keeps from call to call shows now."""
        again = self._call(Quantity.STATE, whole)
        for name in whole.results if again else ():
            assert again
            where = self._where(whole, name, Asked.AGAIN)
            figures = judged(again[name], first[name], whole.allowance(name))
            verdict = verdict_of_state(figures)
            detail = (
                "" if verdict.passes else "asked again: " + _detail(again[name], first[name], figures, where, "but was")
            )
            self._add(Quantity.STATE, where.key, verdict, detail)
            if not verdict.passes:
                self.answers.repeated.append((where, again[name], first[name]))

    def _following(self) -> None:
        """Another draw of the same sizes: what is kept of the one before shows now.

        What is wrong there, and is as wrong when that is asked again, was kept of nothing: it is wrong in that draw.
        """
        following = self.reference.following.whole
        came = self._call(Quantity.STATE, following)
        if came is None:
            return
        self.answers.following = came
        for name, expected in following.results.items():
            where = self._where(following, name, Asked.NEXT)
            if expected.dtype.kind == "f" and identical(came[name], expected):  # then no envelope is needed
                self._add(Quantity.STATE, where.key, Verdict.IDENTICAL)
                continue
            figures = judged(came[name], expected, following.allowance(name))
            verdict = verdict_of_state(figures)
            if verdict.passes:
                self._add(Quantity.STATE, where.key, verdict)
                continue
            again = self._call(Quantity.STATE, following)
            kept = again is None or not identical(again[name], came[name])
            detail = f"{'after another call' if kept else 'in another draw'}: "
            detail += _detail(came[name], expected, figures, where)
            if kept:
                self._add(Quantity.STATE, where.key, verdict, detail)
            else:
                self.cells.append(Cell.of(Quantity.RESULTS, where.key, figures, detail))

    def _inputs_intact(self, whole: Called) -> None:
        name = whole.function.name
        if "inputs" not in self.session.hello.operations:
            detail = "inputs is not in the port's operations"
            self._add(Quantity.STATE, f"{name} inputs", Verdict.NOT_IMPLEMENTED, detail, Reason.NOT_LISTED)
            return
        sent = self.reference.sent()
        try:
            came = self.session.request("inputs", {}, {}, shapes_of(sent)).arrays
        except PortFailure as failure:
            self._failed(Quantity.STATE, f"{name} inputs", failure)
            return
        for argument, array in sent.items():
            where = Where(operation="call", layer=name, array=argument, asked=Asked.ARGUMENT)
            figures = judged(came[argument], array, Allowance(limit=np.zeros(array.shape)))
            if identical(came[argument], array) or figures.ratio == 0:
                self._add(Quantity.STATE, where.key, Verdict.IDENTICAL)
            else:
                detail = f"changed its input: {_detail(came[argument], array, figures, where)}"
                self._add(Quantity.STATE, where.key, Verdict.WRONG, detail)
                self.answers.mutated.append((where, came[argument], array))

    def _call(self, quantity: Quantity, called: Called) -> dict[str, Array] | None:
        """The results, None where there are none to compare and the session goes on."""
        name, expected = called.function.name, on_the_wire(called.results)
        try:
            fields = {"function": name}
            return self.session.request("call", fields, on_the_wire(called.inputs), shapes_of(expected)).arrays
        except PortFailure as failure:
            came = {key: _as_asked(one, called.own[key], expected[key]) for key, one in failure.arrays.items()}
            if failure.kind is Failure.MISSHAPEN and not misshapen(came, shapes_of(expected)):
                return came
            self._failed(quantity, name, failure)
            if set(failure.arrays) == set(expected) and quantity is not Quantity.STATE:
                self.answers.misshapen = (called, dict(failure.arrays))
            return None

    def _failed(self, quantity: Quantity, name: str, failure: PortFailure) -> None:
        """A cell for it. Raises it where the session is at its end."""
        verdict = verdict_of_failure(failure.kind)
        self._add(quantity, name, verdict, f"{name}: {failure.what}")
        self.stderr, self.said = self.stderr or failure.stderr, failure
        if failure.ends_session:
            raise failure

    @staticmethod
    def _where(called: Called, result: str, asked: Asked = Asked.IN_PASS) -> Where:
        return Where(operation="call", layer=called.function.name, array=result, asked=asked)

    def _compare(self, quantity: Quantity, where: Where, came: Array, called: Called) -> None:
        expected = called.results[where.array]
        figures = judged(came, expected, called.allowance(where.array))
        detail = "" if figures.verdict.passes else _detail(came, expected, figures, where)
        if figures.verdict is Verdict.UNRESOLVED and called.explained.lost:
            detail += f"; numbers left the noise: {', '.join(called.explained.lost)}"
        if figures.verdict is Verdict.WRONG:
            self.stderr = self.stderr or self.session.said()
        self.cells.append(Cell.of(quantity, where.key, figures, detail))

    def _add(
        self, quantity: Quantity, array: str, verdict: Verdict, detail: str = "", reason: Reason | None = None
    ) -> None:
        self.cells.append(Cell.without_figures(quantity, array, verdict, detail, reason))


def judged(came: Array, expected: Array, allowance: Allowance) -> Figures:
    """The figures of a result; integers and booleans by their values, however they travel."""
    if expected.dtype.kind == "f":
        return judge(came, expected, allowance)
    return judge(came.astype(np.int64), expected.astype(np.int64), allowance)


def _as_asked(came: Array, own: Array, expected: Array) -> Array:
    """In the case's dtype, where the reference, too, gives another one there: float32 in, and float64 out."""
    return came.astype(expected.dtype) if came.dtype == own.dtype != expected.dtype else came


def _detail(came: Array, expected: Array, figures: Figures, where: Where, but: str = "but should be") -> str:
    call = f"{'after' if where.asked is Asked.ARGUMENT else 'of'} {where.layer}"
    return difference_words(came, expected, figures.worst, where, call, but)
