"""The network in JAX: pure functions, differentiated by ``grad`` and compiled by ``jit``, once for each shape.

XLA makes the processor flush subnormal numbers to 0 and has no switch for it, so `gradparity check` finds the gradient
wrong in the cases with denormals, and nowhere else.
"""

import os
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

sys.path.append(str(Path(__file__).parents[1] / "common"))
from peer import Array, Call, Held, Layout, Network, Peer, available

with available("jax"):
    import jax
    from jax_layers import LAYERS, LOSSES, operands

jax.config.update("jax_enable_x64", True)
jax.config.update("jax_cpu_enable_async_dispatch", False)  # a second thread gains nothing where every call is awaited

Params = list[dict[str, jax.Array]]  # as Held
LossAndGradient = tuple[jax.Array, Params]


def layer_inputs(params: Params, fixed: Params, x: jax.Array, layout: Layout, training: bool) -> list[jax.Array]:
    """What each layer is given in the forward pass, and at the end the logits."""
    inputs = [x]
    for layer, learnt, given in zip(layout.layers, params, fixed, strict=True):
        inputs.append(LAYERS[layer.kind](inputs[-1], learnt | given, training, **dict(layer.numbers)))
    return inputs


def predict(params: Params, fixed: Params, x: jax.Array, layout: Layout) -> jax.Array:
    """The logits."""
    return layer_inputs(params, fixed, x, layout, training=False)[-1]


def loss(params: Params, fixed: Params, x: jax.Array, labels: jax.Array, layout: Layout) -> jax.Array:
    """The mean loss of training, and what weight decay adds."""
    out = layer_inputs(params, fixed, x, layout, training=True)[-1]
    squares: Any = sum((own["W"] ** 2).sum() for own in params if "W" in own) if layout.weight_decay else 0
    return LOSSES[layout.loss](out, labels) + layout.weight_decay / 2 * squares


def sgd_step(
    params: Params, fixed: Params, x: jax.Array, labels: jax.Array, learning_rate: float, layout: Layout
) -> Params:
    """The parameters after one step of stochastic gradient descent."""
    gradient = jax.grad(loss)(params, fixed, x, labels, layout)
    after: Params = jax.tree.map(lambda p, dp: p - learning_rate * dp, params, gradient)
    return after


def products(pairs: list[tuple[jax.Array, jax.Array]], firsts: tuple[bool, ...]) -> list[jax.Array]:
    """The matrix products of layers with these operands. All are results, or the compiler would leave them out."""
    results = []
    for (x, W), first in zip(pairs, firsts, strict=True):
        dout = x @ W
        results += [dout, x.T @ dout] + ([] if first else [dout @ W.T])
    return results


fast_predict = jax.jit(predict, static_argnames="layout")
fast_gradient = jax.jit(jax.value_and_grad(loss), static_argnames="layout")
fast_step = jax.jit(sgd_step, static_argnames="layout")
fast_products = jax.jit(products, static_argnames="firsts")


class JaxNetwork(Network):
    """Arrays as the reference has them. Each call waits for its results."""

    def __init__(self, layout: Layout, x: Array, labels: Array, params: Held, fixed: Held) -> None:
        self.layout = layout
        self.x, self.labels, self.params, self.fixed = jax.tree.map(jax.numpy.array, (x, labels, params, fixed))

    def inputs(self) -> tuple[Array, Held]:
        held = [learnt | given for learnt, given in zip(self.params, self.fixed, strict=True)]
        return np.asarray(self.x), jax.tree.map(np.asarray, held)

    def predict(self) -> jax.Array:
        return jax.block_until_ready(fast_predict(self.params, self.fixed, self.x, self.layout))

    def gradient(self) -> LossAndGradient:
        came = fast_gradient(self.params, self.fixed, self.x, self.labels, self.layout)
        computed: LossAndGradient = jax.block_until_ready(came)
        return computed

    def as_arrays(self, gradient: LossAndGradient) -> tuple[Array, Held]:
        loss, gradients = jax.tree.map(np.asarray, gradient)
        return loss, gradients

    def sgd_step(self, learning_rate: float) -> Call:
        def step() -> None:
            after = fast_step(self.params, self.fixed, self.x, self.labels, learning_rate, self.layout)
            self.params = jax.block_until_ready(after)

        return step

    def products(self, places: tuple[int, ...]) -> Call:
        inputs = layer_inputs(self.params, self.fixed, self.x, self.layout, training=False)
        pairs = [
            operands(layer.kind, inputs[place], self.params[place]["W"], dict(layer.numbers))
            for place, layer in enumerate(self.layout.layers)
            if place in places
        ]
        firsts = tuple(not any(self.params[:place]) for place in sorted(places))
        return lambda: jax.block_until_ready(fast_products(pairs, firsts))


if __name__ == "__main__":
    about = {
        "name": "jax",
        "version": f"JAX {jax.__version__}",
        "blas": f"XLA of jaxlib {version('jaxlib')}",
        "threads": os.environ.get("NPROC", os.cpu_count()),
    }
    Peer(JaxNetwork, about).serve()
