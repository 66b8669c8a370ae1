"""What another network would give for the same case: one with a single activation, none, or no biases."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from gradparity_oracle import Network
from gradparity_oracle.network import ACTIVATIONS

from ..cases import Array
from .reference import Reference


class _Identity:
    def forward(self, x: Array) -> Array:
        return x

    def backward(self, dout: Array) -> Array:
        return dout


def other_networks(reference: Reference, forward_right: bool) -> dict[str, dict[str, Array]]:
    """By the result's name, what each of them gives, by the bug: all, or those that differ in backward alone."""
    case = reference.case
    found: dict[str, dict[str, Array]] = {}
    with np.errstate(all="ignore"):
        for bug, network in _back(reference) if forward_right else _both_ways(reference):
            results = {"out": network.predict(case.x), **network.gradient(case.x, case.t)}
            for name, value in results.items():
                found.setdefault(name, {})[bug] = np.asarray(value)
    return found


def _both_ways(reference: Reference) -> Iterator[tuple[str, Network]]:
    spec = reference.case.spec
    for name, activation in ACTIVATIONS.items():
        if len(spec.sizes) > 2 and name != spec.activation:
            network = _network(reference)
            network.activations = [activation() for _ in network.activations]
            yield f"another activation: {name}, where the case has {spec.activation}", network
    if len(spec.sizes) > 2:
        network = _network(reference)
        network.activations = [_Identity() for _ in network.activations]  # type: ignore[misc]
        yield "left out: the activation between the layers", network
    network = _network(reference)
    for affine in network.affines:
        affine.b = np.zeros_like(affine.b)
    yield "left out: the biases", network


def _back(reference: Reference) -> Iterator[tuple[str, Network]]:
    network = _network(reference)
    for activation in network.activations:
        activation.backward = _Identity().backward  # type: ignore[method-assign]
    yield "left out: the activation between the layers, in backward", network


def _network(reference: Reference) -> Network:
    return reference.case.network(epsilon=reference.epsilon)
