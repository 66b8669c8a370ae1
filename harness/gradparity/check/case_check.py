"""The check of one case through one session: all that is asked, in order, and what is wrong."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

from ..arithmetic.verdicts import Verdict, judge
from ..cases import Array, Case
from ..diagnosis.answers import Answers, mutated
from ..diagnosis.declared import not_as_declared
from ..diagnosis.diagnose import diagnose
from ..diagnosis.pursuit import Memory
from ..diagnosis.records import Asked, Diagnosis, Where
from ..ports.attended import Attended
from ..ports.conversation import Conversation
from ..ports.session import Failure, PortFailure
from ..reference import LayerCheck, Reference
from .answers import shapes_of
from .asking import Asking, change_of, detail, fits, is_changed
from .records import Quantity, Reason
from .second_batch import ask_what_follows, is_little

# Where the arrays of each operation on a loaded case are shown.
SHOWN = {
    "gradient": Quantity.GRADIENT,
    "predict": Quantity.PREDICT,
    "accuracy": Quantity.ACCURACY,
    "trace": Quantity.TRACE,
    "numerical_gradient": Quantity.NUMERICAL,
}
MANY = 11  # further answers, of the gradient, in a case that is little


@dataclass
class CaseCheck(Asking):
    """One case put to one session: collects cells until all is asked or the session breaks."""

    memory: Memory = field(default_factory=Memory)  # of what is wrong in other cases
    attended: Attended[Conversation] | None = None  # who starts another session where a layer asked alone ends this one

    def __post_init__(self) -> None:
        super().__post_init__()
        self.answers.ask_nearby = self._ask_nearby

    @property
    def stderr(self) -> str:
        """See `CaseResult`."""
        return self.errors or self.printed

    @property
    def diagnoses(self) -> list[Diagnosis]:
        """What is wrong, and why; none where nothing is."""
        return self._diagnoses if any(cell.verdict is Verdict.WRONG for cell in self.cells) else []

    @cached_property
    def _diagnoses(self) -> list[Diagnosis]:
        if not self.probabilities and not self.undeclared:
            return diagnose(self.answers, self.memory)
        # The rest is judged on, as if what is known to be wrong were right.
        operations, layers = ({**one} for one in (self.answers.operations, self.answers.layers))
        own, known = [], {where.operation for where, _ in self.undeclared}
        if self.probabilities:
            own = diagnose(Answers(self.reference, {"predict": operations["predict"]}))
            operations["predict"] = self.reference.predict
            known.add("predict")
        for where, expected in self.undeclared:
            held, key = (layers, where.layer) if where.operation == "layer" else (operations, where.operation)
            held[key] = {**held[key], where.array: expected}
        if self.undeclared:
            own.append(not_as_declared(self.reference.case.declared, [where for where, _ in self.undeclared]))
        wrong = sum(cell.verdict is Verdict.WRONG for cell in self.cells)
        if wrong <= len(self.undeclared) + self.probabilities:
            return own
        again = {operation: later for operation, later in self.answers.again.items() if operation not in known}
        rest = replace(self.answers, operations=operations, layers=layers, again=again)
        return [*diagnose(rest, self.memory), *own]

    def run(self) -> None:
        """Ask everything, and again. Raises PortFailure where the session is at its end or refuses the case's network.

        The cells so far stand.
        """
        try:
            self._ask_all()
        finally:
            self.cells = self.by_norm.settled(self.cells, self._is_explained)

    def _is_explained(self) -> bool:
        return any(told.explanations for told in self.diagnoses)

    def _ask_all(self) -> None:
        for layer in self.reference.layers:  # first, as who does not have them right has nothing right
            self._layer(layer)
        spec = self.reference.case.spec
        if what := self.session.hello.lacks(spec.described.kinds, spec.is_dense):  # only its layers could be asked for
            raise PortFailure(self.session.hello.name, "load", Failure.UNSUPPORTED, what)
        self.load(self.reference)
        for operation in self.reference.operations:
            if operation == "trace":  # afresh, so that what gradient may have left behind is not blamed on the trace
                self._inputs_intact("load", self.reference.case.arrays)
                self.load(self.reference)
            self._ask(operation)
        self._inputs_intact("load", self.reference.case.arrays)
        for layer in self.reference.layers:
            self._layer_again(layer)
        # Again, with other layers and operations in between: what a port keeps from call to call shows now.
        for operation in [op for op in self.reference.operations if self.answered(op)]:
            self._ask_again(operation)
        ask_what_follows(self)

    def _ask_nearby(self, case: Case) -> dict[tuple[str, str], Array] | None:
        """What the port gives for a case of nearly the same numbers; None where it gives nothing to compare."""
        reference = Reference(case, self.reference.epsilon)
        found: dict[tuple[str, str], Array] = {}
        try:
            self.load(reference)
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

    def _ask(self, operation: str) -> None:
        quantity = SHOWN[operation]
        if operation not in self.session.hello.operations:
            what = f"{operation} is not in the port's operations"
            self.add(quantity, "", Verdict.NOT_IMPLEMENTED, what, Reason.NOT_LISTED)
            return
        expected = getattr(self.reference, operation)
        came = self.request(quantity, operation, {}, {}, expected)
        if came is None:
            return
        self.answers.operations[operation] = came
        for name, array in expected.items():
            shown = Quantity.LOSS if name == "loss" and operation == "gradient" else quantity
            where = Where(operation=operation, array=name)
            other = self.plain
            plain = (getattr(other, operation)[name], other.allowance(operation, name)) if other else None
            self.compare(shown, where, came[name], array, self.reference.allowance(operation, name), plain)
        if operation == "predict" and self.cells[-1].verdict is Verdict.WRONG:
            self.probabilities = self._are_probabilities(came["out"])

    def _are_probabilities(self, came: Array) -> bool:
        """Whether this is what a port gives that declares predict=probabilities."""
        case = self.reference.case
        other = Reference(replace(case, declared=replace(case.declared, predict="probabilities")))
        return judge(came, other.predict["out"], other.allowance("predict", "out")).verdict is not Verdict.WRONG

    def _ask_again(self, operation: str) -> None:
        """The same again and again: of a port whose second load made a new network, the first is that network's first.

        Where that costs little so often that what happens in the fifth call, or in the eleventh, is seen.
        """
        expected, first = getattr(self.reference, operation), self.answers.operations[operation]
        answers = self.answers.again.setdefault(operation, [])
        for _ in range(MANY if operation == "gradient" and is_little(self.reference) else 2):
            again = self.request(Quantity.STATE, operation, {}, {}, expected)
            if again is None:
                return
            answers.append(again)
        for name, right in expected.items():
            where = Where(operation=operation, array=name, asked=Asked.AGAIN)
            allowance = self.reference.allowance(operation, name)
            self.same(where, [one[name] for one in (first, *answers)], allowance, right)

    def _layer(self, layer: LayerCheck) -> None:
        """Ask for it, unless it broke the port too often. What it breaks is said; the rest is asked all the same."""
        about = f"the layer {layer.kind}"
        if self.attended and (why := self.attended.given_up(about)):
            self.errors = self.errors or self.attended.last_words(about)
            return self.add(Quantity.LAYERS, layer.name, Verdict.COULD_NOT_RUN, f"not tried, as {why}")
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
            what = f"the port does not list {missing.pop()}"
            self.add(Quantity.LAYERS, layer.name, Verdict.NOT_IMPLEMENTED, what, Reason.NOT_LISTED)
            return
        came = self.request(Quantity.LAYERS, "layer", layer.fields, layer.inputs, layer.expected, layer.name)
        if came is None:
            return
        self.answers.layers[layer.name] = came
        for name, array in layer.expected.items():
            where = Where(operation="layer", layer=layer.name, array=name, asked=Asked.ALONE)
            self.compare(Quantity.LAYERS, where, came[name], array, layer.allowances[name], layer.plain.get(name))
        self._inputs_intact("layer", layer.inputs, layer.name)

    def _layer_again(self, layer: LayerCheck) -> None:
        if not fits(self.answers.layers.get(layer.name), layer.expected):
            return
        came = self.answers.layers[layer.name]
        again = self.request(Quantity.STATE, "layer", layer.fields, layer.inputs, layer.expected, layer.name)
        if again is not None:
            self.answers.again[layer.name] = [again]
            for name, right in layer.expected.items():
                where = Where(operation="layer", layer=layer.name, array=name, asked=Asked.AGAIN)
                self.same(where, [came[name], again[name]], layer.allowances[name], right)

    def _inputs_intact(self, operation: str, sent: Mapping[str, Array], layer: str = "") -> None:
        call = f"{operation} {layer}".strip()
        if "inputs" not in self.session.hello.operations:
            what = "inputs is not in the port's operations"
            self.add(Quantity.STATE, f"{call} inputs", Verdict.NOT_IMPLEMENTED, what, Reason.NOT_LISTED)
            return
        if self.failed:
            return
        came = self.request(Quantity.STATE, "inputs", {}, {}, sent)
        if came is None:
            return
        changed = {name for name, array in sent.items() if is_changed(came[name], array)}
        self.changed = self.changed or (bool(changed) and operation == "load")
        who = self._who_changes(changed) if changed and operation == "load" else operation
        for name, array in sent.items():
            if name in changed:
                where = Where(operation=who, layer=layer, array=name, asked=Asked.ARGUMENT)
                said = detail(came[name], array, change_of(came[name], array).worst, where)
                place = " ".join(filter(None, [who, layer, name]))
                self.add(Quantity.STATE, place, Verdict.MUTATES, f"changed its input: {said}")
                self.answers.state.append(mutated(where, came[name], array))
            else:
                self.add(Quantity.STATE, f"{call} {name}", Verdict.IDENTICAL)

    def _who_changes(self, names: set[str]) -> str:
        """The first operation after which one of these arrays is another: load itself, where they were misread."""
        sent = self.reference.case.arrays
        for operation in ["load", *(op for op in self.reference.operations if self.answered(op))]:
            self.load(self.reference)
            if operation != "load":
                self.request(Quantity.STATE, operation, {}, {}, getattr(self.reference, operation))
            came = self.request(Quantity.STATE, "inputs", {}, {}, sent)
            if came and any(is_changed(came[name], sent[name]) for name in names):
                return operation
        return "load"
