"""The known bugs: what porting bugs do to numbers.

To add one, write a generator that yields a sentence and the array that the bug would give, and register it with its
topic: in one of these files, or in the file of the layer that it is about. The order is that of preference where
several explain the same numbers, those with a constant last. docs/verdicts.md shows how they read.
"""

from __future__ import annotations

from ...functions.evidence import Bug
from ...functions.layers import LAYERS
from . import accuracy, everywhere, function, network, numbers, state

_ALL: list[Bug] = [
    *state.bug,
    *accuracy.bug,
    *everywhere.bug,
    *(bug for layer in LAYERS.values() for bug in layer.bugs),
    *network.bug,
    *function.bug,
    *numbers.bug,
]
# What gives the numbers without a constant that was solved for is the better explanation.
KNOWN = sorted(_ALL, key=lambda one: one.constant is not None)
