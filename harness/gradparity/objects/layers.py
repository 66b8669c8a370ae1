"""Layer classes as the book has them, with ``forward`` and ``backward``: each is asked alone."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import gradparity_reference as reference
from gradparity_reference import LOSS, LOSSES

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
    """A fresh layer's forward and backward pass.

    Its constructor takes the parameters in order, and by name what it takes of the rest: the running statistics, a
    mask, and numbers. The phase is in ``training``, or forward's last argument.
    """
    kind = fields["kind"]
    if kind == LOSS:
        last = make(epsilon=float(fields["epsilon"])) if "epsilon" in parameters(make) else make()
        loss = last.forward(a["x"], a["t"])
        return {"loss": loss, "y": last.y, "dx": last.backward()}
    if kind in LOSSES:
        last = make()
        return {"loss": last.forward(a["x"], a["t"]), "dx": last.backward()}
    as_in, training = reference.LAYERS[kind], fields.get("phase", "train") == "train"
    numbers = {name: float(fields[name]) for name in as_in.numbers}
    others: dict[str, Any] = {name: a[name] for name in as_in.state + as_in.masks}
    others |= {name: int(value) if value.is_integer() else value for name, value in numbers.items()}
    layer = make(
        *(a[name] for name in as_in.params), **{name: others[name] for name in others if name in parameters(make)}
    )
    inputs: list[Any] = [a[name] for name in as_in.inputs]
    if as_in.state or as_in.masks:
        layer.training = training
        if len(parameters(layer.forward)) > len(inputs):  # as the book's, which takes train_flg
            inputs.append(training)
    out = layer.forward(*inputs)
    moved = {name: getattr(layer, name) for name in as_in.state if training}
    return {"out": out, **moved, **reference.slopes(layer, as_in, a["dout"])}
