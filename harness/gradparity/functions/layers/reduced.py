"""Operands of fewer bits: what a product gives whose factors were rounded, or cut off, to a narrower format.

The sums are in the wide format, as on a GPU with TensorFloat-32, or after a cast back. So these are exact candidates.
"""

from __future__ import annotations

from collections.abc import Iterable

from ...arithmetic.significant import shortened_inputs
from ..evidence import Candidates, Evidence
from .layer import Layer

SINGLE = (24,)
NARROWER = (11, 8)
_OPERANDS = {"out": ("x", "W"), "dx": ("dout", "W"), "dW": ("x", "dout"), "db": ("dout",)}


def reduced_operands(e: Evidence, layer: Layer, formats: Iterable[int]) -> Candidates:
    """The results of a layer of products, x (*) W and dout, whose operands, or one of them, have so many bits."""
    operands = {name: e.inputs[name] for name in _OPERANDS[e.result] if name in e.inputs}
    for _, sentence, changed in shortened_inputs(operands, "operands", formats):
        yield sentence, layer.value(e.result, {**e.inputs, **changed})
