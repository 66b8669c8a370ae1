"""What the reference's network would give if it multiplied, or were given, numbers of fewer bits."""

from __future__ import annotations

from typing import Any

import numpy as np
from gradparity_reference import Network

from ..arithmetic.carried import Arithmetic, bare
from ..arithmetic.significant import FORMATS, WAYS, shortened_inputs
from ..cases import Array
from ..reference import Reference
from .precisions import Prepared, bug_of


class _Products(Arithmetic):
    """Matrix products whose factors have fewer bits, with sums in the wide format."""

    def __init__(self, cut: Any, bits: int) -> None:
        self.cut, self.bits = cut, bits

    def apply(self, ufunc: np.ufunc, method: str, inputs: tuple[Any, ...], options: dict[str, Any]) -> Any:
        """As the reference's own, but for products."""
        raw = tuple(bare(one) for one in inputs)
        if ufunc is np.matmul:
            raw = tuple(self.cut(one, self.bits) for one in raw)
        return getattr(ufunc, method)(*raw, **options)


def reduced_networks(reference: Reference) -> dict[str, Prepared]:
    """By the result's name and the bug's, what each network would give, as `other_networks` has it."""
    case = reference.case
    given = {"x": case.x, **case.held}
    found: dict[str, Prepared] = {}

    def add(bits: int, sentence: str, arrays: dict[str, Any]) -> None:
        for name, value in _results(reference, arrays).items():
            found.setdefault(name, {}).setdefault(bug_of(bits), []).append((sentence, value))

    for bits in (bits for bits in FORMATS if bits < np.finfo(case.spec.dtype).nmant):
        for how, cut in WAYS.items():
            products = _Products(cut, bits)
            arrays = {name: products.array(a) if a.dtype.kind == "f" else a for name, a in given.items()}
            add(bits, f"the factors of every product are {how} to {bits} bits ({FORMATS[bits]})", arrays)
    groups = {
        "x and all arrays of the layers": given,
        "all arrays of the layers": case.held,
        "all weights": {name: a for name, a in case.held.items() if a.ndim > 1},
        "x": {"x": case.x},
    }
    for what, some in groups.items():
        for bits, sentence, changed in shortened_inputs(some, what, each=False):
            add(bits, sentence, {**given, **changed})
    return found


def _results(reference: Reference, given: dict[str, Any]) -> dict[str, Array]:
    spec, held = reference.case.spec, {name: a.copy() for name, a in given.items() if name != "x"}
    network = Network(spec.kinds, held, reference.epsilon, weight_decay=spec.weight_decay)
    with np.errstate(all="ignore"):
        results = {"out": network.predict(given["x"])}
        network.hold({name: a.copy() for name, a in given.items() if name != "x"})
        results |= network.gradient(given["x"], reference.case.t)
    return {name: np.asarray(bare(value)) for name, value in results.items()}
