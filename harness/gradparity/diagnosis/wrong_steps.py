"""The steps of a pass that are wrong by themselves: in the trace, or of a layer that was called alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from ..arithmetic.precision import Precision
from ..cases import Case
from ..functions.evidence import Candidate, Evidence, Inputs
from ..functions.layers import LAYERS
from ..functions.network import Call
from ..reference import LayerCheck, Reference
from .answers import Answers, Origin, explanations
from .fits import residual
from .records import Alone, Asked, Diagnosis, Explanation, Where
from .steps import Step, of_layer, of_trace


@dataclass(frozen=True)
class WrongStep:
    """A result of a layer that does not follow from what the port itself had before it, and what explains that."""

    step: Step
    asked: Asked
    explanations: list[Explanation]

    @property
    def place(self) -> tuple[str, str]:
        """The kind of the layer, and the result."""
        return self.step.evidence.kind, self.step.evidence.result

    @property
    def where(self) -> Where:
        """Its place, as a diagnosis tells it."""
        one = self.step
        operation = "layer" if self.asked is Asked.ALONE else "trace"
        return Where(operation=operation, array=one.evidence.result, layer=one.layer, phase=one.phase, asked=self.asked)


def wrong_steps(a: Answers) -> list[WrongStep]:
    """Those of the trace in the order of the pass, then those of layers called alone, that no other follows from."""
    found = [WrongStep(one, Asked.IN_PASS, explanations(one.evidence)) for one in wrong_in_trace(a)]
    seen = {one.step.key for one in found}
    for layer in a.reference.layers:
        own = of_layer_alone(a, layer, a.layers[layer.name]) if layer.name in a.layers else []
        wrong = [one for one in own if one.evidence.wrong and one.key not in seen]
        found += [WrongStep(one, Asked.ALONE, explanations(one.evidence)) for one in wrong if not _follows(one, wrong)]
    return found


def told_steps(a: Answers, wrong: list[WrongStep]) -> list[Diagnosis]:
    """A diagnosis for each thing that is wrong: steps of one kind of layer with one explanation are one."""
    groups: list[list[WrongStep]] = []
    for one in wrong:
        there = next((group for group in groups if _is_one_thing(group[0], one)), None)
        if there is None:
            groups.append([one])
        else:
            there.append(one)
    return [_told(a, group, wrong) for group in groups]


def _is_one_thing(first: WrongStep, other: WrongStep) -> bool:
    names = {one.name for one in first.explanations}
    if first.place == other.place:
        shared = not names and not other.explanations
        return shared or bool(names & {one.name for one in other.explanations})
    same_kind = first.place[0] == other.place[0]
    return same_kind and bool(names) and first.explanations[0].name in {one.name for one in other.explanations}


def _told(a: Answers, group: list[WrongStep], wrong: list[WrongStep]) -> Diagnosis:
    first = group[0]
    names = {one.name for one in first.explanations}
    for one in group[1:]:  # what explains all of it, if something does
        names &= {fit.name for fit in one.explanations} or names
    fits = [fit for fit in first.explanations if fit.name in names] or first.explanations
    strength = {fit.name: 0 for fit in fits}
    for one in group:
        for fit in one.explanations:
            if fit.name in strength:
                strength[fit.name] += fit.numbers
    fits = [fit.model_copy(update={"numbers": strength[fit.name]}) for fit in fits]
    others = {one.step.key for one in wrong} - {one.step.key for one in group}
    beside = list(dict.fromkeys(one.step.key for one in group[1:] if one.step.key != first.step.key))
    inherited = _inherited(a, first.step, others) if first.asked is Asked.IN_PASS else []
    alone = Alone.WRONG if first.asked is Asked.ALONE else _alone(a, first.step)
    shown = [] if inherited else beside
    return Origin(first.where, first.step.evidence, alone, inherited, shown).told(fits)


def _inherited(a: Answers, step: Step, others: set[str]) -> list[str]:
    """The arrays of the trace after this one that are wrong, and not by themselves as something else."""
    trace, reference = a.operations["trace"], a.reference
    names = list(reference.trace)
    return [
        name
        for name in names[names.index(step.key) + 1 :]
        if name not in others
        and replace(
            step.evidence,
            came=trace[name],
            expected=reference.trace[name],
            allowance=reference.allowance("trace", name),
        ).wrong
    ]


def wrong_in_trace(a: Answers, before: tuple[Case, Inputs] | None = None) -> list[Step]:
    """The steps of the trace that do not follow from the port's own arrays, in order."""
    trace, reference = a.operations.get("trace"), a.reference
    if trace is None:
        return []
    misshapen = [k for k, v in reference.trace.items() if (v.shape, v.dtype) != (trace[k].shape, trace[k].dtype)]
    base = reference.trace if misshapen else trace
    steps = dict(of_trace(reference.case, reference.epsilon, base, None if misshapen else before))
    if misshapen:
        step = steps[misshapen[0]]
        return [replace(step, evidence=replace(step.evidence, came=trace[misshapen[0]]))]
    wrong = [steps[key] for key in reference.trace if steps[key].evidence.wrong]
    wrong = [one for one in wrong if not _follows(one, wrong)]
    return [replace(one, evidence=with_others(one.evidence, reference)) for one in wrong]


def _follows(step: Step, wrong: list[Step]) -> bool:
    """Whether it is as wrong as another result of the layer that it may be computed from, such as a loss of its y."""
    e = step.evidence
    other_way = LAYERS[e.kind].follows.get(e.result)
    if other_way is None or not any(one.layer == step.layer and one.evidence.result == other_way[0] for one in wrong):
        return False
    came = other_way[1](e.inputs)
    return residual(e.came, came, e.expected, e.allowance) is not None


def with_others(e: Evidence, reference: Reference) -> Evidence:
    """The other layers' weights and gradients beside this one's, for whoever mixed the layers up."""
    others = {name: p for name, p in reference.case.params.items() if p.ndim > 1}
    others |= {f"d{name}": reference.gradient[f"d{name}"] for name in list(others)}
    own = e.expected.tobytes()
    found = [
        (f"this is {name}: the layers are in another order", value)
        for name, value in others.items()
        if value.tobytes() != own
    ]
    return prepared(e, {"layers permuted": found})


def prepared(e: Evidence, candidates: Mapping[str, Sequence[Candidate]]) -> Evidence:
    """With these candidates beside those that it has."""
    return replace(e, prepared={**e.prepared, **candidates})


def _alone(a: Answers, step: Step) -> Alone:
    """Whether the same layer, called alone with the reference's inputs, is wrong too."""
    results = a.layers.get(step.layer)
    if results is None:
        return Alone.NOT_ASKED
    [layer] = [layer for layer in a.reference.layers if layer.name == step.layer]
    wrong = {one.evidence.result for one in of_layer_alone(a, layer, results) if one.evidence.wrong}
    return Alone.WRONG if step.evidence.result in wrong else Alone.RIGHT


def of_layer_alone(a: Answers, layer: LayerCheck, results: Inputs) -> list[Step]:
    """Each result of a layer that was called alone."""
    inputs, expected = layer.given, layer.expected
    misshapen = [k for k, v in expected.items() if (v.shape, v.dtype) != (results[k].shape, results[k].dtype)]
    base = {k: expected[k] if misshapen else results[k] for k in expected}
    case = a.reference.case
    kind = case.declared.layer(LAYERS[layer.kind], Precision.of(case.spec.dtype).tiny)
    steps = of_layer(Call(layer.name, kind, inputs), base, case.spec.classes)
    if misshapen:
        steps = [replace(one, evidence=replace(one.evidence, came=results[one.evidence.result])) for one in steps]
    return steps
