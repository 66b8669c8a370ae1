"""A pass in steps: each step of a right trace follows from the one before, and a wrong one is found where it is."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from gradparity.cases import CaseSpec, draw
from gradparity.diagnosis.steps import of_layer, of_trace
from gradparity.functions.layers import LAYERS, Phase
from gradparity.functions.network import Call
from gradparity.reference import Reference
from gradparity.suite import default_suite

SMALL = [spec for spec in default_suite() if spec.data == "random"]


@pytest.mark.parametrize("spec", SMALL, ids=lambda spec: spec.name)
def test_every_step_of_the_reference_follows_from_the_one_before(spec: CaseSpec) -> None:
    reference = Reference(draw(spec, 0))
    steps = dict(of_trace(reference.case, reference.epsilon, reference.trace))
    assert list(steps) == list(reference.trace)
    for key, step in steps.items():
        assert not step.evidence.wrong, key
        assert step.evidence.came is reference.trace[key]


@pytest.mark.parametrize(
    "key", ["affine1.out", "relu1.out", "loss", "softmax.dx", "affine2.dx", "relu1.dx", "affine1.db"]
)
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_one_wrong_array_is_one_wrong_step(key: str, dtype: Any) -> None:
    """What was computed from it, rightly, is not blamed."""
    reference = Reference(draw(CaseSpec(sizes=(9, 6, 4), dtype=dtype), 0))
    trace = dict(reference.trace)
    trace[key] = np.asarray(trace[key] * trace[key].dtype.type(1.01))
    names = list(trace)
    wrong = [name for name, step in of_trace(reference.case, 0.0, trace) if step.evidence.wrong]
    assert wrong[0] == key
    assert all(names.index(name) >= names.index(key) for name in wrong)


def test_a_layer_called_alone() -> None:
    reference = Reference(draw(CaseSpec(sizes=(9, 6, 4)), 0))
    for layer in reference.layers[:-1]:
        steps = of_layer(Call(layer.name, LAYERS[layer.kind], layer.inputs), layer.expected, 4)
        assert [step.evidence.result for step in steps] == list(layer.expected)
        assert not any(step.evidence.wrong for step in steps)
    wrong = {**reference.layers[2].expected, "db": -reference.layers[2].expected["db"]}
    steps = of_layer(Call("affine1", LAYERS["affine"], reference.layers[2].inputs), wrong, 4)
    assert [(step.key, step.phase) for step in steps if step.evidence.wrong] == [("affine1.db", Phase.BACKWARD)]
