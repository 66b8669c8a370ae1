"""What is wrong with a port in one case: each thing by itself, where it shows first, and which known bug it is."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np

from ..cases import Array
from ..functions.evidence import Evidence, Subject
from ..reference import OPERATIONS
from .answers import Answers, Origin, Origins, explanations, repeated
from .nearby import with_precision
from .patterns import another_each_time
from .pursuit import Memory
from .records import Alone, Asked, Diagnosis, Where
from .whole_pass import told_again, told_pass, wrong_results
from .wrong_steps import WrongStep, prepared, told_steps, wrong_in_trace, wrong_steps

MOST_ANSWERS = 5  # that differ, of one request


def diagnose(answers: Answers, memory: Memory | None = None) -> list[Diagnosis]:
    """Each thing that is wrong, first what all else may come from; none where nothing is wrong.

    ``memory`` is what the runner's cases before have shown.
    """
    accumulating = [one for one in answers.state if any(f.name == "accumulates" for f in explanations(one.evidence))]
    changing = [
        one for one in answers.state if one.where.asked is Asked.ARGUMENT and one.where.operation in answers.operations
    ]
    first = [*accumulating, *changing]
    told = _of_state(first if changing and _is_upset(answers, _after(changing)) else accumulating)
    erratic = _erratic(answers, {one.where.operation for one in accumulating})
    told += list(erratic.values())[:1]
    steps = wrong_steps(answers)
    told += told_steps(answers, steps)
    out = {one.where.operation for one in accumulating} | erratic.keys() | _after(changing)
    wrong = wrong_results(answers, out)
    told += told_pass(answers, steps, wrong, out, memory or Memory())
    told = with_precision(answers, told, wrong)
    rest = [one for one in answers.state if one.where.asked is not Asked.ARGUMENT and one not in accumulating]
    rest = [one for one in rest if one.where.operation not in erratic]
    if changing:  # the network had changed when it was asked again
        rest = [one for one in rest if one.where.operation not in OPERATIONS]
    told += _of_state(rest, {fit.sentence for one in told for fit in one.explanations})
    for other, asked, origins in (
        (answers.second, Asked.SECOND, _in_second),
        (answers.following, Asked.NEXT, _in_following),
    ):
        if other and not told:
            told = told_again(other, asked, memory or Memory()) or _of_state(list(origins(answers)))[:1]
    return told


def _after(changing: list[Origin]) -> set[str]:
    """The operations that were asked of a network which one before them had changed. The trace was loaded anew."""
    places = [OPERATIONS.index(one.where.operation) for one in changing]
    return set(OPERATIONS[min(places) + 1 :]) - {"trace"} if places else set()


def _is_upset(a: Answers, after: set[str]) -> bool:
    """Whether it shows in later answers that the network had changed, or else the numbers are right."""
    later = any(one.where.asked is not Asked.ARGUMENT and one.where.operation in OPERATIONS for one in a.state)
    return later or bool(wrong_results(a, set(OPERATIONS) - after))


def _erratic(a: Answers, known: Collection[str]) -> dict[str, Diagnosis]:
    """By operation: it gives another answer each time, by so much that nothing follows from a single one."""
    found: dict[str, Diagnosis] = {}
    for operation, first in a.operations.items():
        answers = [first, *a.again.get(operation, [])] if operation not in known else []
        for name, one in first.items():
            right = getattr(a.reference, operation)[name]
            several = list({array.tobytes(): array for array in (of[name] for of in answers)}.values())[:MOST_ANSWERS]
            if len(several) < 2 or any((other.shape, other.dtype) != (right.shape, right.dtype) for other in several):
                continue
            allowance = a.reference.allowance(operation, name)
            fact = another_each_time(several, right, allowance)
            if fact and operation not in found:
                where = Where(operation=operation, array=name, asked=Asked.AGAIN)
                told = repeated(where, several[1], one, allowance, right, [answers[-1][name]]).told()
                found[operation] = told.model_copy(update={"facts": [fact]})
    return found


def _of_state(origins: list[Origin], known: Collection[str] = ()) -> list[Diagnosis]:
    """A diagnosis for each thing that is said of them, of those that are not known."""
    found: dict[tuple[str, str], Diagnosis] = {}
    for one in origins:
        told = one.told()
        sentence = told.explanations[0].sentence if told.explanations else ""
        if sentence not in known:
            found.setdefault((sentence, "" if sentence else one.where.key), told)
    return list(found.values())


def _in_second(a: Answers) -> Origins:
    """A second batch of the same network, of another size, is wrong where the first is right: something was kept."""
    second = a.second
    if second is None:
        return
    sizes = f"{len(a.reference.case.x)}, the size of the batch before, for {len(second.reference.case.x)}"
    share = len(second.reference.case.x) / len(a.reference.case.x)

    def with_kept_size(e: Evidence) -> Evidence:
        if e.expected.dtype.kind != "f":
            return e
        return prepared(e, {"stale state": [(f"divided by {sizes}", e.expected * share)]})

    for step in wrong_in_trace(second)[:1]:
        where = WrongStep(step, Asked.SECOND, []).where
        yield Origin(where, with_kept_size(step.evidence), Alone.RIGHT)
    reference, case = second.reference, second.reference.case
    for operation in ("predict", "gradient"):
        for name, came in second.operations.get(operation, {}).items():
            expected, allowance = getattr(reference, operation)[name], reference.allowance(operation, name)
            e = Evidence(Subject.PASS, name, {}, expected, came, allowance, len(case.x), case.spec.classes)
            if e.wrong:
                where = Where(operation=operation, array=name, asked=Asked.SECOND)
                yield Origin(where, with_kept_size(e), Alone.RIGHT)


def _in_following(a: Answers) -> Origins:
    """The case after this one, of the same sizes, is wrong where this one is right: something was kept."""
    next_, case = a.following, a.reference.case
    if next_ is None:
        return
    before = (case, a.operations["trace"]) if "trace" in a.operations else None
    for step in wrong_in_trace(next_, before)[:1]:
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
