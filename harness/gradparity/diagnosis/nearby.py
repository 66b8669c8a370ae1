"""Is it the precision? Where no known bug gives the errors of a case, it is asked again nearby: roundings come anew."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from ..cases import Array, nearby
from ..reference import Reference
from .answers import Answers
from .precisions import Difference, Rounded, looks_rounded
from .records import Diagnosis, Explanation
from .variants import Key

SEEDS = (0, 1)


def with_precision(a: Answers, told: list[Diagnosis], wrong: Iterable[Key]) -> list[Diagnosis]:
    """The diagnoses, those without a name with the precision that explains the wrong arrays, if that is proven."""
    if all(one.explanations for one in told):
        return told
    keys = [key for key in wrong if key[0] in ("predict", "gradient")]
    found = _precision(a, keys)
    if found is None:
        return told
    size = sum(a.operations[operation][name].size for operation, name in keys)
    named = []
    if found.bug:
        named = [Explanation(name=found.bug, sentence=found.fact.sentence, residual=None, numbers=size)]
    return [
        one if one.explanations else one.model_copy(update={"explanations": named, "facts": [found.fact]})
        for one in told
    ]


def _precision(a: Answers, keys: list[Key]) -> Rounded | None:
    reference = a.reference
    differences = [_difference(a, key, a.operations[key[0]][key[1]], _right(reference, key)) for key in keys]
    if not keys or a.ask_nearby is None or any(one is None for one in differences):
        return None
    found = looks_rounded([one for one in differences if one is not None])
    if found is None:
        return None
    again = []
    for seed in SEEDS:
        case = nearby(reference.case, found.disturbance, seed)
        came = None if case is None else a.ask_nearby(case)
        if case is None or came is None:
            return None
        right = Reference(case, reference.epsilon)
        there = [_difference(a, key, came[key], _right(right, key)) for key in keys if key in came]
        if len(there) < len(keys) or any(one is None for one in there):
            return None
        again.append([one for one in there if one is not None])
    proven = looks_rounded([one for one in differences if one is not None], again)
    return proven if proven and proven.proven else None


def _right(reference: Reference, key: Key) -> Array:
    found: Array = getattr(reference, key[0])[key[1]]
    return found


def _difference(a: Answers, key: Key, came: Array, right: Array) -> Difference | None:
    if (came.shape, came.dtype) != (right.shape, right.dtype) or not np.isfinite(came).all():
        return None
    return Difference(came.astype(np.float64) - right, right, a.reference.allowance(*key))
