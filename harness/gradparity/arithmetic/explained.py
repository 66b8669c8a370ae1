"""What rounding explains in the results of any function, whatever it does with its numbers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .envelope import Envelope, Function, disturbed, envelopes
from .namespace import seen_by
from .noisy import Diverged
from .precision import Precision


@dataclass(frozen=True)
class Explained:
    """The envelope of each result; and why they come, in part or wholly, of disturbed inputs alone."""

    envelopes: Mapping[str, Envelope]
    lost: Sequence[str] = ()


def explained(
    function: Function, code: Callable[..., Any], inputs: Mapping[str, Any], precision: Precision, seed: Sequence[int]
) -> Explained:
    """The function, whose code is ``code``, in stochastic arithmetic.

    Where numbers leave it, as by float(), the envelope is beside that of disturbed inputs; where what the function does
    depends on its numbers, or an operation is not known, it is that alone.
    """
    lost: set[str] = set()
    try:
        found = envelopes(function, inputs, precision, seed, within=seen_by(code), lost=lost)
    except Diverged:
        return Explained(disturbed(function, inputs, precision, seed), ["what it does depends on its numbers"])
    except Exception as error:  # an operation that is not known, or code that takes plain arrays alone
        why = str(error) if isinstance(error, NotImplementedError) else f"{type(error).__name__}: {error}"
        return Explained(disturbed(function, inputs, precision, seed), [why])
    if lost:
        others = disturbed(function, inputs, precision, seed)
        found = {name: one.beside(others[name]) for name, one in found.items()}
    return Explained(found, sorted(lost))
