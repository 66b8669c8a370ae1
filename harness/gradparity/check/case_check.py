"""The check of one case through one session: what is asked, and how each answer is judged."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np

from ..arithmetic.verdicts import Allowance, Figures, Verdict, identical, judge
from ..cases import Array, Case
from ..diagnosis.answers import Answers, mutated, repeated, shared
from ..diagnosis.diagnose import diagnose
from ..diagnosis.pursuit import Memory
from ..diagnosis.records import Asked, Diagnosis, Where
from ..functions.evidence import Inputs
from ..ports.attended import Attended
from ..ports.conversation import Conversation
from ..ports.session import Failure, PortFailure, misshapen
from ..reference import STEP, LayerCheck, Reference
from .answers import difference_words, shapes_of, verdict_of_failure, verdict_of_state
from .records import Cell, Quantity, Reason

# Where the arrays of each operation on a loaded case are shown.
SHOWN = {
    "gradient": Quantity.GRADIENT,
    "predict": Quantity.PREDICT,
    "accuracy": Quantity.ACCURACY,
    "trace": Quantity.TRACE,
    "numerical_gradient": Quantity.NUMERICAL,
}

OF_A_BATCH = ("predict", "gradient")
"""What is asked for a second batch, and what an object may go on using after it gave it."""
LITTLE = 1000  # products in all layers together
USUAL = 3  # answers to each request
MANY = 11  # further ones, of the gradient, in a case that is little


@dataclass
class CaseCheck:
    """One case put to one session: collects cells until all is asked or the session breaks."""

    session: Conversation
    reference: Reference
    memory: Memory = field(default_factory=Memory)  # of what is wrong in other cases
    attended: Attended[Conversation] | None = None  # who starts another session where a layer asked alone ends this one
    cells: list[Cell] = field(default_factory=list)
    errors: str = ""  # what it said to stderr in the first request that failed
    printed: str = ""  # and in the first whose answer is wrong
    failed: bool = False  # an operation ended in an error: what it left of its arguments is nobody's finding
    said: PortFailure | None = None  # the last failure that has a cell

    def __post_init__(self) -> None:
        self.answers = Answers(self.reference, ask_nearby=self._ask_nearby)

    @property
    def stderr(self) -> str:
        """See `CaseResult`."""
        return self.errors or self.printed

    @property
    def diagnoses(self) -> list[Diagnosis]:
        """What is wrong, and why; none where nothing is."""
        wrong = any(cell.verdict is Verdict.WRONG for cell in self.cells)
        return diagnose(self.answers, self.memory) if wrong else []

    def run(self) -> None:
        """Ask everything, and again. Raises PortFailure where the session is at its end or refuses the case's network.

        The cells so far stand.
        """
        for layer in self.reference.layers:  # first, as who does not have them right has nothing right
            self._layer(layer)
        spec = self.reference.case.spec
        if what := self.session.hello.lacks(spec.described.kinds, spec.is_dense):  # only its layers could be asked for
            raise PortFailure(self.session.hello.name, "load", Failure.UNSUPPORTED, what)
        self._load(self.reference)
        for operation in self.reference.operations:
            if operation == "trace":  # afresh, so that what gradient may have left behind is not blamed on the trace
                self._inputs_intact("load", self.reference.case.arrays)
                self._load(self.reference)
            self._ask(operation)
        self._inputs_intact("load", self.reference.case.arrays)
        for layer in self.reference.layers:
            self._layer_again(layer)
        # Again, with other layers and operations in between: what a port keeps from call to call shows now.
        for operation in [op for op in self.reference.operations if self._answered(op)]:
            self._ask_again(operation)
        if self._keeps_its_network:
            self._second_batch()
            self._following()
        else:
            self._following()
            if self._is_little:
                self._second_batch()

    def _ask_nearby(self, case: Case) -> dict[tuple[str, str], Array] | None:
        """What the port gives for a case of nearly the same numbers; None where it gives nothing to compare."""
        reference, found = Reference(case, self.reference.epsilon), {}
        try:
            self._load(reference)
            for operation in ("gradient", "predict"):
                if operation in self.answers.operations:
                    expect = shapes_of(getattr(self.reference, operation))
                    came = self.session.request(operation, {}, {}, expect).arrays
                    found |= {(operation, name): array for name, array in came.items()}
        except PortFailure as failure:
            if failure.ends_session and self.attended:
                self.attended.close()
            return None
        return found

    @property
    def _keeps_its_network(self) -> bool:
        """Whether one network can be given several batches, without another load: an object's."""
        return "batch" in self.session.hello.operations

    @property
    def _is_little(self) -> bool:
        """Whether the case costs so little that it is asked more often than others."""
        spec = self.reference.case.spec
        products = spec.batch * sum(inputs * outputs for inputs, outputs in pairwise(spec.sizes))
        return spec.numerical or spec.batch == 1 or 0 < products <= LITTLE

    def _load(self, reference: Reference) -> None:
        fields = reference.case.fields | {"epsilon": repr(reference.epsilon)}
        try:
            self.session.request("load", fields, reference.case.arrays)
        except PortFailure as failure:
            if self.answers.operations and failure.kind is not Failure.UNSUPPORTED:  # it was loaded before
                self.said = failure
                self._add(Quantity.STATE, "load", Verdict.COULD_NOT_RUN, f"load: {failure.what}")
            raise

    def _answered(self, operation: str) -> bool:
        return _fits(self.answers.operations.get(operation), getattr(self.reference, operation))

    def _wrong(self) -> list[Cell]:
        return [cell for cell in self.cells if cell.verdict is Verdict.WRONG]

    def _following(self) -> None:
        """Load another case of the same sizes: what a port keeps of the one before shows now, if that is right."""
        if all(cell.quantity is Quantity.STATE for cell in self._wrong()):
            self._load(self.reference.following)
            self.answers.following = Answers(self.reference.following)
            self._ask_next(self.answers.following, ("gradient", "trace"), "next case")

    def _second_batch(self) -> None:
        """Give it another batch of the same network, of another size, then the first again: what a port keeps of a
        batch shows now, if all else is right. A port that loads makes a new network for each.
        """
        second = self.reference.second_batch
        if second is None or self._wrong():
            return
        try:
            self._give(second)
        except PortFailure as failure:
            if failure.kind is Failure.UNSUPPORTED:  # it need not have batches of every size
                return
            raise
        self.answers.second = Answers(second)
        self._ask_next(self.answers.second, ("predict", "gradient", "trace"), "second batch")
        self._results_kept()
        self._give(self.reference)
        for operation in OF_A_BATCH if not self._wrong() else ():
            self._first_again(operation)
            self._overwritten(operation)

    def _give(self, reference: Reference) -> None:
        if self._keeps_its_network:
            self.session.request("batch", {}, {"x": reference.case.x, "t": reference.case.t})
        else:
            self._load(reference)

    def _ask_next(self, answers: Answers, operations: Iterable[str], words: str) -> None:
        """What it answers to these for what was loaded just now, beside the reference of that."""
        reference = answers.reference
        for operation in filter(self._answered, operations):
            expected = getattr(reference, operation)
            came = self._request(Quantity.STATE, operation, {}, {}, expected, words)
            if came is None:
                continue
            answers.operations[operation] = came
            for name, array in expected.items():
                if identical(came[name], array):  # then no envelope is needed
                    self._add(Quantity.STATE, f"{words} {name}", Verdict.IDENTICAL)
                    continue
                figures = judge(came[name], array, reference.allowance(operation, name))
                verdict, where = verdict_of_state(figures), Where(operation=operation, array=name)
                detail = "" if verdict.passes else _detail(came[name], array, figures.worst, where)
                self._add(Quantity.STATE, f"{words} {name}", verdict, detail)

    def _results_kept(self) -> None:
        """What an object gave for the batch before must still be what it was."""
        for operation in OF_A_BATCH if "results" in self.session.hello.operations else ():
            if not self.answers.again.get(operation):
                continue
            before = self.answers.again[operation][-1]
            now = self._request(Quantity.STATE, "results", {"operation": operation}, {}, before, operation)
            for name, array in before.items() if now else ():
                assert now
                self._shared("called", operation, name, now[name], array)

    def _first_again(self, operation: str) -> None:
        """The first batch again, after another one."""
        if not self._answered(operation):
            return
        expected, first = getattr(self.reference, operation), self.answers.operations[operation]
        again = self._request(Quantity.STATE, operation, {}, {}, expected, operation)
        for name, right in expected.items() if again else ():
            assert again
            where = Where(operation=operation, array=name, asked=Asked.AGAIN)
            allowance = self.reference.allowance(operation, name)
            self._same(where, [first[name], again[name]], allowance, right, "after a second batch ")

    def _overwritten(self, operation: str) -> None:
        """What is written into an object's result is nobody's business but the caller's."""
        if "overwritten" not in self.session.hello.operations or not self._answered(operation):
            return
        first = self.answers.operations[operation]
        came = self._request(Quantity.STATE, "overwritten", {"operation": operation}, {}, first, operation)
        for name, array in first.items() if came else ():
            assert came
            if judge(came[name], array, self.reference.allowance(operation, name)).ratio > 1:
                self._shared("written", operation, name, came[name], array)

    def _shared(self, what: str, operation: str, name: str, now: Array, before: Array) -> None:
        cell = f"result of {operation} {name}"
        if not _is_changed(now, before):
            return self._add(Quantity.STATE, cell, Verdict.IDENTICAL)
        where = Where(operation=operation, array=name, asked=Asked.SECOND)
        detail = _detail(now, before, _changed(now, before).worst, where, "but was")
        self._add(Quantity.STATE, cell, Verdict.WRONG, f"its result is not its caller's alone: {detail}")
        self.answers.state.append(shared(where, now, before, what))

    def _ask(self, operation: str) -> None:
        quantity = SHOWN[operation]
        if operation not in self.session.hello.operations:
            detail = f"{operation} is not in the port's operations"
            self._add(quantity, "", Verdict.NOT_IMPLEMENTED, detail, Reason.NOT_LISTED)
            return
        expected = getattr(self.reference, operation)
        came = self._request(quantity, operation, {}, {}, expected)
        if came is None:
            return
        self.answers.operations[operation] = came
        for name, array in expected.items():
            shown = Quantity.LOSS if name == "loss" and operation == "gradient" else quantity
            where = Where(operation=operation, array=name)
            self._compare(shown, where, came[name], array, self.reference.allowance(operation, name))

    def _ask_again(self, operation: str) -> None:
        """The same again and again: of a port whose second load made a new network, the first is that network's first.

        Where that costs little so often that what happens in the fifth call, or in the eleventh, is seen.
        """
        expected, first = getattr(self.reference, operation), self.answers.operations[operation]
        answers = self.answers.again.setdefault(operation, [])
        for _ in range(MANY if operation == "gradient" and self._is_little else 2):
            again = self._request(Quantity.STATE, operation, {}, {}, expected)
            if again is None:
                return
            answers.append(again)
        for name, right in expected.items():
            where = Where(operation=operation, array=name, asked=Asked.AGAIN)
            allowance = self.reference.allowance(operation, name)
            self._same(where, [one[name] for one in (first, *answers)], allowance, right)

    def _layer(self, layer: LayerCheck) -> None:
        """Ask for it, unless it broke the port too often. What it breaks is said; the rest is asked all the same."""
        about = f"the layer {layer.kind}"
        if self.attended and (why := self.attended.given_up(about)):
            self.errors = self.errors or self.attended.last_words(about)
            return self._add(Quantity.LAYERS, layer.name, Verdict.COULD_NOT_RUN, f"not tried, as {why}")
        try:
            self._ask_layer(layer)
        except PortFailure as failure:
            if self.attended is None:
                raise
            self.session = self.attended.renewed(failure, about)
            self.errors = self.errors or failure.stderr

    def _ask_layer(self, layer: LayerCheck) -> None:
        missing = {"layer"} - self.session.hello.operations or {layer.kind} - self.session.hello.layers
        if missing:
            detail = f"the port does not list {missing.pop()}"
            self._add(Quantity.LAYERS, layer.name, Verdict.NOT_IMPLEMENTED, detail, Reason.NOT_LISTED)
            return
        came = self._request(Quantity.LAYERS, "layer", layer.fields, layer.inputs, layer.expected, layer.name)
        if came is None:
            return
        self.answers.layers[layer.name] = came
        for name, array in layer.expected.items():
            where = Where(operation="layer", layer=layer.name, array=name, asked=Asked.ALONE)
            self._compare(Quantity.LAYERS, where, came[name], array, layer.allowances[name])
        self._inputs_intact("layer", layer.inputs, layer.name)

    def _layer_again(self, layer: LayerCheck) -> None:
        if not _fits(self.answers.layers.get(layer.name), layer.expected):
            return
        came = self.answers.layers[layer.name]
        again = self._request(Quantity.STATE, "layer", layer.fields, layer.inputs, layer.expected, layer.name)
        if again is not None:
            self.answers.again[layer.name] = [again]
            for name, right in layer.expected.items():
                where = Where(operation="layer", layer=layer.name, array=name, asked=Asked.AGAIN)
                self._same(where, [came[name], again[name]], layer.allowances[name], right)

    def _inputs_intact(self, operation: str, sent: Mapping[str, Array], layer: str = "") -> None:
        call = f"{operation} {layer}".strip()
        if "inputs" not in self.session.hello.operations:
            detail = "inputs is not in the port's operations"
            self._add(Quantity.STATE, f"{call} inputs", Verdict.NOT_IMPLEMENTED, detail, Reason.NOT_LISTED)
            return
        if self.failed:
            return
        came = self._request(Quantity.STATE, "inputs", {}, {}, sent)
        if came is None:
            return
        changed = {name for name, array in sent.items() if _is_changed(came[name], array)}
        who = self._who_changes(changed) if changed and operation == "load" else operation
        for name, array in sent.items():
            if name in changed:
                where = Where(operation=who, layer=layer, array=name, asked=Asked.ARGUMENT)
                detail = _detail(came[name], array, _changed(came[name], array).worst, where)
                self._add(Quantity.STATE, f"{call} {name}", Verdict.WRONG, f"changed its input: {detail}")
                self.answers.state.append(mutated(where, came[name], array))
            else:
                self._add(Quantity.STATE, f"{call} {name}", Verdict.IDENTICAL, "")

    def _who_changes(self, names: set[str]) -> str:
        """The first operation after which one of these arrays is another: load itself, where they were misread."""
        sent = self.reference.case.arrays
        for operation in ["load", *(op for op in self.reference.operations if self._answered(op))]:
            self._load(self.reference)
            if operation != "load":
                self._request(Quantity.STATE, operation, {}, {}, getattr(self.reference, operation))
            came = self._request(Quantity.STATE, "inputs", {}, {}, sent)
            if came and any(_is_changed(came[name], sent[name]) for name in names):
                return operation
        return "load"

    def _same(
        self, where: Where, answers: Sequence[Array], allowance: Allowance, right: Array, after: str = ""
    ) -> None:
        """Of answers to one request, the first that is not as the one before is told, else the two furthest apart.

        The second one last: between it and the first, other things were asked.
        """
        name = f"{after}{where.layer or where.operation} {where.array}"
        pairs = list(enumerate(pairwise(answers), start=2))
        pairs = [(at, pair) for at, pair in pairs[1:] + pairs[:1] if not identical(*pair)]
        judged = [(judge(later, earlier, allowance), at, (later, earlier)) for at, (earlier, later) in pairs]
        if not judged:
            return self._add(Quantity.STATE, name, Verdict.IDENTICAL)
        wrong = [one for one in judged if one[0].ratio > 1]
        figures, at, (again, before) = wrong[0] if wrong else max(judged, key=lambda one: one[0].ratio)
        verdict = verdict_of_state(figures)
        told = f"{after}asked again" + (f", answer {at}: " if at > USUAL else ": ")
        detail = "" if verdict.passes else told + _detail(again, before, figures.worst, where, "but was")
        self._add(Quantity.STATE, name, verdict, detail)
        if not verdict.passes:
            self.answers.state.append(repeated(where, again, before, allowance, right))

    def _request(
        self,
        quantity: Quantity,
        operation: str,
        fields: dict[str, str],
        arrays: Mapping[str, Array],
        expected: Mapping[str, Array],
        array: str = "",
    ) -> dict[str, Array] | None:
        """The reply's arrays, or None where the operation failed and the session goes on."""
        if operation == "numerical_gradient":
            fields = {"step": repr(self.reference.step)}
        try:
            return self.session.request(operation, fields, arrays, shapes_of(expected)).arrays
        except PortFailure as failure:
            self.said = failure
            if failure.ends_session:
                self._add(quantity, array, Verdict.COULD_NOT_RUN, f"{operation}: {failure.what}")
                raise
            verdict = verdict_of_failure(failure.kind)
            self._add(quantity, array, verdict, f"{operation}: {failure.what}")
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

    def _compare(self, quantity: Quantity, where: Where, came: Array, expected: Array, allowance: Allowance) -> None:
        figures = judge(came, expected, allowance)
        detail = "" if figures.verdict.passes else _detail(came, expected, figures.worst, where)
        if figures.verdict is Verdict.UNRESOLVED and self.reference.epsilon != self.reference.case.spec.epsilon:
            detail = f"with an epsilon of {self.reference.epsilon:g} this loss could not show an error of 1e-3"
            return self._add(quantity, where.key, Verdict.NOT_IMPLEMENTED, detail, Reason.OTHER_EPSILON)
        if figures.verdict is Verdict.UNRESOLVED and quantity is Quantity.NUMERICAL and self.reference.step != STEP:
            detail = f"with steps of {self.reference.step:g} this numerical gradient could not show an error of 1e-3"
            return self._add(quantity, where.key, Verdict.NOT_IMPLEMENTED, detail, Reason.OTHER_STEP)
        if figures.verdict is Verdict.WRONG:
            self.printed = self.printed or self.session.said()
        self.cells.append(Cell.of(quantity, where.key, figures, detail))

    def _add(
        self, quantity: Quantity, array: str, verdict: Verdict, detail: str = "", reason: Reason | None = None
    ) -> None:
        self.cells.append(Cell.without_figures(quantity, array, verdict, detail, reason))


def _fits(came: Inputs | None, expected: Mapping[str, Array]) -> bool:
    """Whether there is a first answer with the right shapes, to hold a second one against."""
    return came is not None and not misshapen(came, shapes_of(expected))


def _is_changed(came: Array, sent: Array) -> bool:
    """Whether its value is another; a zero of the other sign is none."""
    return not identical(came, sent) and _changed(came, sent).ratio > 0


def _changed(came: Array, sent: Array) -> Figures:
    return judge(came, sent, Allowance(limit=np.zeros(sent.shape)))


def _detail(came: Array, expected: Array, worst: tuple[int, ...], where: Where, but: str = "but should be") -> str:
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
