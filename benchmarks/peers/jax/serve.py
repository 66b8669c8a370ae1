"""The network in JAX: pure functions, differentiated by ``grad`` and compiled by ``jit``, once for each shape.

XLA makes the processor flush subnormal numbers to 0 and has no switch for it, so `gradparity check` finds the gradient
wrong in the cases with denormals, and nowhere else.
"""

import os
import sys
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path

import numpy as np

sys.path.append(str(Path(__file__).parents[1] / "common"))
from peer import Array, Call, Network, Peer, available

with available("jax"):
    import jax
    import jax.numpy as jnp

jax.config.update("jax_enable_x64", True)
jax.config.update("jax_cpu_enable_async_dispatch", False)  # a second thread gains nothing where every call is awaited

ACTIVATIONS = {"relu": jax.nn.relu, "sigmoid": jax.nn.sigmoid}

Params = list[tuple[jax.Array, jax.Array]]
LossAndGradient = tuple[jax.Array, Params]


def layer_inputs(params: Params, x: jax.Array, activation: str) -> list[jax.Array]:
    """Each affine layer's input in the forward pass."""
    inputs = [x]
    for W, b in params[:-1]:
        inputs.append(ACTIVATIONS[activation](inputs[-1] @ W + b))
    return inputs


def predict(params: Params, x: jax.Array, activation: str) -> jax.Array:
    """The logits."""
    W, b = params[-1]
    return layer_inputs(params, x, activation)[-1] @ W + b


def loss(params: Params, x: jax.Array, labels: jax.Array, activation: str) -> jax.Array:
    """The mean cross-entropy."""
    log_p = jax.nn.log_softmax(predict(params, x, activation))
    return -jnp.take_along_axis(log_p, labels[:, None], axis=1).mean()


def sgd_step(params: Params, x: jax.Array, labels: jax.Array, learning_rate: float, activation: str) -> Params:
    """The parameters after one step of stochastic gradient descent."""
    gradient = jax.grad(loss)(params, x, labels, activation)
    after: Params = jax.tree.map(lambda p, dp: p - learning_rate * dp, params, gradient)
    return after


def products(params: Params, inputs: list[jax.Array], affines: tuple[int, ...]) -> list[jax.Array]:
    """The matrix products of these layers. All are results, or the compiler would leave them out."""
    results = []
    for i in affines:
        (W, _), x = params[i - 1], inputs[i - 1]
        dout = x @ W
        results += [dout, x.T @ dout] + ([dout @ W.T] if i > 1 else [])
    return results


fast_predict = jax.jit(predict, static_argnames="activation")
fast_gradient = jax.jit(jax.value_and_grad(loss), static_argnames="activation")
fast_step = jax.jit(sgd_step, static_argnames="activation")
fast_products = jax.jit(products, static_argnames="affines")


class JaxNetwork(Network):
    """Arrays as the reference has them. Each call waits for its results."""

    def __init__(
        self, x: Array, labels: Array, weights: Sequence[Array], biases: Sequence[Array], activation: str
    ) -> None:
        self.x, self.labels, self.activation = jnp.array(x), jnp.array(labels), activation
        self.params = [(jnp.array(W), jnp.array(b)) for W, b in zip(weights, biases, strict=True)]

    def inputs(self) -> dict[str, Array]:
        return {"x": np.asarray(self.x)} | by_name("", self.params)

    def predict(self) -> jax.Array:
        return jax.block_until_ready(fast_predict(self.params, self.x, self.activation))

    def gradient(self) -> LossAndGradient:
        came = fast_gradient(self.params, self.x, self.labels, self.activation)
        computed: LossAndGradient = jax.block_until_ready(came)
        return computed

    def as_arrays(self, gradient: LossAndGradient) -> dict[str, Array]:
        return {"loss": np.asarray(gradient[0])} | by_name("d", gradient[1])

    def sgd_step(self, learning_rate: float) -> Call:
        def step() -> None:
            after = fast_step(self.params, self.x, self.labels, learning_rate, self.activation)
            self.params = jax.block_until_ready(after)

        return step

    def products(self, affines: tuple[int, ...]) -> Call:
        inputs = layer_inputs(self.params, self.x, self.activation)
        return lambda: jax.block_until_ready(fast_products(self.params, inputs, affines))


def by_name(prefix: str, params: Params) -> dict[str, Array]:
    """W1, b1, W2, ... after the prefix."""
    pairs = enumerate(params, start=1)
    return {f"{prefix}{kind}{i}": np.asarray(p) for i, pair in pairs for kind, p in zip("Wb", pair, strict=True)}


if __name__ == "__main__":
    about = {
        "name": "jax",
        "version": f"JAX {jax.__version__}",
        "blas": f"XLA of jaxlib {version('jaxlib')}",
        "threads": os.environ.get("NPROC", os.cpu_count()),
    }
    Peer(JaxNetwork, about).serve()
