"""Variants that are of the whole network: with another activation or none, in the other phase, ..."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from operator import not_
from typing import Any

import numpy as np
from gradparity_reference import LAYERS as REFERENCES
from gradparity_reference import LOSS, Layer

from ..cases import Array
from ..functions.declared import DeclaredNetwork
from ..functions.layers import ACTIVATIONS
from ..functions.layers.softmax_with_loss import probability
from ..functions.network import placed
from ..reference import Reference
from .variants import Build, Key, Results, class_of

LABELS_SHIFTED, EPSILON = "labels shifted", "epsilon in the logarithm"
EPSILONS = (0.0, 1e-7, 1e-8, 1e-10, 1e-12, 1e-15)


class _Identity(Layer):
    """A layer that is left out."""

    def __init__(self, *arrays: Array, **numbers: float) -> None:
        pass

    def forward(self, x: Array) -> Array:
        return x

    def backward(self, dout: Array) -> Array:
        return dout


@dataclass(frozen=True)
class OtherNetwork:
    """A known bug of the whole network: ``made`` changes what it is made of."""

    name: str
    sentence: str
    made: Callable[[Build], None]
    constant: float | None = None

    @property
    def key(self) -> tuple[Any, ...]:
        """See `Variant`."""
        return self.name, self.sentence, self.constant

    def into(self, build: Build) -> None:
        """See `Variant`."""
        self.made(build)


def other_networks(reference: Reference) -> Iterator[OtherNetwork]:
    """Each network that may stand for this one by mistake."""
    case = reference.case
    kinds = [kind for kind in REFERENCES if kind in case.spec.described.kinds]
    for here in (kind for kind in kinds if kind in ACTIVATIONS):
        for kind in (kind for kind in ACTIVATIONS if kind != here):
            yield OtherNetwork(
                "another activation", f"{kind}, where the case has {here}", _layer(here, class_of(case, kind))
            )
        yield OtherNetwork("left out", "the activation between the layers", _layer(here, _Identity))
        forgotten = type("Forgotten", (class_of(case, here),), {"backward": _Identity.backward})
        yield OtherNetwork("left out", "the activation between the layers, in backward", _layer(here, forgotten))
    if "dropout" in kinds:
        yield OtherNetwork("left out", "dropout", _layer("dropout", _Identity))
    yield OtherNetwork("left out", "the biases", _without_biases)
    if any(layer.layer.phased for layer in placed(case.spec.kinds)):
        for sentence, phase_of in PHASES.items():
            yield OtherNetwork("phase confused", sentence, _in_phase(phase_of))
    for shift in (1, -1) if case.spec.kinds[-1].kind == LOSS else ():
        sentence = f"labels are off by one ({shift:+d}): counted from 0 and from 1"
        yield OtherNetwork(LABELS_SHIFTED, sentence, _labels_shifted(shift, case.spec.classes))
    for epsilon in EPSILONS if case.spec.kinds[-1].kind == LOSS else ():
        if epsilon != reference.epsilon:
            sentence = f"the logarithm is of p + {epsilon:g}" if epsilon else "no epsilon is added to p"
            yield OtherNetwork(EPSILON, sentence, _with_epsilon(epsilon))
    if not case.declared.predict:
        yield OtherNetwork("probabilities for logits", "softmax is applied: predict gives the logits", _probabilities)
    yield from other_decays(reference)


def _layer(kind: str, made_of: type[Layer]) -> Callable[[Build], None]:
    def made(build: Build) -> None:
        build.layers[kind] = made_of

    return made


def _without_biases(build: Build) -> None:
    build.held |= {name: np.zeros_like(a) for name, a in build.held.items() if name.rstrip("0123456789") == "b"}


def _labels_shifted(shift: int, classes: int) -> Callable[[Build], None]:
    def made(build: Build) -> None:
        build.t = np.roll(build.t, shift, axis=1) if build.t.ndim > 1 else (build.t + shift) % classes

    return made


PHASES: dict[str, Callable[[bool], bool]] = {
    "training and test phase are exchanged: predict is of the test, the gradient of training": not_,
    "predict is in the phase of training: it is of the test": lambda training: True,
    "the gradient is in the phase of the test: it is of training": lambda training: False,
}


def _with_epsilon(epsilon: float) -> Callable[[Build], None]:
    def made(build: Build) -> None:
        build.epsilon = epsilon

    return made


def _in_phase(phase_of: Callable[[bool], bool]) -> Callable[[Build], None]:
    class OtherPhase(DeclaredNetwork):
        def _forward(self, x: Array, training: bool) -> Array:
            return super()._forward(x, phase_of(training))

    def made(build: Build) -> None:
        build.made_of = OtherPhase

    return made


def _probabilities(build: Build) -> None:
    build.after.append(lambda _, found: {("predict", "out"): probability(found["predict", "out"])})


def clipped_gradients(came: Mapping[Key, Array]) -> Iterator[OtherNetwork]:
    """Gradients clipped at the largest value that came, or scaled to the norm that came."""
    slopes = [a.astype(np.float64) for key, a in came.items() if key[0] == "gradient" and key[1] != "loss"]
    if not slopes or not all(np.isfinite(a).all() for a in slopes):
        return
    most = max(float(abs(a).max(initial=0.0)) for a in slopes)
    norm = float(np.sqrt(sum(np.square(a).sum() for a in slopes)))

    def at_most(_: DeclaredNetwork, found: Results) -> Results:
        return {key: np.clip(a, -most, most).astype(a.dtype) for key, a in found.items() if _is_slope(key)}

    def of_norm(_: DeclaredNetwork, found: Results) -> Results:
        own = {key: a for key, a in found.items() if _is_slope(key)}
        right = float(np.sqrt(sum(np.square(a.astype(np.float64)).sum() for a in own.values())))
        return {key: (a * min(1.0, norm / right)).astype(a.dtype) for key, a in own.items()} if right else {}

    name = "gradient clipped"
    within = f"gradients are clipped to [-{most:.6g}, {most:.6g}]"
    yield OtherNetwork(name, within, lambda build: build.after.append(at_most), most)
    scaled = f"gradients are scaled so that the norm of all of them is {norm:.6g}"
    yield OtherNetwork(name, scaled, lambda build: build.after.append(of_norm), norm)


def _is_slope(key: Key) -> bool:
    return key[0] == "gradient" and key[1] != "loss"


def other_decays(reference: Reference) -> Iterator[OtherNetwork]:
    """What weight decay would give, were it made otherwise: of the loss, of the gradient, or of both."""
    spec, n = reference.case.spec, len(reference.case.x)
    if not spec.weight_decay:
        return
    missing, factor, biases = "weight decay missing", "weight decay's factor", "weight decay on biases"
    yield _decayed(missing, "weight decay is not in the loss", loss=0.0)
    yield _decayed(missing, "weight decay is not in the gradient", slope=0.0)
    yield _decayed(missing, "weight decay is missing", loss=0.0, slope=0.0)
    yield _decayed(factor, "weight decay times the squares, for half of it", loss=2.0)
    yield _decayed(
        factor, "weight decay is in the gradient twice: the 2 of the square, which the half takes away", slope=2.0
    )
    yield _decayed(factor, "weight decay is halved in the gradient, as in the loss", slope=0.5)
    yield _decayed(factor, "weight decay is subtracted from the gradient", slope=-1.0)
    yield _decayed(factor, "weight decay is divided by the batch size", loss=1 / n, slope=1 / n)
    yield _decayed(factor, "weight decay is divided by the batch size", loss=1 / n)
    yield _decayed(factor, "weight decay is divided by the batch size", slope=1 / n)
    layers = placed(spec.kinds)
    own = {name for layer in layers for name in layer.params.values()}
    weights = {layer.params[name] for layer in layers for name in REFERENCES[layer.layer.kind].weights}
    of_biases = {layer.params["b"] for layer in layers if "b" in layer.params}
    of_affine = {layer.params["b"] for layer in layers if layer.layer.kind == "affine"}
    for what, names in (
        ("the biases, too", of_biases),
        ("the affine layers' biases, too", of_affine),
        ("all parameters", own - weights),
    ):
        for places, loss, slope in (
            ("", True, True),
            (", in the loss", True, False),
            (", in the gradient", False, True),
        ):
            sentence = f"weight decay is of {what}{places}"
            yield _decayed(biases, sentence, also=frozenset(names), loss_too=loss, slope_too=slope)


def _decayed(
    name: str,
    sentence: str,
    loss: float = 1.0,
    slope: float = 1.0,
    also: frozenset[str] = frozenset(),
    loss_too: bool = False,
    slope_too: bool = False,
) -> OtherNetwork:
    """So many times what weight decay adds, and to those parameters, too."""

    def changed(network: DeclaredNetwork, found: Results) -> Results:
        decay, weights = network.weight_decay, network.weights
        bare = found["gradient", "loss"]
        penalty = sum(((p.dtype.type(decay / 2) * (p**2).sum()) for p in weights.values()), start=0 * bare)
        more = {key: p for key, p in network.params.items() if key in also}
        others = sum(((p.dtype.type(decay / 2) * (p**2).sum()) for p in more.values()), start=0 * bare)
        out: dict[tuple[str, str], Any] = {
            ("gradient", "loss"): bare + bare.dtype.type(loss - 1) * penalty + (others if loss_too else 0 * bare)
        }
        times = dict.fromkeys(weights, slope - 1) | dict.fromkeys(more if slope_too else (), 1.0)
        for key, factor in times.items():
            p = network.params[key]
            out["gradient", f"d{key}"] = found["gradient", f"d{key}"] + p.dtype.type(factor * decay) * p
        return out

    return OtherNetwork(name, sentence, lambda build: build.after.append(changed))
