"""The smallest case that shows a failure: a function with few numbers, whole ones if they do."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ..functions.cases import FunctionSpec, shrunk
from .findings import first_wrong
from .question import shared_function_reference
from .records import CaseResult, Smallest
from .wording import cell_words

ATTEMPTS = 60
SHOWN = 12  # numbers: no more are printed of an input

Ask = Callable[[FunctionSpec], CaseResult]


def find_smallest(spec: FunctionSpec, found: CaseResult, ask: Ask) -> Smallest | None:
    """A smaller case that is wrong at the same place; None where there is none. ``ask`` puts a case to the port."""
    result = found

    def shows(tried: FunctionSpec) -> bool:
        nonlocal result
        came = ask(tried)
        if same := _same_place(came, found):
            result = came
        return same

    smallest = shrunk(spec, shows, ATTEMPTS)
    if smallest is spec:
        return None
    inputs = shared_function_reference(smallest, found.seed).inputs
    few = {name: _written(one) for name, one in inputs.items()} if all(a.size <= SHOWN for a in inputs.values()) else {}
    return Smallest(case=smallest.name, what=cell_words(first_wrong(result)), inputs=few, command=result.command)


def _same_place(one: CaseResult, other: CaseResult) -> bool:
    a, b = one.diagnosis, other.diagnosis
    return a is not None and b is not None and (a.where.key, a.where.asked) == (b.where.key, b.where.asked)


def _written(one: np.ndarray) -> str:
    return np.array2string(one, separator=", ", threshold=SHOWN).replace("\n", "")
