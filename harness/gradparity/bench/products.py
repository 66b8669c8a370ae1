"""Which matrix products a gradient makes: those of its affine layers, and of its convolutions."""

from __future__ import annotations

import math

from gradparity_reference import LAYERS as REFERENCES

from ..cases import CaseSpec, terms_of
from ..functions.network import placed

LARGE = 0.1  # of the flops of the largest layer's products: smaller products are no roofline


def large_products(spec: CaseSpec) -> list[int]:
    """The layers, by number, whose products are a roofline: those with a tenth of the largest's flops, or more."""
    flops = _flops(spec)
    return [number for number, count in flops.items() if count >= LARGE * max(flops.values())]


def products_flops(spec: CaseSpec) -> float:
    """Floating-point operations of these products."""
    flops = _flops(spec)
    return sum(flops[number] for number in large_products(spec))


def _flops(spec: CaseSpec) -> dict[int, float]:
    """By its number, each layer's: a product forward, and backward to the weights and, except in layer 1, to the input.

    Each of the three has as many multiplications as the layer's result has numbers, times the terms of such a sum.
    """
    network, found = spec.described, {}
    for layer, out in zip(placed(spec.kinds), network.results, strict=True):
        for W in (layer.params[name] for name in REFERENCES[layer.layer.kind].weights):
            number = int(W.removeprefix("W"))
            one = 2.0 * spec.batch * math.prod(out) * terms_of(network.arrays[W])
            found[number] = one * (2 if number == 1 else 3)
    return found
