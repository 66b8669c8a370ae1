"""A network taken apart: which layers it has, what they are called, and what each was given in a pass."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

import gradparity_reference as reference
import numpy as np
from gradparity_reference import LayerSpec

from ..arithmetic.precision import Array, Precision
from .declared import NOTHING, Declared
from .evidence import Inputs
from .layers import LAYERS, Layer


@dataclass(frozen=True)
class Placed:
    """A layer in its place: its name in a trace ("affine2"), and what it holds by the network's names ("W2")."""

    name: str
    layer: Layer
    arrays: Mapping[str, str]
    params: Mapping[str, str]
    numbers: Mapping[str, float]


@dataclass(frozen=True)
class Call:
    """A layer of a pass, and what it was given, its numbers and the phase among it."""

    name: str
    layer: Layer
    inputs: Inputs


def placed(kinds: Sequence[LayerSpec]) -> tuple[Placed, ...]:
    """The layers of a network but the loss, in order."""
    return _placed(tuple(kinds))


@cache
def _placed(kinds: tuple[LayerSpec, ...]) -> tuple[Placed, ...]:
    network = reference.Network(kinds, _Names())  # type: ignore[arg-type]
    return tuple(
        Placed(
            name,
            LAYERS[spec.kind],
            {one: getattr(layer, one) for one in layer.arrays()},
            {param: getattr(layer, param) for param in layer.params},
            dict(spec.numbers),
        )
        for spec, (name, layer) in zip(kinds, network.layers.items(), strict=False)
    )


class _Names(dict[str, str]):
    """Stands for what a network's layers hold: each array is its own name."""

    def __missing__(self, name: str) -> str:
        return name


def calls(
    kinds: Sequence[LayerSpec],
    x: Array,
    labels: Array,
    arrays: Mapping[str, Array],
    epsilon: float,
    trace: Inputs,
    declared: Declared = NOTHING,
) -> Iterator[Call]:
    """Each layer of the network with what it was given in the pass that left this trace, in the order of forward.

    ``arrays`` are what the layers hold, by the network's names. ``declared`` is what its port does otherwise.
    """
    tiny = Precision.of(x.dtype).tiny
    layers, loss = placed(kinds), kinds[-1].kind
    last = reference.last_name(loss)
    for here, above in zip(layers, [*(layer.name for layer in layers[1:]), last], strict=True):
        own = {name: arrays[held] for name, held in here.arrays.items()}
        phase = {"training": np.asarray(True)} if here.layer.phased else {}
        numbers = {name: np.asarray(value) for name, value in here.numbers.items()}
        yield Call(
            here.name,
            declared.layer(here.layer, tiny),
            {"x": x, **own, **numbers, **phase, "dout": trace[f"{above}.dx"]},
        )
        x = trace[f"{here.name}.out"]
    own_epsilon = {name: np.asarray(epsilon) for name in LAYERS[loss].numbers}
    yield Call(last, declared.layer(LAYERS[loss], tiny), {"x": x, "t": labels, **own_epsilon})


def key_of(name: str, result: str) -> str:
    """What a trace calls a result of the layer of this name."""
    return "loss" if result == "loss" else f"{name}.{result}"


def in_trace(kinds: Sequence[LayerSpec], operation: str, array: str) -> str:
    """An array's name in the trace: "dW1" is "affine1.dW", the logits that predict gives are "affine2.out"."""
    layers = placed(kinds)
    if operation == "predict":
        return f"{layers[-1].name}.out"
    if operation == "gradient":
        names = {f"d{name}": f"{layer.name}.d{param}" for layer in layers for param, name in layer.params.items()}
        return names.get(array, array)
    return array
