"""A network taken apart: which layers it has, what they are called, and what each was given in a pass."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

import gradparity_reference as reference
import numpy as np

from ..arithmetic.precision import Array
from .evidence import Inputs
from .layers import LAYERS, Layer

LAST = "softmax"
"""What a trace calls the last layer, the loss."""


@dataclass(frozen=True)
class Placed:
    """A layer in its place: its name in a trace ("affine2"), and its parameters' names in the network ("W2")."""

    name: str
    layer: Layer
    params: Mapping[str, str]


@dataclass(frozen=True)
class Call:
    """A layer of a pass, and what it was given."""

    name: str
    layer: Layer
    inputs: Inputs


def placed(kinds: Sequence[str]) -> tuple[Placed, ...]:
    """The layers of a network but the last, in order."""
    return _placed(tuple(kinds))


@cache
def _placed(kinds: tuple[str, ...]) -> tuple[Placed, ...]:
    network = reference.Network(kinds, _Names())  # type: ignore[arg-type]
    return tuple(
        Placed(name, LAYERS[kind], {param: getattr(layer, param) for param in layer.params})
        for kind, (name, layer) in zip(kinds, network.layers.items(), strict=True)
    )


class _Names(dict[str, str]):
    """Stands for a network's parameters: each is its own name."""

    def __missing__(self, name: str) -> str:
        return name


def calls(
    kinds: Sequence[str], x: Array, labels: Array, params: Mapping[str, Array], epsilon: float, trace: Inputs
) -> Iterator[Call]:
    """Each layer of the network with what it was given in the pass that left this trace, in the order of forward."""
    layers = placed(kinds)
    for here, above in zip(layers, [*(layer.name for layer in layers[1:]), LAST], strict=True):
        own = {param: params[name] for param, name in here.params.items()}
        yield Call(here.name, here.layer, {"x": x, **own, "dout": trace[f"{above}.dx"]})
        x = trace[f"{here.name}.out"]
    yield Call(LAST, LAYERS[reference.LOSS], {"x": x, "t": labels, "epsilon": np.asarray(epsilon)})


def key_of(name: str, result: str) -> str:
    """What a trace calls a result of the layer of this name."""
    return "loss" if result == "loss" else f"{name}.{result}"


def in_trace(kinds: Sequence[str], operation: str, array: str) -> str:
    """An array's name in the trace: "dW1" is "affine1.dW", the logits that predict gives are "affine2.out"."""
    layers = placed(kinds)
    if operation == "predict":
        return f"{layers[-1].name}.out"
    if operation == "gradient":
        names = {f"d{name}": f"{layer.name}.d{param}" for layer in layers for param, name in layer.params.items()}
        return names.get(array, array)
    return array
