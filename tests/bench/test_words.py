"""A network in few words, in the tables' titles and rows."""

from __future__ import annotations

import pytest
from gradparity.bench.plan import CONVOLUTIONAL, HEADLINE, pass_group
from gradparity.bench.records import GroupResult
from gradparity.bench.tables import case_words, what
from gradparity.bench.words import network_words
from gradparity.cases import CaseSpec


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        (HEADLINE, "784-50-10, relu"),
        (CONVOLUTIONAL, "1x28x28-simple_conv_net"),
        (
            CaseSpec(network="3x32x32-convolution30k5s2p1-relu-max_pooling2-affine100-sigmoid-dropout0.5-affine10"),
            "3x32x32-...-dropout0.5-affine10",
        ),
    ],
)
def test_a_long_network_loses_its_middle(spec: CaseSpec, words: str) -> None:
    assert network_words(spec) == words


def result(spec: CaseSpec) -> GroupResult:
    return GroupResult(kind="pass", case=pass_group(spec, 1).case, flops=1.0, rounds=0, series=[])


def test_rows_of_other_networks_say_which() -> None:
    single = CONVOLUTIONAL.model_copy(update={"dtype": "float32"})
    assert what(result(HEADLINE), "gradient") == "gradient"
    assert what(result(single), "gradient") == "gradient, 1x28x28-simple_conv_net float32"
    assert case_words(result(single)) == "1x28x28-simple_conv_net, batch 100"
