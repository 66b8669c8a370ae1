"""Layer classes as the book has them, with ``forward`` and ``backward``: each is asked alone."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ..cases import Array
from .taking import parameters

Layers = Mapping[str, Callable[..., Any]]
KINDS = ("multiply", "add", "relu", "sigmoid", "affine", "softmax_with_loss")


def checked_layers(layers: Any) -> None:
    """Raises ValueError for what is no dict of classes by the kinds of layers."""
    if not isinstance(layers or {}, Mapping):
        raise ValueError(f"layers: expected a dict such as {{'affine': Affine, 'relu': Relu}}, came {layers!r}")
    for kind, make in (layers or {}).items():
        if kind not in KINDS:
            raise ValueError(f"layers: expected some of {', '.join(KINDS)}, came {kind!r}")
        if not callable(make):
            raise ValueError(f"layers: expected a class for {kind}, came {make!r}")


def layer_pass(make: Callable[..., Any], fields: Mapping[str, str], a: Mapping[str, Array]) -> dict[str, Any]:
    """A fresh layer's forward and backward pass."""
    kind = fields["kind"]
    if kind == "affine":
        affine = make(a["W"], a["b"])
        out, dx = affine.forward(a["x"]), affine.backward(a["dout"])
        return {"out": out, "dx": dx, "dW": affine.dW, "db": affine.db}
    if kind == "softmax_with_loss":
        last = make(epsilon=float(fields["epsilon"])) if "epsilon" in parameters(make) else make()
        loss = last.forward(a["x"], a["t"])
        return {"loss": loss, "y": last.y, "dx": last.backward()}
    layer = make()
    if kind in ("relu", "sigmoid"):
        return {"out": layer.forward(a["x"]), "dx": layer.backward(a["dout"])}
    out = layer.forward(a["x"], a["y"])
    dx, dy = layer.backward(a["dout"])
    return {"out": out, "dx": dx, "dy": dy}
