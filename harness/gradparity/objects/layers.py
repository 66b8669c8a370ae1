"""Layer classes as the book has them, with ``forward`` and ``backward``: each is asked alone."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import gradparity_reference as reference
from gradparity_reference import LOSS

from ..cases import Array
from ..functions.layers import LAYERS
from .taking import parameters

Layers = Mapping[str, Callable[..., Any]]


def checked_layers(layers: Any) -> None:
    """Raises ValueError for what is no dict of classes by the kinds of layers."""
    if not isinstance(layers or {}, Mapping):
        raise ValueError(f"layers: expected a dict such as {{'affine': Affine, 'relu': Relu}}, came {layers!r}")
    for kind, make in (layers or {}).items():
        if kind not in LAYERS:
            raise ValueError(f"layers: expected some of {', '.join(LAYERS)}, came {kind!r}")
        if not callable(make):
            raise ValueError(f"layers: expected a class for {kind}, came {make!r}")


def layer_pass(make: Callable[..., Any], fields: Mapping[str, str], a: Mapping[str, Array]) -> dict[str, Any]:
    """A fresh layer's forward and backward pass."""
    kind = fields["kind"]
    if kind == LOSS:
        last = make(epsilon=float(fields["epsilon"])) if "epsilon" in parameters(make) else make()
        loss = last.forward(a["x"], a["t"])
        return {"loss": loss, "y": last.y, "dx": last.backward()}
    as_in = reference.LAYERS[kind]
    layer = make(*(a[name] for name in as_in.params))
    out = layer.forward(*(a[name] for name in as_in.inputs))
    return {"out": out, **reference.slopes(layer, as_in, a["dout"])}
