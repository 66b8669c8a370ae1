"""How a case is drawn from a seed."""

from __future__ import annotations

import math
import zlib
from dataclasses import replace
from pathlib import Path

import numpy as np
from gradparity_reference import LAYERS as REFERENCES

from ..data import find_mnist, load_digits, load_mnist
from ..functions.layers import LAYERS
from ..functions.network import placed
from .case import Array, Case
from .kinks import kinks_are_alike, kinks_are_clear
from .spec import CaseSpec

DRAWS = 100  # to find parameters whose pre-activations are clear of relu's kink


def draw(spec: CaseSpec, seed: int, data_dir: Path | None = None, attempts: int = DRAWS) -> Case:
    """The case of this seed: Philox, a counter-based generator, so the same everywhere.

    Where a pre-activation lies so close to relu's kink that rounding decides the mask, the next draw of the
    seed is taken; ``attempts=1`` where nothing is compared. Raises UsageError for a bad data folder, DataMissing
    where MNIST cannot be had.
    """
    key = zlib.crc32(spec.model_copy(update={"dtype": "float64"}).name.encode())
    for attempt in range(attempts):
        rng = np.random.Generator(np.random.Philox(np.random.SeedSequence([seed, key, attempt])))
        case = _draw_once(spec, seed, rng, data_dir)
        if attempt == attempts - 1 or kinks_are_clear(case):
            break
    return case


def following(case: Case) -> Case:
    """Another case of the same sizes, with other weights, and the batch's rows and its labels in other orders.

    What a port keeps from one case to the next shows when this one comes after it. The labels go another way than the
    rows, or else the old weights would give the old loss and the old gradient: both are sums over the batch.
    """
    rng = np.random.Generator(np.random.Philox(np.random.SeedSequence([case.seed, len(case.x), 1])))

    turned, back = np.roll(np.arange(len(case.x)), 1), np.roll(np.arange(len(case.x)), -1)
    held = {name: _frozen(a, case.spec) for name, a in draw_held(case.spec, len(case.x), rng, gain=1.0).items()}
    x, t = _frozen(case.x[turned], case.spec), _frozen(case.t[back], case.spec)
    return Case(case.spec, case.seed, x, t, held)


def nearby(case: Case, relative: float, seed: int) -> Case | None:
    """The case with each floating-point number disturbed by up to so much of it, and its labels as they are.

    Roundings are drawn anew in it, and what a formula gives is nearly the same. None where so much sends some element
    the other way at a kink.
    """
    key = zlib.crc32(f"{case.spec.name} nearby".encode())
    rng = np.random.Generator(np.random.Philox(np.random.SeedSequence([case.seed, seed, key])))
    arrays = {
        name: a if a.dtype.kind != "f" else _frozen(a * (1 + rng.uniform(-relative, relative, a.shape)), case.spec)
        for name, a in {"x": case.x, **case.held}.items()
    }
    found = replace(case, x=arrays.pop("x"), held=arrays)
    return found if kinks_are_alike(case, found) else None


def second_batch(case: Case) -> Case | None:
    """The same network with another batch, of another size: the last half of the rows. None where there is but one
    row, or the network holds something for each row.

    Not the first rows, as these a port may have kept from the batch before.
    """
    count = len(case.x) // 2
    if not count or case.spec.described.masks:
        return None
    spec = case.spec.model_copy(update={"batch": count})
    return Case(spec, case.seed, _frozen(case.x[-count:], spec), _frozen(case.t[-count:], spec), case.held)


def _frozen(a: Array, spec: CaseSpec) -> Array:
    """A read-only copy in the case's memory order, and, but for labels and masks, its dtype."""
    a = np.array(a, spec.dtype if a.dtype.kind == "f" else a.dtype, order=spec.order)
    a.flags.writeable = False
    return a


def _draw_once(spec: CaseSpec, seed: int, rng: np.random.Generator, data_dir: Path | None) -> Case:
    x, labels = _draw_batch(spec, rng, data_dir)
    gain = next((LAYERS[layer.kind].gain for layer in spec.kinds if LAYERS[layer.kind].activation), 1.0)
    held = draw_held(spec, len(x), rng, LAYERS[spec.activation].gain if spec.sizes else gain, spec.scale)
    _apply_quirk(spec, x, held)
    t = labels.astype(np.int32) if spec.labels == "integer" else np.eye(spec.classes)[labels]

    frozen = {name: _frozen(p, spec) for name, p in held.items()}
    return Case(spec, seed, _frozen(x, spec), _frozen(t, spec), frozen)


def draw_held(
    spec: CaseSpec, batch: int, rng: np.random.Generator, gain: float, scale: float = 1.0
) -> dict[str, Array]:
    """What the network's layers hold, in the order of the layers.

    Weights are normal, of the variance ``gain`` over the terms of a sum, times ``scale``; biases 0.1 x normal; all else
    as its layer says.
    """
    network, found = spec.described, {}
    for layer in placed(spec.kinds):
        for name, held in layer.arrays.items():
            masked = held in network.masks
            shape = (batch, *network.masks[held]) if masked else network.arrays[held]
            if name in layer.layer.draws:
                found[held] = layer.layer.draws[name](rng, shape, layer.numbers)
            elif name in REFERENCES[layer.layer.kind].weights:
                found[held] = rng.normal(size=shape) * scale * np.sqrt(gain / terms_of(shape))
            else:
                found[held] = rng.normal(size=shape) * 0.1
    return found


def terms_of(weights: tuple[int, ...]) -> int:
    """How many terms a sum has in an affine layer, or a convolution, with weights of this shape."""
    return weights[0] if len(weights) == 2 else math.prod(weights[1:])


def _draw_batch(spec: CaseSpec, rng: np.random.Generator, data_dir: Path | None) -> tuple[Array, Array]:
    if spec.data == "random":
        return rng.normal(size=(spec.batch, *spec.described.input)), rng.integers(spec.classes, size=spec.batch)
    images, labels = load_digits() if spec.data == "digits" else load_mnist("test", find_mnist(data_dir))
    rows = rng.choice(len(images), spec.batch, replace=spec.batch > len(images))
    return images[rows].reshape(len(rows), *spec.described.input), labels[rows]


def _apply_quirk(spec: CaseSpec, x: Array, params: dict[str, Array]) -> None:
    single = spec.dtype == "float32"
    if spec.quirk in ("zero-rows", "exact-zeros"):
        x[::2] = 0.0
    if spec.quirk == "exact-zeros":  # whole columns and rows of pre-activations that are 0 in any order of summation
        params["b1"][:] = 0.0
        params["W1"][:, ::3] = 0.0
    if spec.quirk == "saturated":  # logits so large that most probabilities underflow to 0
        params[f"W{len(spec.sizes) - 1}"] *= 60.0 if single else 500.0
    if spec.quirk == "ties":  # few numbers, so that the largest of a window is often there twice
        x[...] = np.round(x)
    if spec.quirk == "denormals":
        x[:, ::4] *= 1e-40 if single else 1e-310
