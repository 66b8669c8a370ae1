"""Where is a port wrong first, what has only inherited that, and which known bug gives these very numbers?"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field, replace

import numpy as np
from gradparity_oracle import Network

from ..cases import Array, Case
from .advice import ADVICE
from .explain import explain
from .other_networks import other_networks
from .records import Diagnosis, Explanation
from .reference import STEP, Reference
from .steps import Evidence, Inputs, of_layer, of_trace
from ..arithmetic.verdicts import Allowance

NETWORK_LAYERS = ("affine", "relu", "sigmoid", "softmax_with_loss")


@dataclass
class Answers:
    """All that a port answered for one case, by operation and array; ``layers`` by the layer's name.

    ``following`` are the answers for the case after it, of the same sizes; ``state`` is what was found wrong in
    arguments and repeated calls.
    """

    reference: Reference
    operations: dict[str, Inputs] = field(default_factory=dict)
    layers: dict[str, Inputs] = field(default_factory=dict)
    state: list[Evidence] = field(default_factory=list)
    following: Answers | None = None


def diagnose(answers: Answers) -> Diagnosis | None:
    """The first array that is wrong by itself, and what explains it; None where nothing is wrong."""
    also = _facts(answers)
    for origins in (_accumulating, _mutating, _in_trace, _in_layers, _in_pass, _in_state, _in_following):
        for origin in origins(answers):
            found = _explanations(origin.evidence)
            return Diagnosis(
                where=origin.evidence.where,
                alone=origin.alone,
                inherited=origin.inherited,
                beside=origin.beside,
                explanations=found,
                also=[one for one in also if one.sentence not in {fit.sentence for fit in found}],
            )
    return None


def _facts(answers: Answers) -> list[Explanation]:
    """What is known of arguments and repeated calls, once each."""
    found = [one for e in answers.state for one in _explanations(e)[: None if e.kind == "mutated" else 1]]
    return list({one.sentence: one for one in found}.values())


def _explanations(e: Evidence) -> list[Explanation]:
    return [Explanation(**asdict(fit), advice=ADVICE.get(fit.name, "")) for fit in explain(e)]


@dataclass(frozen=True)
class Origin:
    """Where something is wrong by itself; the rest as in `Diagnosis`."""

    evidence: Evidence
    alone: str = "not asked"
    inherited: list[str] = field(default_factory=list)
    beside: list[str] = field(default_factory=list)


Origins = Iterator[Origin]


def _accumulating(a: Answers) -> Origins:
    """A result that is added to that of the call before. Its first answer may be wrong or right, by chance."""
    for e in a.state:
        if any(one.name == "accumulates" for one in _explanations(e)):
            yield Origin(e)


def _mutating(a: Answers) -> Origins:
    """An argument of the whole network that an operation changed: all that was asked after it had another network."""
    for e in a.state:
        if e.kind == "mutated" and e.where.rpartition(" of ")[2] in a.operations:
            yield Origin(e)


def _in_trace(a: Answers) -> Origins:
    """The first step of the trace that does not follow from the port's own arrays."""
    found = _first_in_trace(a, None)
    if found is None:
        return
    key, e = found
    trace, reference = a.operations["trace"], a.reference
    names = list(reference.trace)
    inherited = [
        name
        for name in names[names.index(key) + 1 :]
        if replace(
            e, came=trace[name], expected=reference.trace[name], allowance=reference.allowance("trace", name)
        ).wrong
    ]
    yield Origin(e, _alone(a, key, e), inherited)


def _first_in_trace(a: Answers, before: tuple[Case, Inputs] | None) -> tuple[str, Evidence] | None:
    trace, reference = a.operations.get("trace"), a.reference
    if trace is None:
        return None
    misshapen = [k for k, v in reference.trace.items() if (v.shape, v.dtype) != (trace[k].shape, trace[k].dtype)]
    base = reference.trace if misshapen else trace
    steps = dict(of_trace(reference.case, reference.epsilon, base, None if misshapen else before))
    if misshapen:
        return misshapen[0], replace(steps[misshapen[0]], came=trace[misshapen[0]])
    wrong = [key for key in reference.trace if steps[key].wrong]
    return (wrong[0], _with_others(steps[wrong[0]], reference)) if wrong else None


def _with_others(e: Evidence, reference: Reference) -> Evidence:
    """The other layers' weights and gradients beside this one's, for whoever mixed the layers up."""
    others = {f"other {k}": v for k, v in reference.case.arrays.items() if k[0] == "W"}
    others |= {f"other {k}": v for k, v in reference.gradient.items() if k.startswith("dW")}
    own = e.expected.tobytes()
    return replace(e, inputs={**e.inputs, **{k: v for k, v in others.items() if v.tobytes() != own}})


def _alone(a: Answers, key: str, e: Evidence) -> str:
    """Whether the same layer, called alone with the oracle's inputs, is wrong too."""
    name = "softmax" if key == "loss" else key.partition(".")[0]
    results = a.layers.get(name)
    if results is None:
        return "not asked"
    return "wrong" if any(one.wrong for one in _layer(a, name, results) if one.result == e.result) else "right"


def _layer(a: Answers, name: str, results: Inputs) -> list[Evidence]:
    [layer] = [layer for layer in a.reference.layers if layer.name == name]
    inputs = dict(layer.inputs)
    if "t" in inputs:
        inputs |= {"t": a.reference.case.labels, "epsilon": np.asarray(a.reference.epsilon)}
    expected = layer.expected
    misshapen = [k for k, v in expected.items() if (v.shape, v.dtype) != (results[k].shape, results[k].dtype)]
    base = {k: expected[k] if misshapen else results[k] for k in expected}
    steps = of_layer(name, layer.kind, inputs, base, a.reference.case.spec.sizes[-1])
    return [replace(e, came=results[e.result]) for e in steps] if misshapen else steps


def _in_layers(a: Answers) -> Origins:
    """The first layer that is wrong when it is called alone."""
    for layer in a.reference.layers:
        if layer.name in a.layers:
            for e in _layer(a, layer.name, a.layers[layer.name]):
                if e.wrong:
                    yield Origin(replace(e, where=f"{e.where}, called alone"), "wrong")


def _in_pass(a: Answers) -> Origins:
    """A result that is wrong where the trace, or each layer by itself, is right."""
    reference = a.reference
    steps = dict(of_trace(reference.case, reference.epsilon, reference.trace))
    found: list[tuple[str, str, Evidence]] = []
    forward_right = False
    for operation in ("predict", "gradient", "accuracy", "numerical_gradient"):
        if operation == "accuracy" and not forward_right:
            continue  # it follows from the logits, and a share of a few rows fits too much
        for name, came in sorted(a.operations.get(operation, {}).items(), key=_from_the_end):
            e = steps.get(reference.in_trace(operation, name)) or steps["loss"]
            e = replace(e, where=f"{operation} {name}", came=came, expected=getattr(reference, operation)[name])
            e = replace(e, allowance=reference.allowance(operation, name))
            if e.wrong:
                found.append((operation, name, e))
        if operation == "predict":
            forward_right = operation in a.operations and not found
    if found:
        operation, first, e = found[0]
        beside = dict.fromkeys(name for _, name, _ in found if name != first)
        layers = {layer.name for layer in reference.layers if layer.kind in NETWORK_LAYERS}
        alone = "layers right" if layers <= a.layers.keys() else "not asked"
        yield Origin(_of_pass(e, operation, first, reference, forward_right), alone, beside=list(beside))


def _of_pass(e: Evidence, operation: str, name: str, reference: Reference, forward_right: bool) -> Evidence:
    """With all that a bug of the whole pass would be computed from."""
    if operation == "predict":
        e = replace(e, kind="pass", result="out")
    if operation == "accuracy":
        e = replace(e, kind="accuracy", result="accuracy")
        return replace(e, inputs={"out": reference.predict["out"], "t": reference.case.labels})
    if operation == "numerical_gradient":
        inputs = {key: values[name] for key, values in _one_sided(reference).items()}
        e = replace(e, kind="pass", result="numerical", inputs=inputs)
    others = other_networks(reference, forward_right).get(name, {})
    return _with_others(replace(e, inputs={**e.inputs, **others}), reference)


def _from_the_end(result: tuple[str, Array]) -> int:
    """The loss, then the gradients of the last layer, and so on: the way that backward goes."""
    return -int("".join(filter(str.isdigit, result[0])) or sys.maxsize)


def _one_sided(reference: Reference) -> dict[str, dict[str, Array]]:
    """Numerical gradients by the forward and by the backward difference."""
    case = reference.case
    network = case.network(epsilon=reference.epsilon)
    here = network.loss(case.x, case.t)
    found: dict[str, dict[str, Array]] = {"forward difference": {}, "backward difference": {}}
    for slopes_of, h in zip(found.values(), (STEP, -STEP), strict=True):
        for name, p in network.params.items():
            slopes_of[f"d{name}"] = slopes = np.empty_like(p)
            for i in np.ndindex(p.shape):
                value = p[i]
                p[i] = value + p.dtype.type(h)
                slopes[i] = (network.loss(case.x, case.t) - here) / p.dtype.type(h)
                p[i] = value
    return found


def _in_state(a: Answers) -> Origins:
    """An argument that was changed, or a second answer that differs from the first."""
    for e in a.state:
        yield Origin(e)


def _in_following(a: Answers) -> Origins:
    """The case after this one, of the same sizes, is wrong where this one is right: something was kept."""
    next_, case = a.following, a.reference.case
    if next_ is None:
        return
    before = (case, a.operations["trace"]) if "trace" in a.operations else None
    found = _first_in_trace(next_, before)
    if found:
        _, e = found
        yield Origin(replace(e, where=f"{e.where}, in the case after another"), "right")
    stale = _stale_weights(a)
    for name, came in next_.operations.get("gradient", {}).items():
        expected = next_.reference.gradient[name]
        inputs = {"stale weights": stale[name]}
        previous = {"result": a.operations["gradient"][name]} if "gradient" in a.operations else {}
        where = f"gradient {name}, in the case after another"
        allowance = next_.reference.allowance("gradient", name)
        batch, classes = len(case.x), case.spec.sizes[-1]
        e = Evidence(where, "pass", name, inputs, expected, came, allowance, batch, classes, previous)
        if e.wrong:
            yield Origin(e, "right")


def _stale_weights(a: Answers) -> dict[str, Array]:
    """The gradient of the following case's batch with this case's weights."""
    assert a.following
    old, new = a.reference.case, a.following.reference.case
    network: Network = old.network(epsilon=a.reference.epsilon)
    return {name: np.asarray(value) for name, value in network.gradient(new.x, new.t).items()}


def mutated(where: str, came: Array, expected: Array) -> Evidence:
    """An argument after a call, and as it was sent."""
    return Evidence(where, "mutated", "inputs", {}, expected, came, Allowance(limit=np.zeros(expected.shape)), 1, 1)


def repeated(where: str, came: Array, expected: Array, allowance: Allowance, right: Array) -> Evidence:
    """A later answer to one request, an earlier one, and the right one."""
    return Evidence(where, "repeat", "again", {"right": right}, expected, came, allowance, 1, 1)
