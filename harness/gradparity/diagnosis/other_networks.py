"""What another network would give for the same case: one with another activation or none, in the other phase, ..."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import numpy as np
from gradparity_reference import LAYERS, Layer, Network

from ..cases import Array
from ..functions.evidence import Candidate
from ..functions.layers import ACTIVATIONS
from ..functions.network import placed
from ..reference import Reference


class _Identity(Layer):
    """A layer that is left out."""

    def __init__(self, *arrays: Array, **numbers: float) -> None:
        pass

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
            results = {"out": network.predict(case.x)}
            network.hold(case.held)
            results |= network.gradient(case.x, case.t)
            for name, value in results.items():
                found.setdefault(name, {}).setdefault(bug, []).append((sentence, np.asarray(value)))
    return found


def _both_ways(reference: Reference) -> Iterator[tuple[str, str, Network]]:
    kinds = [kind for kind in LAYERS if kind in reference.case.spec.described.kinds]
    for here in (kind for kind in kinds if kind in ACTIVATIONS):
        for kind in ACTIVATIONS:
            if kind != here:
                sentence = f"{kind}, where the case has {here}"
                yield "another activation", sentence, _with(reference, {here: LAYERS[kind]})
        yield "left out", "the activation between the layers", _with(reference, {here: _Identity})
    if "dropout" in kinds:
        yield "left out", "dropout", _with(reference, {"dropout": _Identity})
    biases = {name: np.zeros_like(a) for name, a in reference.case.held.items() if name.rstrip("0123456789") == "b"}
    yield "left out", "the biases", _with(reference, {}, biases)
    if any(layer.layer.phased for layer in placed(reference.case.spec.kinds)):
        other = _with(reference, {}, made_of=_OtherPhase)
        sentence = "training and test phase are exchanged: predict is of the test, the gradient of training"
        yield "phase confused", sentence, other


def _back(reference: Reference) -> Iterator[tuple[str, str, Network]]:
    for kind in (kind for kind in ACTIVATIONS if kind in reference.case.spec.described.kinds):
        forgotten = type("Forgotten", (LAYERS[kind],), {"backward": _Identity.backward})
        yield "left out", "the activation between the layers, in backward", _with(reference, {kind: forgotten})


class _OtherPhase(Network):
    """Trains as in the test, and tests as in training."""

    def _forward(self, x: Array, training: bool) -> Array:
        return super()._forward(x, not training)


def _with(
    reference: Reference,
    classes: Mapping[str, type[Layer]],
    held: Mapping[str, Array] = {},
    made_of: type[Network] = Network,
) -> Network:
    """The case's network with other classes for some layers, other arrays, or as another kind of network."""
    spec, arrays = reference.case.spec, {**reference.case.held, **held}
    return made_of(spec.kinds, arrays, reference.epsilon, {**LAYERS, **classes}, weight_decay=spec.weight_decay)


def other_decays(reference: Reference) -> dict[str, dict[str, list[Candidate]]]:
    """By the result's name and the bug's, what weight decay would give, were it made otherwise."""
    case, decay = reference.case, reference.case.spec.weight_decay
    if not decay:
        return {}
    network = case.network(epsilon=reference.epsilon)
    right = network.gradient(case.x, case.t)
    weights = network.weights
    others = {name: p for name, p in network.params.items() if name not in weights}
    penalty = network.penalized(0 * right["loss"])
    bare = right["loss"] - penalty
    placed_ones = placed(case.spec.kinds)
    biases_of = {layer.params["b"]: layer.layer.kind for layer in placed_ones if "b" in layer.params}
    of_affine = [name for name, kind in biases_of.items() if kind == "affine"]

    def with_those(names: Iterable[str]) -> Any:
        return sum(
            (p.dtype.type(decay / 2) * (p**2).sum() for p in (others[name] for name in names)), start=right["loss"]
        )

    missing, biases = "weight decay missing", "weight decay on biases"
    found: dict[str, dict[str, list[Candidate]]] = {
        "loss": {
            missing: [("weight decay is not in the loss", bare)],
            biases: [
                ("weight decay is of the biases, too", with_those(biases_of)),
                ("weight decay is of the affine layers' biases, too", with_those(of_affine)),
                ("weight decay is of all parameters", with_those(others)),
            ],
            "weight decay's factor": [
                ("weight decay times the squares, for half of it", bare + 2 * penalty),
                ("weight decay is divided by the batch size", bare + penalty / len(case.x)),
            ],
        }
    }
    for name, p in network.params.items():
        slope, own = right[f"d{name}"], p.dtype.type(decay) * p
        if name in weights:
            found[f"d{name}"] = {
                missing: [("weight decay is not in the gradient", slope - own)],
                "weight decay's factor": [
                    (
                        "weight decay is in the gradient twice: the 2 of the square, which the half takes away",
                        slope + own,
                    ),
                    ("weight decay is halved in the gradient, as in the loss", slope - own / 2),
                    ("weight decay is divided by the batch size", slope - own + own / len(case.x)),
                    ("weight decay is subtracted from the gradient", slope - 2 * own),
                ],
            }
        else:
            found[f"d{name}"] = {biases: [("weight decay is of the biases, too", slope + own)]}
    return found
