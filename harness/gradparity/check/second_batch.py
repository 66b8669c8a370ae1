"""What is asked after all else: another batch, or another case, and whose the results are. What a port keeps shows."""

from __future__ import annotations

from itertools import pairwise

from ..arithmetic.verdicts import Verdict, judge
from ..cases import Array
from ..diagnosis.answers import Answers, shared
from ..diagnosis.records import Asked, Where
from ..ports.session import Failure, PortFailure
from ..reference import Reference
from .asking import Asking, change_of, detail, is_changed
from .records import Quantity

OF_A_BATCH = ("predict", "gradient")
"""What is asked for a second batch, and what an object may go on using after it gave it."""
LITTLE = 1000  # products in all layers together


def ask_what_follows(one: Asking) -> None:
    """Another batch and another case: the batch first, where the network that was loaded can be given it."""
    if _keeps_its_network(one):
        _ask_second_batch(one)
        _ask_following(one)
    else:
        _ask_following(one)
        if is_little(one.reference):
            _ask_second_batch(one)


def is_little(reference: Reference) -> bool:
    """Whether the case costs so little that it is asked more often than others."""
    spec = reference.case.spec
    products = spec.batch * sum(inputs * outputs for inputs, outputs in pairwise(spec.sizes))
    return spec.numerical or spec.batch == 1 or 0 < products <= LITTLE


def _keeps_its_network(one: Asking) -> bool:
    """Whether one network can be given several batches, without another load: an object's."""
    return "batch" in one.session.hello.operations


def _ask_following(one: Asking) -> None:
    """Load another case of the same sizes: what a port keeps of the one before shows now, if that is right."""
    if all(cell.quantity is Quantity.STATE for cell in one.wrong):
        one.load(one.reference.following)
        one.answers.following = Answers(one.reference.following)
        one.compare_next(one.answers.following, ("gradient", "trace"), "next case")


def _ask_second_batch(one: Asking) -> None:
    """Give it another batch of the same network, of another size, then the first again: what a port keeps of a
    batch shows now, if all else is right. A port that loads makes a new network for each.
    """
    second = one.reference.second_batch
    if second is None or one.wrong or (one.changed and _keeps_its_network(one)):
        return
    try:
        _give(one, second)
    except PortFailure as failure:
        if failure.kind is Failure.UNSUPPORTED:  # it need not have batches of every size
            return
        raise
    one.answers.second = Answers(second)
    operations = [name for name in ("predict", "gradient", "trace") if not (one.probabilities and name == "predict")]
    one.compare_next(one.answers.second, operations, "second batch")
    _ask_for_earlier_results(one)
    _give(one, one.reference)
    for operation in OF_A_BATCH if not one.wrong else ():
        _ask_first_again(one, operation)
        _overwrite(one, operation)


def _give(one: Asking, reference: Reference) -> None:
    if _keeps_its_network(one):
        one.session.request("batch", {}, {"x": reference.case.x, "t": reference.case.t})
    else:
        one.load(reference)


def _ask_for_earlier_results(one: Asking) -> None:
    """What an object gave for the batch before must still be what it was."""
    for operation in OF_A_BATCH if "results" in one.session.hello.operations else ():
        if not one.answers.again.get(operation):
            continue
        before = one.answers.again[operation][-1]
        now = one.request(Quantity.STATE, "results", {"operation": operation}, {}, before, operation)
        for name, array in before.items() if now else ():
            assert now
            _judge_ownership(one, "called", operation, name, now[name], array)


def _ask_first_again(one: Asking, operation: str) -> None:
    """The first batch again, after another one."""
    if not one.answered(operation):
        return
    expected, first = getattr(one.reference, operation), one.answers.operations[operation]
    again = one.request(Quantity.STATE, operation, {}, {}, expected, operation)
    for name, right in expected.items() if again else ():
        assert again
        where = Where(operation=operation, array=name, asked=Asked.AGAIN)
        allowance = one.reference.allowance(operation, name)
        one.same(where, [first[name], again[name]], allowance, right, "after a second batch ")


def _overwrite(one: Asking, operation: str) -> None:
    """What is written into an object's result is nobody's business but the caller's."""
    if "overwritten" not in one.session.hello.operations or not one.answered(operation):
        return
    first = one.answers.operations[operation]
    came = one.request(Quantity.STATE, "overwritten", {"operation": operation}, {}, first, operation)
    for name, array in first.items() if came else ():
        assert came
        if judge(came[name], array, one.reference.allowance(operation, name)).ratio > 1:
            _judge_ownership(one, "written", operation, name, came[name], array)


def _judge_ownership(one: Asking, what: str, operation: str, name: str, now: Array, before: Array) -> None:
    cell = f"result of {operation} {name}"
    if not is_changed(now, before):
        return one.add(Quantity.STATE, cell, Verdict.IDENTICAL)
    where = Where(operation=operation, array=name, asked=Asked.SECOND)
    said = detail(now, before, change_of(now, before).worst, where, "but was")
    one.add(Quantity.STATE, cell, Verdict.WRONG, f"its result is not its caller's alone: {said}")
    one.answers.state.append(shared(where, now, before, what))
