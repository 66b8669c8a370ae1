"""What another network would give for the same case: one with another activation or none, or without biases."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from gradparity_reference import LAYERS, Layer, Network

from ..cases import Array
from ..functions.evidence import Candidate
from ..functions.layers import ACTIVATIONS
from ..reference import Reference


class _Identity(Layer):
    """An activation that is left out."""

    def forward(self, x: Array) -> Array:
        return x

    def backward(self, dout: Array) -> Array:
        return dout


def other_networks(reference: Reference, forward_right: bool) -> dict[str, dict[str, list[Candidate]]]:
    """By the result's name and the bug's, what each network would give: all, or those that differ in backward alone."""
    case = reference.case
    found: dict[str, dict[str, list[Candidate]]] = {}
    with np.errstate(all="ignore"):
        for bug, sentence, network in _back(reference) if forward_right else _both_ways(reference):
            results = {"out": network.predict(case.x), **network.gradient(case.x, case.t)}
            for name, value in results.items():
                found.setdefault(name, {}).setdefault(bug, []).append((sentence, np.asarray(value)))
    return found


def _both_ways(reference: Reference) -> Iterator[tuple[str, str, Network]]:
    spec = reference.case.spec
    if len(spec.sizes) > 2:
        for kind in ACTIVATIONS:
            if kind != spec.activation:
                sentence = f"{kind}, where the case has {spec.activation}"
                yield "another activation", sentence, _with(reference, LAYERS[kind])
        yield "left out", "the activation between the layers", _with(reference, _Identity)
    params = {name: np.zeros_like(p) if name[0] == "b" else p for name, p in reference.case.params.items()}
    yield "left out", "the biases", Network(spec.kinds, params, reference.epsilon)


def _back(reference: Reference) -> Iterator[tuple[str, str, Network]]:
    activation = LAYERS[reference.case.spec.activation]
    forgotten = type("Forgotten", (activation,), {"backward": _Identity.backward})
    yield "left out", "the activation between the layers, in backward", _with(reference, forgotten)


def _with(reference: Reference, activation: type[Layer]) -> Network:
    """The case's network with another class for its activation."""
    spec = reference.case.spec
    return Network(spec.kinds, reference.case.params, reference.epsilon, LAYERS | {spec.activation: activation})
