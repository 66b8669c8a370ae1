"""Where is a function of a port wrong first, and which known bug gives these very numbers?"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from itertools import combinations

import numpy as np

from ..arithmetic.precision import Array
from ..arithmetic.verdicts import Allowance
from ..errors import UsageError
from ..functions.cases import on_the_wire
from ..functions.evidence import Candidate, Evidence, Inputs, Subject
from ..functions.expected import Called, FunctionReference
from ..functions.function import as_arguments
from ..functions.mutated import mutants_of, result_of
from ..functions.steps import counted_steps
from .answers import explanations, mutated, repeated
from .extent import extent_of
from .precisions import of_reduced_inputs
from .records import Alone, Asked, Diagnosis, Where


@dataclass
class FunctionAnswers:
    """All that a port answered for one case of a function."""

    reference: FunctionReference
    parts: dict[str, Inputs] = field(default_factory=dict)
    whole: Inputs | None = None
    following: Inputs | None = None
    misshapen: tuple[Called, Inputs] | None = None
    mutated: list[tuple[Where, Array, Array]] = field(default_factory=list)
    repeated: list[tuple[Where, Array, Array]] = field(default_factory=list)


@dataclass(frozen=True)
class Found:
    """A result that is wrong."""

    where: Where
    evidence: Evidence
    beside: list[str] = field(default_factory=list)


def diagnose_function(answers: FunctionAnswers) -> Diagnosis | None:
    """The first result that is wrong by itself, of a part called alone or else of the function; and why."""
    also = [fit for origin in _state(answers) for fit in explanations(origin.evidence)]
    for found in _wrong(answers):
        fits = explanations(found.evidence)
        return Diagnosis(
            where=found.where,
            alone=_alone(answers, found.where),
            beside=found.beside,
            explanations=fits,
            also=[one for one in also if one.sentence not in {fit.sentence for fit in fits}],
            extent=extent_of(found.evidence) if found.evidence.comparable else None,
        )
    return None


def _wrong(a: FunctionAnswers) -> Iterator[Found]:
    accumulating = [one for one in _state(a) if any(fit.name == "accumulates" for fit in explanations(one.evidence))]
    yield from accumulating
    for part in a.reference.parts:
        if part.function.name in a.parts:
            yield from _of_call(part, a.parts[part.function.name], Asked.ALONE)
    if a.misshapen:
        yield from _of_call(*a.misshapen, Asked.IN_PASS)
    if a.whole is not None:
        yield from _of_call(a.reference.whole, a.whole, Asked.IN_PASS)
    yield from _state(a)
    if a.following is not None and a.whole is not None:
        yield from _of_call(a.reference.following.whole, a.following, Asked.NEXT, (a.reference.whole, a.whole))


def _of_call(
    called: Called, came: Inputs, asked: Asked, before: tuple[Called, Inputs] | None = None
) -> Iterator[Found]:
    """The first result of a call that is wrong, and the others beside it. ``before`` is the call before it."""
    wrong = [(name, e) for name, value in came.items() if (e := _evidence(called, name, value)).wrong]
    if not wrong:
        return
    first, e = wrong[0]
    prepared = {
        "one change": _with_one_change(called, first),
        "argument left out": _without(called, first),
        "arguments exchanged": _exchanged(called, first),
        **of_reduced_inputs(called.inputs, lambda changed: _result(called, first, changed)),
    }
    if before:
        e = replace(e, previous={"result": before[1][first]})
        prepared["stale argument"] = _stale(called, before[0], first)
    where = Where(operation="call", layer=called.function.name, array=first, asked=asked)
    yield Found(where, replace(e, prepared=prepared), [name for name, _ in wrong[1:]])


def _evidence(called: Called, name: str, came: Array) -> Evidence:
    """A result beside what it should be; integers and booleans as int64, however they travel."""
    expected = called.results[name]
    if expected.dtype.kind != "f" and came.dtype.kind != "f":
        expected, came = expected.astype(np.int64), came.astype(np.int64)
    elif expected.dtype.kind != "f":
        expected = on_the_wire({name: expected})[name]
    sizes = dict.fromkeys(size for one in called.inputs.values() for size in one.shape)
    rows, columns = next(iter(sizes), 1), expected.shape[-1] if expected.ndim else 1
    allowance = called.allowance(name) if came.shape == expected.shape else NOTHING
    inputs = dict(called.inputs)
    return Evidence(Subject.FUNCTION, name, inputs, expected, came, allowance, rows, columns, sizes=tuple(sizes))


NOTHING = Allowance()
MOST = 4000  # elements of the inputs, for what runs the reference many times


def _with_one_change(called: Called, result: str) -> list[Candidate]:
    """The result of the reference with one small change in its text."""
    if sum(one.size for one in called.inputs.values()) > MOST:
        return []
    with counted_steps(called.function.reference.__code__.co_filename) as usual, np.errstate(all="ignore"):
        called.function.results(as_arguments(called.inputs))
    found = []
    for change, mutant in mutants_of(called.function):
        value = result_of(mutant, called.inputs, result, usual.count)
        if value is not None and value.dtype.kind in "fiub":
            sentence = f"the reference gives this with {change.instead} for {change.old} in line {change.line}"
            found.append((sentence, value))
    return found


def _without(called: Called, result: str) -> list[Candidate]:
    """The result where one input is left out of the sums, or of the products."""
    found = []
    for name, one in called.inputs.items():
        values = {"0": np.zeros_like(one), "1": np.ones_like(one)}
        if one.ndim == 1 and one.dtype.kind == "i":
            values = {"0, 1, 2, ...": np.arange(len(one), dtype=one.dtype), **values}
        for what, value in values.items():
            found += _tried(called, result, {name: value}, f"computed without {name}, as if that were {what}")
    return found


def _exchanged(called: Called, result: str) -> list[Candidate]:
    """The result where two inputs of one shape are exchanged, or one is transposed."""
    found = []
    for (a, one), (b, other) in combinations(called.inputs.items(), 2):
        if (one.shape, one.dtype) == (other.shape, other.dtype):
            found += _tried(called, result, {a: other, b: one}, f"{a} and {b} are exchanged")
    for name, one in called.inputs.items():
        if one.ndim > 1 and one.shape == one.shape[::-1]:
            found += _tried(called, result, {name: one.T}, f"{name} is transposed")
        if one.ndim > 1:
            read = one.ravel(order="C").reshape(one.shape, order="F")
            found += _tried(called, result, {name: read}, f"{name}'s memory is read in the other order")
            read = one.ravel(order="F").reshape(one.shape, order="C")
            found += _tried(called, result, {name: read}, f"{name}'s memory is read in the other order")
    return found


def _stale(called: Called, before: Called, result: str) -> list[Candidate]:
    """The result with one input of the call before."""
    return [
        candidate
        for name, one in before.inputs.items()
        for candidate in _tried(called, result, {name: one}, f"computed with the {name} of the call before")
    ]


def _tried(called: Called, result: str, changed: Inputs, sentence: str) -> list[Candidate]:
    """What the reference makes of other inputs; nothing where it can make nothing of them."""
    found = _result(called, result, changed)
    return [] if found is None else [(sentence, found)]


def _result(called: Called, result: str, changed: Inputs) -> Array | None:
    try:
        return replace(called, inputs={**called.inputs, **changed}).results[result]
    except UsageError:
        return None


def _state(a: FunctionAnswers) -> list[Found]:
    """Arguments that were changed, and second answers that differ from the first."""
    whole = a.reference.whole
    found = [Found(where, mutated(where, came, sent).evidence) for where, came, sent in a.mutated]
    for where, again, first in a.repeated:
        right = whole.results[where.array]
        found.append(Found(where, repeated(where, again, first, whole.allowance(where.array), right).evidence))
    return found


def _alone(a: FunctionAnswers, where: Where) -> Alone:
    """Whether its parts, called alone, are right."""
    if where.asked is Asked.ALONE:
        return Alone.WRONG
    parts = [part.function.name for part in a.reference.parts]
    return Alone.PARTS_RIGHT if parts and set(parts) <= a.parts.keys() else Alone.NOT_ASKED
