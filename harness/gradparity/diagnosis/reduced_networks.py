"""What the reference's network would give if it multiplied, or were given, numbers of fewer bits."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

import numpy as np

from ..arithmetic.carried import Arithmetic, bare
from ..arithmetic.significant import FORMATS, WAYS, shortened_inputs
from ..cases import Array
from ..reference import Reference
from .other_networks import OtherNetwork
from .precisions import bug_of
from .variants import Build


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


def reduced_networks(reference: Reference) -> Iterator[OtherNetwork]:
    """Each network whose numbers may have been of fewer bits."""
    case = reference.case
    given = {"x": case.x, **case.held}
    for bits in (bits for bits in FORMATS if bits < np.finfo(case.spec.dtype).nmant):
        for how, cut in WAYS.items():
            sentence = f"the factors of every product are {how} to {bits} bits ({FORMATS[bits]})"
            yield OtherNetwork(bug_of(bits), sentence, partial(_multiplied, _Products(cut, bits)))
    groups = {
        "x and all arrays of the layers": given,
        "all arrays of the layers": case.held,
        "all weights": {name: a for name, a in case.held.items() if a.ndim > 1},
        "x": {"x": case.x},
    }
    for what, some in groups.items():
        for bits, sentence, changed in shortened_inputs(some, what, each=False):
            yield OtherNetwork(bug_of(bits), sentence, partial(_given, changed))


def _multiplied(products: _Products, build: Build) -> None:
    build.x = products.array(build.x)
    build.held = {name: products.array(a) if a.dtype.kind == "f" else a for name, a in build.held.items()}


def _given(changed: Mapping[str, Array], build: Build) -> None:
    build.x = changed.get("x", build.x)
    build.held |= {name: a for name, a in changed.items() if name != "x"}
