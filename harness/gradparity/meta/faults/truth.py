"""Whether a name is true of a fault: the numbers decide, on cases that the name has not seen.

A name that was given for some cases is *true* of a port if on fresh cases, of other sizes and seeds, it explains, with
the same constant, what is wrong at the same place: in nearly all of those where something is wrong there. It was found
from other numbers, so it foretells these, and chance foretells nothing. Where nothing is wrong there in the fresh
cases the name stays unproved, which counts as false.

Some names have as their evidence the very numbers that came, so that they would fit on fresh cases as well. Of these
the fault itself decides:

* a precision is true of a fault that rounds to about so many bits (single: 24; reduced: fewer), and of no other;
* "does not repeat" is true of a fault that gives another answer each time, or one of the call before;
* "argument mutated" is true of none: no fault here does that.

"Not a number" says what came, and of no fault what it is: it is not counted as a name.

Of two faults a name must be true of a port that has one of them alone; or of the port that has both, where together
they are one (twice, and three times, as much: six times). The latter names neither of the two.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ...check.findings import same_constant
from ...check.records import CheckResult
from ...diagnosis.records import Explanation
from .fault import Fault
from .named import Named, place_of

NEARLY_ALL = 0.8
BITS = 2  # more or less: 10 or 11, as the leading one is counted or not
SINGLE = 24


def _is_single(one: Named, faults: Sequence[Fault]) -> bool:
    return any(fault.bits is not None and abs(fault.bits - SINGLE) <= BITS for fault in faults)


def _is_reduced(one: Named, faults: Sequence[Fault]) -> bool:
    bits = [fault.bits for fault in faults if fault.bits is not None and fault.bits < SINGLE - BITS]
    return any(one.constant is None or abs(own - one.constant) <= BITS for own in bits)


BY_THE_FAULT: dict[str, Callable[[Named, Sequence[Fault]], bool]] = {
    "single precision inside": _is_single,
    "reduced precision inside": _is_reduced,
    "does not repeat": lambda one, faults: any(not fault.repeats for fault in faults),
    "argument mutated": lambda one, faults: False,
}


def is_true(one: Named, faults: Sequence[Fault], fresh: Callable[[], CheckResult]) -> bool:
    """Whether the name is true of a port with these faults; ``fresh`` is what it shows on the fresh cases."""
    decided = BY_THE_FAULT.get(one.name)
    return decided(one, faults) if decided else foretold(one, fresh())


def foretold(one: Named, fresh: CheckResult) -> bool:
    """Whether the name explains what is wrong at its place in nearly all of these cases."""
    wrong = [[told for told in case.diagnoses if place_of(told) == one.place] for case in fresh.cases]
    fits = [any(_same(one, fit) for told in at for fit in told.explanations) for at in wrong if at]
    return bool(fits) and sum(fits) >= NEARLY_ALL * len(fits)


def _same(one: Named, other: Explanation) -> bool:
    return one.name == other.name and same_constant(one.name, one.constant, other.constant, other.residual or 0.0)
