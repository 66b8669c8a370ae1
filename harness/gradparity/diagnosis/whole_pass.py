"""What is wrong in the results of the whole network, and does not follow from a step that is known to be wrong."""

from __future__ import annotations

import sys
from dataclasses import replace

import numpy as np
from gradparity_reference import last_name

from ..cases import Array
from ..functions.evidence import Candidate, Evidence, Subject
from ..functions.network import placed
from ..reference import Reference
from .advice import ADVICE
from .answers import Answers, Origin, explanations
from .pursuit import Gain, Memory, Pursuit
from .records import Alone, Asked, Diagnosis, Explanation, Where
from .steps import of_trace
from .variants import InPlace, Key
from .wrong_steps import WrongStep, prepared, with_others

Wrong = dict[Key, Evidence]
WOULD_TELL = ("trace", "layer")
PURSUED = ("predict", "gradient")


def told_pass(a: Answers, steps: list[WrongStep], wrong: Wrong, left_out: set[str], memory: Memory) -> list[Diagnosis]:
    """A diagnosis for each thing that is wrong. ``left_out`` are operations whose answers say nothing."""
    own = {key for key, e in wrong.items() if steps and _is_of_own_trace(a, key, e)}  # they follow from the steps
    unnamed = any(not one.explanations for one in steps)
    explained = set(own)
    told: list[Diagnosis] = []
    if any(key[0] in PURSUED for key in wrong.keys() - own):
        came = {key: _came(a, key) for key in _pursued(a, left_out) if key not in own}
        pursuit = Pursuit(a.reference, came, memory)
        for variant in [variant for one in steps if (variant := _in_its_place(pursuit, one))]:
            pursuit.take(variant)
        for gains in pursuit.explained() if not unnamed else ():  # or else it may be that, which cannot be computed
            mine = [key for key in wrong if key in gains[0].keys]
            told += [_of_gains(a, gains, mine, wrong)] if mine else []
            explained |= gains[0].keys
        explained |= pursuit.wrong - pursuit.open
    if unnamed:
        explained |= {key for key in wrong if key[0] in PURSUED}
    logits_wrong = unnamed or any(key[0] == "predict" for key in wrong)
    if logits_wrong:
        explained.add(("accuracy", "accuracy"))
    if logits_wrong or ("gradient", "loss") in wrong:  # it is made of losses
        explained |= {key for key in wrong if key[0] == "numerical_gradient"}
    return told + _one_by_one(a, {key: e for key, e in wrong.items() if key not in explained})


def told_again(a: Answers, asked: Asked, memory: Memory) -> list[Diagnosis]:
    """What is wrong with another batch or case, where bugs that explained other cases explain all of it."""
    wrong = wrong_results(a, set())
    pursuit = Pursuit(a.reference, {key: _came(a, key) for key in _pursued(a, set())}, memory)
    gains = pursuit.remembered() if wrong and pursuit.wrong else []
    mine = [key for key in wrong if gains and key in gains[0].keys]
    if not mine or pursuit.wrong - gains[0].keys:
        return []
    told = _of_gains(a, gains, mine, wrong)
    return [told.model_copy(update={"where": told.where.model_copy(update={"asked": asked})})]


def wrong_results(a: Answers, left_out: set[str]) -> Wrong:
    """The results of operations that rounding does not explain, in the order in which they are looked at.

    ``left_out`` are operations whose answers say nothing.
    """
    reference = a.reference
    steps = {key: one.evidence for key, one in of_trace(reference.case, reference.epsilon, reference.trace)}
    found: Wrong = {}
    for operation in ("predict", "gradient", "accuracy", "numerical_gradient"):
        if operation in left_out or (operation == "accuracy" and "predict" not in a.operations):
            continue  # a share of a few rows fits too much where the logits are not known
        for name, came in sorted(a.operations.get(operation, {}).items(), key=_from_the_end):
            e = steps.get(reference.in_trace(operation, name)) or steps["loss"]
            e = replace(e, came=came, expected=getattr(reference, operation)[name])
            e = replace(e, allowance=reference.allowance(operation, name))
            if e.wrong:
                found[operation, name] = _of_pass(e, operation, name, reference)
    return found


def _pursued(a: Answers, left_out: set[str]) -> list[Key]:
    return [(op, name) for op in PURSUED if op not in left_out for name in a.operations.get(op, {})]


def _came(a: Answers, key: Key) -> Array:
    return a.operations[key[0]][key[1]]


def _is_of_own_trace(a: Answers, key: Key, e: Evidence) -> bool:
    """Whether the same array of the port's own trace is as wrong."""
    trace, name = a.operations.get("trace"), a.reference.in_trace(*key)
    if trace is None or key[0] not in PURSUED or key in a.reference.case.spec.beside_the_trace:
        return False
    own = trace[name]
    return own.shape == e.came.shape and replace(e, expected=own).figures.ratio <= 1 if e.comparable else False


def _in_its_place(pursuit: Pursuit, wrong: WrongStep) -> InPlace | None:
    """The variant of the network that has this bug of a step."""
    kind, result = wrong.place
    for fit in wrong.explanations:
        for one in pursuit.variants():
            if isinstance(one, InPlace) and (one.name, one.kind) == (fit.name, kind) and result in one.results:
                if fit.constant is not None and one.bug.constant:
                    return one.with_constant(fit.constant)
                if one.said == fit.sentence:
                    return one
    return None


def _of_gains(a: Answers, gains: list[Gain], mine: list[Key], wrong: Wrong) -> Diagnosis:
    """Where it shows first, and the bugs that explain the same arrays; if the layers are right, of what is between."""
    alone = _layers_alone(a)
    if alone is Alone.LAYERS_RIGHT:
        gains = [one for one in gains if not isinstance(one.variant, InPlace)] or gains
    found = [
        Explanation(
            name=one.variant.name,
            sentence=one.variant.sentence,
            residual=one.residual,
            advice=ADVICE.get(one.variant.name, ""),
            constant=one.variant.constant,
            numbers=one.numbers,
        )
        for one in gains
    ]
    first, *others = mine
    beside = list(dict.fromkeys(name for _, name in others if name != first[1]))
    where = Where(operation=first[0], array=first[1])
    return Origin(where, wrong[first], alone, beside=beside).told(found)


def _one_by_one(a: Answers, rest: Wrong) -> list[Diagnosis]:
    """What no bug of the whole pass gives: each array by itself, those with one explanation, or none, together."""
    fits = {key: explanations(e) for key, e in rest.items()}
    groups: list[list[Key]] = []
    for key, found in fits.items():
        there = next((group for group in groups if _share(fits[group[0]], found)), None)
        groups.append([key]) if there is None else there.append(key)
    told = []
    for first, *others in groups:
        beside = list(dict.fromkeys(name for _, name in others if name != first[1]))
        origin = Origin(Where(operation=first[0], array=first[1]), rest[first], _layers_alone(a), beside=beside)
        shared = [one for one in fits[first] if all(one.name in {f.name for f in fits[key]} for key in others)]
        names = {one.name for one in shared}
        count = {
            name: sum(f.numbers for key in (first, *others) for f in fits[key] if f.name == name) for name in names
        }
        named = [one.model_copy(update={"numbers": count[one.name]}) for one in shared]
        lacking = [] if named else _lacking(a)
        told.append(origin.told(named).model_copy(update={"for_want_of": lacking}))
    return told


def _share(some: list[Explanation], others: list[Explanation]) -> bool:
    names = {one.name for one in some}
    return (not some and not others) or bool(names & {one.name for one in others})


def _lacking(a: Answers) -> list[str]:
    """The operations that would tell more, and were not answered."""
    there = {*a.operations, *(["layer"] if a.layers else [])}
    return [one for one in WOULD_TELL if one not in there]


def _layers_alone(a: Answers) -> Alone:
    kinds = a.reference.case.spec.kinds
    layers = {layer.name for layer in placed(kinds)} | {last_name(kinds[-1].kind)}
    return Alone.LAYERS_RIGHT if layers <= a.layers.keys() else Alone.NOT_ASKED


def _of_pass(e: Evidence, operation: str, name: str, reference: Reference) -> Evidence:
    """With all that a bug of the whole pass would be computed from."""
    if operation == "predict":
        e = replace(e, kind=Subject.PASS, result="out")
    if operation == "accuracy":
        e = replace(e, kind=Subject.ACCURACY, result="accuracy")
        return replace(e, inputs={"out": reference.predict["out"], "t": reference.case.labels})
    if operation == "numerical_gradient":
        e = replace(e, kind=Subject.PASS, result="numerical", inputs={})
        e = prepared(e, {"forward difference": _one_sided(reference, name)})
    if operation == "gradient" and (operation, name) in reference.case.spec.beside_the_trace:  # no layer's own result
        e = replace(e, kind=Subject.PASS, inputs={})
    return with_others(e, reference)


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
