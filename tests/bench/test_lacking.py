"""What a port lacks for timing something."""

from __future__ import annotations

import pytest
from gradparity.bench.lacking import why_not_timed
from gradparity.bench.operation import Operation
from gradparity.bench.plan import CONVOLUTIONAL, HEADLINE, default_plan
from gradparity.cases import CaseSpec
from gradparity.ports.session import Hello

OLD = {
    "name": "old", "language": "X", "version": "1", "blas": "none", "threads": "1", "dtypes": "float64",
    "layers": "affine,relu,sigmoid,softmax_with_loss", "operations": "load,gradient,layer,time",
    "optimizers": "", "epsilon": "any",
}  # fmt: skip
IMAGES = "convolution,max_pooling"
GRADIENT = Operation("gradient", "gradient")


@pytest.mark.parametrize(
    ("changes", "spec", "words"),
    [
        ({}, HEADLINE, ""),
        ({}, CONVOLUTIONAL, "the port takes no networks of any layers"),
        ({"layers": f"{OLD['layers']},{IMAGES}"}, CONVOLUTIONAL, "the port takes no networks of any layers"),
        ({"networks": "any"}, CONVOLUTIONAL, "the port does not list convolution, max_pooling"),
        ({"networks": "any", "layers": f"{OLD['layers']},{IMAGES}"}, CONVOLUTIONAL, ""),
        ({}, HEADLINE.model_copy(update={"dtype": "float32"}), "the port has no float32"),
        ({"operations": "load,time"}, HEADLINE, "the port has no operation gradient"),
    ],
)
def test_a_network_is_timed_where_the_port_takes_it(changes: dict[str, str], spec: CaseSpec, words: str) -> None:
    found = why_not_timed(Hello.of(OLD | changes), GRADIENT, spec)
    assert found.startswith(words) and bool(found) == bool(words)


def test_a_layer_is_timed_where_the_port_lists_it() -> None:
    [layers] = [group for group in default_plan() if group.kind == "layers"]
    missing = {op.name for op in layers.operations if why_not_timed(Hello.of(OLD), op, layers.spec)}
    assert missing == {op.name for op in layers.operations} - {"affine", "relu", "sigmoid", "softmax with loss"}
