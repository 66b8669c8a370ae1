"""Each layer by itself, forward and backward, on numbers of the shapes that it has in a network."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..cases import CaseSpec, draw_held
from ..functions.layers import ACTIVATIONS
from ..functions.network import placed
from .operation import Operation


def layer_operations(spec: CaseSpec, images: CaseSpec) -> list[Operation]:
    """Every layer: convolution and pooling as they are first in ``images``, a network of images; the others by rows.

    These have the shapes of the first affine layer of ``spec``, and the losses those of its last.
    """
    rng = np.random.Generator(np.random.Philox(0))
    inputs, outputs, classes = spec.sizes[0], spec.sizes[1], spec.sizes[-1]
    by_rows = "-".join([f"{inputs}-affine{outputs}", *ACTIVATIONS, f"batch_norm-dropout-affine{classes}"])
    rows = CaseSpec(network=by_rows, batch=spec.batch, dtype=spec.dtype)
    firsts: dict[str, Operation] = {}
    for operation in (*_layers(rows, rng), *_layers(images, rng)):
        firsts.setdefault(operation.name, operation)

    def normal(size: int) -> NDArray[Any]:
        return rng.normal(size=(spec.batch, size)).astype(spec.dtype)

    scored = {"x": normal(classes), "t": rng.integers(classes, size=spec.batch).astype(np.int32)}
    pair = {"x": normal(outputs), "y": normal(outputs), "dout": normal(outputs)}
    return [
        *firsts.values(),
        _operation("softmax_with_loss", {"epsilon": "0"}, scored),
        _operation("squared_error", {}, scored),
        _operation("multiply", {}, pair),
        _operation("add", {}, pair),
    ]


def _layers(spec: CaseSpec, rng: np.random.Generator) -> Iterator[Operation]:
    """The layers of a network, except its loss."""
    network = spec.described
    held = draw_held(spec, spec.batch, rng, gain=1.0)
    for layer, given, out in zip(placed(spec.kinds), (network.input, *network.results), network.results, strict=False):
        phase = {"phase": "train"} if layer.layer.phased else {}
        numbers = {name: repr(value) for name, value in layer.numbers.items()}
        arrays = {
            "x": rng.normal(size=(spec.batch, *given)),
            **{name: held[of_network] for name, of_network in layer.arrays.items()},
            "dout": rng.normal(size=(spec.batch, *out)),
        }
        arrays = {name: a.astype(spec.dtype) if a.dtype.kind == "f" else a for name, a in arrays.items()}
        yield _operation(layer.layer.kind, numbers | phase, arrays)


def _operation(kind: str, fields: dict[str, str], arrays: dict[str, NDArray[Any]]) -> Operation:
    return Operation(kind.replace("_", " "), "layer", {"kind": kind, **fields}, arrays)
