"""What a benchmark needs of a port: its own clock around its own calls, and the matrix products alone."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from time import perf_counter_ns

import numpy as np

from .layers import Array
from .network import Network


def elapsed(call: Callable[[], object], calls: int, samples: int) -> Array:
    """Nanoseconds of ``calls`` calls in a row, measured ``samples`` times: float64, (samples,)."""
    nanoseconds = np.empty(samples)
    for i in range(samples):
        start = perf_counter_ns()
        for _ in range(calls):
            call()
        nanoseconds[i] = perf_counter_ns() - start
    return nanoseconds


def products(network: Network, inputs: dict[int, Array]) -> None:
    """The matrix products of one gradient, and nothing else of it: what no implementation on this BLAS can beat.

    ``inputs`` maps the number of an affine layer, from 1, to its input, (batch, inputs). Each layer's own output
    stands for its dout, which has the same shape; layer 1 owes no gradient of the data.
    """
    for i, x in inputs.items():
        W = network.params[f"W{i}"]
        dout = x @ W
        _ = x.T @ dout
        if i > 1:
            _ = dout @ W.T


def layer_inputs(network: Network, x: Array, affines: Iterable[int]) -> dict[int, Array]:
    """The inputs of these affine layers, by number from 1, in the forward pass of x."""
    inputs: dict[str, Array] = {}
    for name, layer in network.layers.items():
        inputs[name] = x
        x = layer.forward(x)
    return {i: inputs[f"affine{i}"] for i in affines}
