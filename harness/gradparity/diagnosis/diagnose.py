"""Where is a port wrong first, and which known bug gives these very numbers?"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace

import numpy as np
from gradparity_reference import last_name

from ..arithmetic.precision import Precision
from ..arithmetic.verdicts import Allowance
from ..cases import Array, Case
from ..functions.evidence import Candidate, Evidence, Inputs, Subject
from ..functions.layers import LAYERS
from ..functions.network import Call, placed
from ..reference import LayerCheck, Reference
from .advice import ADVICE
from .explain import explain
from .other_networks import other_decays, other_networks
from .records import Alone, Asked, Diagnosis, Explanation, Where
from .steps import Step, of_layer, of_trace


@dataclass(frozen=True)
class Origin:
    """Where something is wrong by itself; the rest as in `Diagnosis`."""

    where: Where
    evidence: Evidence
    alone: Alone = Alone.NOT_ASKED
    inherited: list[str] = field(default_factory=list)
    beside: list[str] = field(default_factory=list)


Origins = Iterator[Origin]


@dataclass
class Answers:
    """All that a port answered for one case, by operation and array; ``layers`` by the layer's name.

    ``following`` are the answers for the case after it, of the same sizes; ``state`` is what was found wrong in
    arguments and repeated calls.
    """

    reference: Reference
    operations: dict[str, Inputs] = field(default_factory=dict)
    layers: dict[str, Inputs] = field(default_factory=dict)
    state: list[Origin] = field(default_factory=list)
    following: Answers | None = None


def diagnose(answers: Answers) -> list[Diagnosis]:
    """The first array that is wrong by itself, and what explains it; none where nothing is wrong."""
    also = _facts(answers)
    for origins in (_accumulating, _mutating, _in_trace, _in_layers, _in_pass, _in_state, _in_following):
        for origin in origins(answers):
            found = explanations(origin.evidence)
            told = Diagnosis(
                where=origin.where,
                alone=origin.alone,
                inherited=origin.inherited,
                beside=origin.beside,
                explanations=found,
                also=[one for one in also if one.sentence not in {fit.sentence for fit in found}],
            )
            return [told]
    return []


def _facts(answers: Answers) -> list[Explanation]:
    """What is known of arguments and repeated calls, once each."""
    found = []
    for origin in answers.state:
        fits = explanations(origin.evidence)
        found += fits if origin.where.asked is Asked.ARGUMENT else fits[:1]
    return list({one.sentence: one for one in found}.values())


def explanations(e: Evidence) -> list[Explanation]:
    """The known bugs that explain it, best first."""
    return [Explanation(**asdict(fit), advice=ADVICE.get(fit.name, "")) for fit in explain(e)]


def _accumulating(a: Answers) -> Origins:
    """A result that is added to that of the call before. Its first answer may be wrong or right, by chance."""
    for origin in a.state:
        if any(one.name == "accumulates" for one in explanations(origin.evidence)):
            yield origin


def _mutating(a: Answers) -> Origins:
    """An argument of the whole network that an operation changed: all that was asked after it had another network."""
    for origin in a.state:
        if origin.where.asked is Asked.ARGUMENT and origin.where.operation in a.operations:
            yield origin


def _in_trace(a: Answers) -> Origins:
    """The first step of the trace that does not follow from the port's own arrays."""
    step = _first_in_trace(a, None)
    if step is None:
        return
    trace, reference = a.operations["trace"], a.reference
    names = list(reference.trace)
    inherited = [
        name
        for name in names[names.index(step.key) + 1 :]
        if replace(
            step.evidence,
            came=trace[name],
            expected=reference.trace[name],
            allowance=reference.allowance("trace", name),
        ).wrong
    ]
    yield Origin(_where(step, Asked.IN_PASS), step.evidence, _alone(a, step), inherited)


def _where(step: Step, asked: Asked) -> Where:
    operation = "layer" if asked is Asked.ALONE else "trace"
    return Where(operation=operation, array=step.evidence.result, layer=step.layer, phase=step.phase, asked=asked)


def _first_in_trace(a: Answers, before: tuple[Case, Inputs] | None) -> Step | None:
    trace, reference = a.operations.get("trace"), a.reference
    if trace is None:
        return None
    misshapen = [k for k, v in reference.trace.items() if (v.shape, v.dtype) != (trace[k].shape, trace[k].dtype)]
    base = reference.trace if misshapen else trace
    steps = dict(of_trace(reference.case, reference.epsilon, base, None if misshapen else before))
    if misshapen:
        step = steps[misshapen[0]]
        return replace(step, evidence=replace(step.evidence, came=trace[misshapen[0]]))
    wrong = [steps[key] for key in reference.trace if steps[key].evidence.wrong]
    return replace(wrong[0], evidence=_with_others(wrong[0].evidence, reference)) if wrong else None


def _with_others(e: Evidence, reference: Reference) -> Evidence:
    """The other layers' weights and gradients beside this one's, for whoever mixed the layers up."""
    others = {name: p for name, p in reference.case.params.items() if p.ndim > 1}
    others |= {f"d{name}": reference.gradient[f"d{name}"] for name in list(others)}
    own = e.expected.tobytes()
    found = [
        (f"this is {name}: the layers are in another order", value)
        for name, value in others.items()
        if value.tobytes() != own
    ]
    return _prepared(e, {"layers permuted": found})


def _prepared(e: Evidence, candidates: Mapping[str, Sequence[Candidate]]) -> Evidence:
    return replace(e, prepared={**e.prepared, **candidates})


def _alone(a: Answers, step: Step) -> Alone:
    """Whether the same layer, called alone with the reference's inputs, is wrong too."""
    results = a.layers.get(step.layer)
    if results is None:
        return Alone.NOT_ASKED
    [layer] = [layer for layer in a.reference.layers if layer.name == step.layer]
    wrong = {one.evidence.result for one in _layer(a, layer, results) if one.evidence.wrong}
    return Alone.WRONG if step.evidence.result in wrong else Alone.RIGHT


def _layer(a: Answers, layer: LayerCheck, results: Inputs) -> list[Step]:
    inputs, expected = layer.given, layer.expected
    misshapen = [k for k, v in expected.items() if (v.shape, v.dtype) != (results[k].shape, results[k].dtype)]
    base = {k: expected[k] if misshapen else results[k] for k in expected}
    case = a.reference.case
    kind = case.declared.layer(LAYERS[layer.kind], Precision.of(case.spec.dtype).tiny)
    steps = of_layer(Call(layer.name, kind, inputs), base, case.spec.classes)
    if misshapen:
        steps = [replace(one, evidence=replace(one.evidence, came=results[one.evidence.result])) for one in steps]
    return steps


def _in_layers(a: Answers) -> Origins:
    """The first layer that is wrong when it is called alone."""
    for layer in a.reference.layers:
        for step in _layer(a, layer, a.layers[layer.name]) if layer.name in a.layers else []:
            if step.evidence.wrong:
                yield Origin(_where(step, Asked.ALONE), step.evidence, Alone.WRONG)


def _in_pass(a: Answers) -> Origins:
    """A result that is wrong where the trace, or each layer by itself, is right."""
    reference = a.reference
    steps = {key: one.evidence for key, one in of_trace(reference.case, reference.epsilon, reference.trace)}
    found: list[tuple[str, str, Evidence]] = []
    forward_right = False
    for operation in ("predict", "gradient", "accuracy", "numerical_gradient"):
        if operation == "accuracy" and not forward_right:
            continue  # it follows from the logits, and a share of a few rows fits too much
        for name, came in sorted(a.operations.get(operation, {}).items(), key=_from_the_end):
            e = steps.get(reference.in_trace(operation, name)) or steps["loss"]
            e = replace(e, came=came, expected=getattr(reference, operation)[name])
            e = replace(e, allowance=reference.allowance(operation, name))
            if e.wrong:
                found.append((operation, name, e))
        if operation == "predict":
            forward_right = operation in a.operations and not found
    if found:
        operation, first, e = found[0]
        beside = dict.fromkeys(name for _, name, _ in found if name != first)
        kinds = reference.case.spec.kinds
        layers = {layer.name for layer in placed(kinds)} | {last_name(kinds[-1].kind)}
        alone = Alone.LAYERS_RIGHT if layers <= a.layers.keys() else Alone.NOT_ASKED
        e = _of_pass(e, operation, first, reference, forward_right)
        yield Origin(Where(operation=operation, array=first), e, alone, beside=list(beside))


def _of_pass(e: Evidence, operation: str, name: str, reference: Reference, forward_right: bool) -> Evidence:
    """With all that a bug of the whole pass would be computed from."""
    if operation == "predict":
        e = replace(e, kind=Subject.PASS, result="out")
    if operation == "accuracy":
        e = replace(e, kind=Subject.ACCURACY, result="accuracy")
        return replace(e, inputs={"out": reference.predict["out"], "t": reference.case.labels})
    if operation == "numerical_gradient":
        e = replace(e, kind=Subject.PASS, result="numerical", inputs={})
        e = _prepared(e, {"forward difference": _one_sided(reference, name)})
    if operation == "gradient":
        if (operation, name) in reference.case.spec.beside_the_trace:  # no layer's own result
            e = replace(e, kind=Subject.PASS, inputs={})
        e = _prepared(e, other_decays(reference).get(name, {}))
    return _with_others(_prepared(e, other_networks(reference, forward_right).get(name, {})), reference)


def _from_the_end(result: tuple[str, Array]) -> int:
    """The loss, then the gradients of the last layer, and so on: the way that backward goes."""
    return -int("".join(filter(str.isdigit, result[0])) or sys.maxsize)


def _one_sided(reference: Reference, name: str) -> list[Candidate]:
    """The numerical gradient of this name by the forward and by the backward difference."""
    case = reference.case
    network = case.network(epsilon=reference.epsilon)
    here = network.loss(case.x, case.t)
    [p] = [p for param, p in network.params.items() if f"d{param}" == name]
    found = []
    for side, step in (("forward", reference.step), ("backward", -reference.step)):
        slopes, h = np.empty_like(p), p.dtype.type(step)
        for i in np.ndindex(p.shape):
            value = p[i]
            p[i] = value + h
            slopes[i] = (network.loss(case.x, case.t) - here) / h
            p[i] = value
        found.append((f"a {side} difference: (loss(p + h) - loss(p)) / h, for the central one", slopes))
    return found


def _in_state(a: Answers) -> Origins:
    """An argument that was changed, or a second answer that differs from the first."""
    yield from a.state


def _in_following(a: Answers) -> Origins:
    """The case after this one, of the same sizes, is wrong where this one is right: something was kept."""
    next_, case = a.following, a.reference.case
    if next_ is None:
        return
    before = (case, a.operations["trace"]) if "trace" in a.operations else None
    step = _first_in_trace(next_, before)
    if step:
        yield Origin(_where(step, Asked.NEXT), step.evidence, Alone.RIGHT)
    stale = _stale_weights(a)
    for name, came in next_.operations.get("gradient", {}).items():
        expected, allowance = next_.reference.gradient[name], next_.reference.allowance("gradient", name)
        previous = {"result": a.operations["gradient"][name]} if "gradient" in a.operations else {}
        prepared = {"stale weights": [("computed with the weights of the case before", stale[name])]}
        batch, classes = len(case.x), case.spec.classes
        e = Evidence(Subject.PASS, name, {}, expected, came, allowance, batch, classes, previous, prepared)
        if e.wrong:
            yield Origin(Where(operation="gradient", array=name, asked=Asked.NEXT), e, Alone.RIGHT)


def _stale_weights(a: Answers) -> dict[str, Array]:
    """The gradient of the following case's batch with this case's weights."""
    assert a.following
    old, new = a.reference.case, a.following.reference.case
    network = old.network(epsilon=a.reference.epsilon)
    return {name: np.asarray(value) for name, value in network.gradient(new.x, new.t).items()}


def mutated(where: Where, came: Array, expected: Array) -> Origin:
    """An argument after a call, and as it was sent."""
    nothing = Allowance(limit=np.zeros(expected.shape))
    return Origin(where, Evidence(Subject.MUTATED, "inputs", {}, expected, came, nothing, 1, 1))


def repeated(where: Where, came: Array, expected: Array, allowance: Allowance, right: Array) -> Origin:
    """A later answer to one request, an earlier one, and the right one."""
    return Origin(where, Evidence(Subject.REPEAT, "again", {"right": right}, expected, came, allowance, 1, 1))
