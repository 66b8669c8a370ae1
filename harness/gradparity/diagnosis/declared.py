"""What a port declares, and does not do: known without a search."""

from __future__ import annotations

from collections.abc import Sequence

from ..functions.declared import Declared
from .bugs.declared import NOT_AS_DECLARED
from .records import Alone, Diagnosis, Explanation, Where


def not_as_declared(declared: Declared, places: Sequence[Where]) -> Diagnosis:
    """Of arrays that are the reference's, as if nothing were declared: one or more, the first first."""
    first, *others = places
    told = f"the port declares {', '.join(declared.texts)}, and this is as without it"
    found = Explanation(name=NOT_AS_DECLARED, sentence=told, residual=None, numbers=len(places))
    beside = list(dict.fromkeys(where.key for where in others))
    return Diagnosis(where=first, alone=Alone.NOT_ASKED, beside=beside, explanations=[found])
