"""The parameters that an object or a module holds: which they are, and how a case's are written into them."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from ..cases import Dtype
from ..suite import DTYPES
from .handed import Handed, Layout

LACKS = "where it has no such network, let it raise NotImplementedError"
REMEDY = "wrap it in a class or a function that takes weights and biases"


def is_module(thing: Any) -> bool:
    """Whether it is a torch.nn.Module, or behaves like one. One with a gradient method is asked by that."""
    return callable(getattr(thing, "named_parameters", None)) and not hasattr(thing, "gradient")


def held(network: Any) -> dict[str, Any]:
    """Its own arrays or tensors by name, W1, b1, W2, ...: a module's in the order in which it lists them.

    Raises TypeError where it has none, ValueError where a module's are not a weight and a bias for each layer.
    """
    if not is_module(network):
        params = getattr(network, "params", None)
        if not isinstance(params, dict):
            raise TypeError(f"expected {type(network).__name__} to have a dict params of W1, b1, ...; or {REMEDY}")
        return params
    listed = list(network.named_parameters())
    if not listed or [len(tensor.shape) for _, tensor in listed] != [2, 1] * (len(listed) // 2):
        came = ", ".join(f"{name} {tuple(tensor.shape)}" for name, tensor in listed) or "none"
        raise ValueError(f"expected a weight and a bias for each layer, in order, came {came}; or {REMEDY}")
    return {f"{'Wb'[i % 2]}{i // 2 + 1}": tensor for i, (_, tensor) in enumerate(listed)}


def sizes_of(params: dict[str, Any], layout: Layout) -> tuple[int, ...]:
    """Inputs, hidden sizes, classes. Raises ValueError where one layer's outputs are not the next one's inputs."""
    shapes = {name: tuple(array.shape) for name, array in params.items()}
    weights = [shape if layout == "in_out" else shape[::-1] for name, shape in shapes.items() if name[0] == "W"]
    biases = [shape for name, shape in shapes.items() if name[0] == "b"]
    sizes = (*(shape[0] for shape in weights[:1]), *(shape[-1] for shape in weights))
    fits = weights == list(pairwise(sizes)) and biases == [(size,) for size in sizes[1:]]
    if not sizes or not fits:
        came = ", ".join(f"{name} {shape}" for name, shape in shapes.items()) or "none"
        raise ValueError(f"expected each layer's outputs to be the next one's inputs, came {came} (layout {layout})")
    return sizes


def dtype_of(params: dict[str, Any]) -> Dtype:
    """Of all of them. Raises ValueError where that is not one, or another than float64 and float32."""
    found = {_dtype(array) for array in params.values()}
    for dtype in DTYPES:
        if found == {dtype}:
            return dtype
    raise ValueError(f"expected parameters of float64 or of float32, came {', '.join(sorted(found)) or 'none'}")


def fill(network: Any, handed: Handed, takes: frozenset[str]) -> None:
    """Write the case's parameters into the network's own arrays, so that whatever refers to them sees them.

    Where they do not fit: NotImplementedError for a network that was not told the sizes or the dtype (it has others),
    ValueError for one that was.
    """
    own = held(network)
    for told, wanted, came in (
        ("sizes", _shapes(handed.params), _shapes(own)),
        ("dtype", handed.dtype, ", ".join(sorted({_dtype(array) for array in own.values()}))),
    ):
        if came != wanted:
            kind = ValueError if told in takes else NotImplementedError
            remedy = f"; {LACKS}" if told in takes else ""
            raise kind(f"its parameters are {came}, and those of the case {wanted}{remedy}")
    for name, array in handed.params.items():
        if is_module(network):
            own[name].data.copy_(own[name].new_tensor(array))
        else:
            own[name][...] = array


def _shapes(params: dict[str, Any]) -> str:
    return ", ".join(f"{name} {tuple(array.shape)}" for name, array in sorted(params.items(), key=_by_layer))


def _by_layer(pair: tuple[str, Any]) -> tuple[str, str]:
    return pair[0][1:], pair[0][:1]


def _dtype(array: Any) -> str:
    return str(getattr(array, "dtype", type(array).__name__)).removeprefix("torch.")
