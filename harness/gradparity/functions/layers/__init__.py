"""The layers, one file each. To add one: its class in the reference, its file here, and its line in ``LAYERS``."""

from __future__ import annotations

from .add import ADD
from .affine import AFFINE
from .batch_norm import BATCH_NORM
from .convolution import CONVOLUTION
from .dropout import DROPOUT
from .layer import Layer, Phase
from .max_pooling import MAX_POOLING
from .multiply import MULTIPLY
from .relu import RELU
from .sigmoid import SIGMOID
from .softmax_with_loss import SOFTMAX_WITH_LOSS
from .squared_error import SQUARED_ERROR
from .tanh import TANH

LAYERS: dict[str, Layer] = {
    layer.kind: layer
    for layer in (
        MULTIPLY,
        ADD,
        AFFINE,
        RELU,
        SIGMOID,
        TANH,
        BATCH_NORM,
        DROPOUT,
        CONVOLUTION,
        MAX_POOLING,
        SOFTMAX_WITH_LOSS,
        SQUARED_ERROR,
    )
}

ACTIVATIONS = tuple(kind for kind, layer in LAYERS.items() if layer.activation)


def known_activation(kind: str) -> str:
    """The kind. Raises ValueError for one that is no activation."""
    if kind not in ACTIVATIONS:
        raise ValueError(f"expected one of {', '.join(ACTIVATIONS)}")
    return kind


__all__ = ["ACTIVATIONS", "LAYERS", "Layer", "Phase", "known_activation"]
