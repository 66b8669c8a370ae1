"""The layers, one file each. Each has ``forward`` and ``backward``; what backward needs, forward keeps.

Every layer computes in the dtype of its arguments (float32 or float64; complex too, for the complex-step derivative)
and leaves its arguments as they are.

Source: Koki Saitoh, "Deep Learning from Scratch", chapters 4 to 7.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .add import Add
from .affine import Affine
from .batch_norm import BatchNorm
from .convolution import Convolution
from .dropout import Dropout
from .layer import Array, Layer
from .max_pooling import MaxPooling
from .multiply import Multiply
from .relu import Relu
from .sigmoid import Sigmoid
from .softmax_with_loss import SoftmaxWithLoss
from .squared_error import SquaredError
from .tanh import Tanh

LAYERS: dict[str, type[Layer]] = {
    "multiply": Multiply,
    "add": Add,
    "affine": Affine,
    "relu": Relu,
    "sigmoid": Sigmoid,
    "tanh": Tanh,
    "batch_norm": BatchNorm,
    "dropout": Dropout,
    "convolution": Convolution,
    "max_pooling": MaxPooling,
}
"""The layers by what cases and ports call them."""

LOSS = "softmax_with_loss"

LOSSES: dict[str, type[SoftmaxWithLoss | SquaredError]] = {LOSS: SoftmaxWithLoss, "squared_error": SquaredError}
"""What may stand at a network's end. A loss is no ``Layer``: nothing follows it."""


def slopes(layer: Any, made_of: type[Layer], dout: Array) -> dict[str, Any]:
    """What backward gives, by name: the gradients of the inputs, then those of the parameters.

    ``layer`` is a ``made_of``, or an object with the same methods and attributes.
    """
    back = layer.backward(dout)
    of_inputs = back if len(made_of.inputs) > 1 else (back,)
    found = dict(zip((f"d{name}" for name in made_of.inputs), of_inputs, strict=True))
    return found | {f"d{name}": getattr(layer, f"d{name}") for name in made_of.params}


def layer_pass(
    kind: str,
    arrays: Mapping[str, Array],
    numbers: Mapping[str, float] = {},
    training: bool = True,
    layers: Mapping[str, Any] = LAYERS,
    losses: Mapping[str, Any] = LOSSES,
) -> dict[str, Any]:
    """One layer by itself, forward and backward: its results by name, in the order in which they arise.

    ``arrays`` has the layer's inputs and all that it holds, and dout, the gradient of its result; a layer with a state
    gives that as training moves it on. A loss takes x and t and has no dout: it gives loss, y where it is softmax, and
    dx. ``layers`` and ``losses`` are the classes. Raises KeyError for an unknown kind.
    """
    if kind in losses:
        last = losses[kind](**numbers)
        value = {"loss": last.forward(arrays["x"], arrays["t"])}
        return value | ({"y": last.y} if kind == LOSS else {}) | {"dx": last.backward()}
    made_of = layers[kind]
    layer = made_of(*(arrays[name] for name in LAYERS[kind].arrays()), **numbers)
    layer.training = training
    out = layer.forward(*(arrays[name] for name in LAYERS[kind].inputs))
    moved = {name: getattr(layer, name) for name in LAYERS[kind].state if training}
    return {"out": out, **moved, **slopes(layer, LAYERS[kind], arrays["dout"])}


__all__ = [
    "LAYERS",
    "LOSS",
    "LOSSES",
    "Add",
    "Affine",
    "Array",
    "BatchNorm",
    "Convolution",
    "Dropout",
    "Layer",
    "MaxPooling",
    "Multiply",
    "Relu",
    "Sigmoid",
    "SoftmaxWithLoss",
    "SquaredError",
    "Tanh",
    "layer_pass",
    "slopes",
]
