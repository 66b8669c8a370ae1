"""What a benchmark needs of a port: its own clock around its own calls, and the matrix products alone."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from time import perf_counter_ns

import numpy as np

from .layers import Affine, Array, Convolution
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


def products(operands: Mapping[int, tuple[Array, Array]]) -> None:
    """The matrix products of one gradient, and nothing else of it: what no implementation on this BLAS can beat.

    ``operands`` are those of ``product_operands``. Each layer's own output stands for its dout, which has the same
    shape; layer 1 owes no gradient of the data.
    """
    for i, (x, W) in operands.items():
        dout = x @ W
        _ = x.T @ dout
        if i > 1:
            _ = dout @ W.T


def product_operands(network: Network, x: Array, numbers: Iterable[int]) -> dict[int, tuple[Array, Array]]:
    """The operands of the affine and convolution layers of these numbers in the forward pass of x, as matrices.

    Of an affine layer its input and W; of a convolution the windows as rows, and the filters as columns.
    """
    found: dict[int, tuple[Array, Array]] = {}
    network.predict(x)
    for name, layer in network.layers.items():
        if isinstance(layer, Convolution):
            found[network.numbers[name]] = layer.col, layer.W.reshape(len(layer.W), -1).T
        if isinstance(layer, Affine):
            found[network.numbers[name]] = layer.x, layer.W
    return {i: found[i] for i in numbers}
