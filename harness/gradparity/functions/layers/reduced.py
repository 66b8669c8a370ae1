"""Operands of fewer bits: what a product gives whose factors were rounded, or cut off, to a narrower format.

The sums are in the wide format, as on a GPU with TensorFloat-32, or after a cast back. So these are exact candidates.
"""

from __future__ import annotations

from collections.abc import Iterable

from ...arithmetic.precision import float_info
from ...arithmetic.significant import FORMATS, rounded_to, truncated_to
from ..evidence import Candidates, Evidence
from .layer import Layer

SINGLE = (24,)
NARROWER = (11, 8)
WAYS = {"rounded": rounded_to, "truncated": truncated_to}
_OPERANDS = {"out": ("x", "W"), "dx": ("dout", "W"), "dW": ("x", "dout"), "db": ("dout",)}


def reduced_operands(e: Evidence, layer: Layer, formats: Iterable[int]) -> Candidates:
    """The results of a layer of products, x (*) W and dout, whose operands, or one of them, have so many bits."""
    names = [name for name in _OPERANDS[e.result] if name in e.inputs]
    some = [names, *([name] for name in names if len(names) > 1)]
    for bits in formats:
        for how, cut in WAYS.items() if bits < float_info(e.expected.dtype).nmant else ():
            for these in some:
                changed = {name: cut(e.inputs[name], bits) for name in these}
                what = "operands are" if these == names else f"{these[0]} is"
                yield f"{what} {how} to {bits} bits ({FORMATS[bits]})", layer.value(e.result, {**e.inputs, **changed})
