"""Bugs that take more than one layer: what is applied, and in which order."""

from __future__ import annotations

from ...functions.evidence import Bugs, Candidates, Evidence, Subject
from ...functions.layers import ACTIVATIONS, LAYERS
from ...functions.layers.softmax_with_loss import probability

bug = Bugs()


@bug("activation first", kinds=("affine",), results=("out",))
def _activation_first(e: Evidence) -> Candidates:
    for kind in ACTIVATIONS:
        activated = LAYERS[kind].value("out", {"x": e.inputs["x"]})
        sentence = f"{kind} comes before this layer: the layers are in another order"
        yield sentence, LAYERS[e.kind].value(e.result, {**e.inputs, "x": activated})


@bug("layers permuted", kinds=("affine",))
def _layers_permuted(e: Evidence) -> Candidates:
    """Prepared: the other layers' weights and gradients."""
    yield from ()


@bug("matrix product", kinds=tuple(kind for kind, layer in LAYERS.items() if layer.elementwise))
def _matrix_product(e: Evidence) -> Candidates:
    pairs = {
        "out": [("x", "y")],
        "dx": [("dout", "y"), ("dout", "x"), ("dout", "out")],
        "dy": [("dout", "x")],
    }
    for one, other in pairs.get(e.result, []):
        if one in e.inputs and other in e.inputs and e.inputs[one].ndim == e.inputs[other].ndim == 2:
            a, b = e.inputs[one], e.inputs[other]
            for product in (a @ b.T, a.T @ b, *([a @ b] if a.shape[1] == b.shape[0] else [])):
                yield "a matrix product, where the element-wise one is meant", product


@bug("another activation")
def _another_activation(e: Evidence) -> Candidates:
    """Prepared: the results of networks with another one."""
    for kind in ACTIVATIONS if e.kind in ACTIVATIONS else ():
        if kind != e.kind:
            yield f"it is {kind}, and not {e.kind}", LAYERS[kind].value(e.result, e.inputs)


@bug("left out")
def _left_out(e: Evidence) -> Candidates:
    """Prepared: the results of networks without the activations, and without the biases."""
    yield from ()


@bug("phase confused", results=("out", "loss", "dW", "db", "dgamma", "dbeta"))
def _phase_confused(e: Evidence) -> Candidates:
    """Prepared: the results of the network in the other phase."""
    yield from ()


@bug("gradient clipped", kinds=(Subject.PASS,))
def _gradient_clipped(e: Evidence) -> Candidates:
    """Prepared: the gradients of a pass, clipped."""
    yield from ()


@bug("weight decay missing")
def _weight_decay_missing(e: Evidence) -> Candidates:
    """Prepared: the results of a pass without it."""
    yield from ()


@bug("weight decay on biases")
def _weight_decay_on_biases(e: Evidence) -> Candidates:
    """Prepared: the results of a pass that has it there, too."""
    yield from ()


@bug("weight decay's factor")
def _weight_decay_factor(e: Evidence) -> Candidates:
    """Prepared: the results of a pass with other factors."""
    yield from ()


@bug("forward difference", kinds=(Subject.PASS,), results=("numerical",))
def _forward_difference(e: Evidence) -> Candidates:
    """Prepared: the gradients by one-sided differences."""
    yield from ()


@bug("probabilities for logits", kinds=(Subject.PASS,), results=("out",))
def _probabilities(e: Evidence) -> Candidates:
    yield "softmax is applied: predict gives the logits", probability(e.expected)
