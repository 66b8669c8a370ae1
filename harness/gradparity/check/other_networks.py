"""What another network would give for the same case: one that knows a single activation, or none, or no biases."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from gradparity_oracle import Network
from gradparity_oracle.network import ACTIVATIONS

from ..cases import Array, Case
from .reference import Reference


class _Identity:
    def forward(self, x: Array) -> Array:
        return x

    def backward(self, dout: Array) -> Array:
        return dout


LIMIT = 'a network that can be no other says so: after `gradparity new` in "supports", in the protocol by unsupported'


def other_networks(reference: Reference) -> dict[str, dict[str, Array]]:
    """By the result's name, what each of them gives, by a sentence."""
    case = reference.case
    found: dict[str, dict[str, Array]] = {}
    with np.errstate(all="ignore"):
        for sentence, network in _networks(case, reference.epsilon):
            results = {"out": network.predict(case.x), **network.gradient(case.x, case.t)}
            for name, value in results.items():
                found.setdefault(name, {})[sentence] = np.asarray(value)
    return found


def _networks(case: Case, epsilon: float) -> Iterator[tuple[str, Network]]:
    between = len(case.spec.sizes) - 2
    for name, activation in ACTIVATIONS.items():
        if between and name != case.spec.activation:
            network = case.network(epsilon=epsilon)
            network.activations = [activation() for _ in range(between)]
            yield f"computed with {name}, where the case has {case.spec.activation} ({LIMIT})", network
    if between:
        network = case.network(epsilon=epsilon)
        network.activations = [_Identity() for _ in range(between)]  # type: ignore[misc]
        yield "computed without the activation between the layers", network
    network = case.network(epsilon=epsilon)
    for affine in network.affines:
        affine.b = np.zeros_like(affine.b)
    yield "computed without the biases", network
