"""How a case writes a network down: the shape of an input and the layers, as `1x28x28-convolution30k5-relu-affine10`.

    affine50                 outputs
    convolution30k5s2p1      filters, k window, s stride (1), p padding (0); a window may be k5x3
    max_pooling2s1p1         window, stride (the window's height), padding (0)
    batch_normm0.8e0.001     momentum (0.9), epsilon (1e-6)
    dropout0.3               ratio (0.5)
    relu, sigmoid, tanh
    squared_error            the loss, at the end; else it is softmax with cross-entropy

The networks of the book have names, too: `1x28x28-simple_conv_net`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from gradparity_reference import LAYERS as REFERENCES
from gradparity_reference import LOSS, LOSSES, LayerSpec, Network

from .layers import LAYERS
from .layers.layer import Shape

NETWORKS = {
    "two_layer_net": "affine50-relu-affine10",  # section 5.7
    "multi_layer_net_extend": "-".join(["affine100-batch_norm-relu-dropout"] * 5) + "-affine10",  # 6.3.2 and 6.4.3
    "simple_conv_net": "convolution30k5-relu-max_pooling2-affine100-relu-affine10",  # section 7.5
    "deep_conv_net": (  # section 8.1
        "convolution16k3p1-relu-convolution16k3p1-relu-max_pooling2"
        "-convolution32k3p1-relu-convolution32k3p2-relu-max_pooling2"
        "-convolution64k3p1-relu-convolution64k3p1-relu-max_pooling2"
        "-affine50-relu-dropout-affine10-dropout"
    ),
}
MOST_LAYERS = 65
MOST_NUMBERS = 100_000_000
"""Of an array of the network: more is a slip of the pen."""


@dataclass(frozen=True)
class Described:
    """A network: the shape of an input, the layers, the loss last, and the shapes of what they hold, by name.

    ``results`` are the shapes of the layers' results. They, and those of masks, are of one row of the batch.
    """

    input: Shape
    layers: tuple[LayerSpec, ...]
    arrays: Mapping[str, Shape]
    masks: Mapping[str, Shape]
    classes: int
    results: tuple[Shape, ...]

    @property
    def kinds(self) -> frozenset[str]:
        """Of its layers, the loss among them."""
        return frozenset(layer.kind for layer in self.layers)


@lru_cache(1024)
def described(text: str) -> Described:
    """The network that this text describes. Raises ValueError with what was expected, and where."""
    first, *words = "-".join(NETWORKS.get(word, word) for word in text.split("-")).split("-")
    if not re.fullmatch(r"[1-9]\d*(x[1-9]\d*x[1-9]\d*)?", first):
        raise ValueError(f"expected inputs (9), or channels x height x width (1x28x28), first, came {first!r}")
    if not words:
        raise ValueError("expected layers after the shape of an input")
    loss = words.pop() if words[-1] in LOSSES else LOSS
    if not 1 <= len(words) <= MOST_LAYERS:
        raise ValueError(f"expected 1 to {MOST_LAYERS} layers, came {len(words)}")
    shape = given = tuple(int(size) for size in first.split("x"))
    layers, results, number = [], [], 0
    arrays: dict[str, Shape] = {}
    masks: dict[str, Shape] = {}
    for word in words:
        kind, options = _taken_apart(word)
        fitted = LAYERS[kind].fit(options, shape)
        number += bool(REFERENCES[kind].params)
        for name, of_array in fitted.arrays.items():
            held = masks if name in REFERENCES[kind].masks else arrays
            held[f"{name}{number}"] = of_array
        layers.append(LayerSpec(kind, tuple(fitted.numbers.items())))
        results.append(shape := fitted.out)
    if len(shape) != 1:
        raise ValueError(f"expected an affine layer at the end, for the classes, came {words[-1]}")
    network = Described(given, (*layers, LayerSpec(loss)), arrays, masks, shape[0], tuple(results))
    _check(network)
    return network


def _taken_apart(word: str) -> tuple[str, dict[str, str]]:
    for kind, made_of in REFERENCES.items():
        if len(made_of.inputs) == 1 and (found := re.fullmatch(kind + LAYERS[kind].notation, word)):
            return kind, {key: text for key, text in found.groupdict().items() if text}
    known = ", ".join(kind for kind, made_of in REFERENCES.items() if len(made_of.inputs) == 1)
    raise ValueError(
        f"expected a layer such as affine50, convolution30k5, max_pooling2 or relu, came {word!r}: {known}"
    )


def _check(network: Described) -> None:
    for shape in (network.input, *network.arrays.values(), *network.masks.values()):
        size = 1
        for one in shape:
            size *= one
        if not 1 <= size <= MOST_NUMBERS:
            raise ValueError(f"expected arrays of 1 to {MOST_NUMBERS} numbers, came {'x'.join(map(str, shape))}")
    names = Network(network.layers, _Anything()).layers  # type: ignore[arg-type]
    if len(names) < len(network.layers) - 1:
        raise ValueError("expected an affine, convolution or batch_norm layer between two of a kind that learn nothing")


class _Anything(dict[str, None]):
    def __missing__(self, name: str) -> None:
        return None
