"""The network in JAX: pure functions, differentiated by ``grad`` and compiled by ``jit``, once for each shape."""

import sys
from functools import partial
from pathlib import Path

sys.path.append(str(Path(__file__).parents[1] / "common"))
from peer import available

with available("jax"):
    import jax

jax.config.update("jax_enable_x64", True)
jax.config.update("jax_cpu_enable_async_dispatch", False)  # in this thread: nothing is gained by another that waits

ACTIVATIONS = {"relu": jax.nn.relu, "sigmoid": jax.nn.sigmoid}
compiled = partial(jax.jit, static_argnames=("activation", "affines"))

Params = list[tuple[jax.Array, jax.Array]]


@compiled
def layer_inputs(params: Params, x: jax.Array, activation: str) -> list[jax.Array]:
    """Each affine layer's input in the forward pass."""
    inputs = [x]
    for W, b in params[:-1]:
        inputs.append(ACTIVATIONS[activation](inputs[-1] @ W + b))
    return inputs


@compiled
def predict(params: Params, x: jax.Array, activation: str) -> jax.Array:
    """The logits."""
    W, b = params[-1]
    return layer_inputs(params, x, activation)[-1] @ W + b
