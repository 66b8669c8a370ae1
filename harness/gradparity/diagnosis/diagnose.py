"""What is wrong with a port in one case: each thing by itself, where it shows first, and which known bug it is."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np

from ..cases import Array
from ..functions.evidence import Evidence, Subject
from .answers import Answers, Origin, Origins, explanations
from .pursuit import Memory
from .records import Alone, Asked, Diagnosis, Where
from .whole_pass import told_pass
from .wrong_steps import WrongStep, in_trace, told_steps, wrong_steps

COMPARABLE = 0.1  # an answer that differs from the one before by so much of its error says nothing by itself


def diagnose(answers: Answers, memory: Memory | None = None) -> list[Diagnosis]:
    """Each thing that is wrong, first what all else may come from; none where nothing is wrong.

    ``memory`` is what the runner's cases before have shown.
    """
    accumulating = [one for one in answers.state if any(f.name == "accumulates" for f in explanations(one.evidence))]
    changing = [
        one for one in answers.state if one.where.asked is Asked.ARGUMENT and one.where.operation in answers.operations
    ]
    erratic = [one for one in answers.state if one not in accumulating and _is_erratic(answers, one)]
    first = [*accumulating, *changing, *erratic]
    told = _of_state(first)
    steps = [] if changing else wrong_steps(answers)
    told += told_steps(answers, steps)
    out = {one.where.operation for one in (*accumulating, *erratic)}
    if not changing:
        told += told_pass(answers, steps, out, memory or Memory())
    rest = [one for one in answers.state if one not in first]
    told += _of_state(rest, {fit.sentence for one in told for fit in one.explanations})
    return told or _of_state(list(_in_following(answers)))[:1]


def _of_state(origins: list[Origin], known: Collection[str] = ()) -> list[Diagnosis]:
    """A diagnosis for each thing that is said of them, of those that are not known."""
    found: dict[tuple[str, str], Diagnosis] = {}
    for one in origins:
        told = one.told()
        sentence = told.explanations[0].sentence if told.explanations else ""
        if sentence not in known:
            found.setdefault((sentence, "" if sentence else one.where.key), told)
    return list(found.values())


def _is_erratic(a: Answers, one: Origin) -> bool:
    """Whether a result is another each time, by much of what it is wrong by: then no single answer says anything."""
    if one.where.asked is not Asked.AGAIN or one.where.layer:
        return False
    right, again, came = one.evidence.inputs["right"], one.evidence.came, one.evidence.expected
    if not (right.shape == again.shape == came.shape):
        return False
    with np.errstate(all="ignore"):
        moved, error = (float(np.linalg.norm(np.nan_to_num(came - b))) for b in (again, right))
    return error > 0 and moved >= COMPARABLE * error


def _in_following(a: Answers) -> Origins:
    """The case after this one, of the same sizes, is wrong where this one is right: something was kept."""
    next_, case = a.following, a.reference.case
    if next_ is None:
        return
    before = (case, a.operations["trace"]) if "trace" in a.operations else None
    for step in in_trace(next_, before)[:1]:
        yield Origin(WrongStep(step, Asked.NEXT, []).where, step.evidence, Alone.RIGHT)
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
