"""What a port says of itself, and what it is therefore not asked for."""

from __future__ import annotations

import pytest
from gradparity.ports.session import Hello
from gradparity.ports.wire import WireError

FIELDS = {
    "name": "mine", "language": "Any", "version": "1", "blas": "none", "threads": "1", "dtypes": "float64",
    "layers": "affine,relu,convolution", "operations": "hello", "optimizers": "", "epsilon": "any",
}  # fmt: skip


def test_what_came_later_may_be_left_out() -> None:
    hello = Hello.of(FIELDS)
    assert hello.epsilon is None and hello.step is None and not hello.any_network and not hello.functions


def test_epsilon_and_step_may_be_the_ports_own() -> None:
    hello = Hello.of({**FIELDS, "epsilon": "1e-7", "step": "1e-4"})
    assert (hello.epsilon, hello.step) == (1e-7, 1e-4)


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("epsilon", "2", "expected epsilon=any or a number from 0 to 1, came '2'"),
        ("epsilon", "nan", "expected epsilon=any or a number from 0 to 1, came 'nan'"),
        ("step", "0", "expected step=any or a number above 0, at most 1, came '0'"),
        ("step", "small", "expected step=any or a number above 0, at most 1, came 'small'"),
    ],
)
def test_a_number_that_is_none_is_told(field: str, value: str, words: str) -> None:
    with pytest.raises(WireError) as caught:
        Hello.of({**FIELDS, field: value})
    assert str(caught.value) == words


def test_affine_networks_are_asked_of_everybody_with_the_activations_of_chapter_5() -> None:
    hello = Hello.of({**FIELDS, "layers": ""})
    assert hello.lacks({"affine", "sigmoid", "softmax_with_loss"}, dense=True) == ""
    assert hello.lacks({"affine", "tanh", "softmax_with_loss"}, dense=True) == "the port does not list tanh"


def test_networks_of_any_layers_are_asked_of_those_who_say_so_and_list_each_layer() -> None:
    kinds = {"convolution", "max_pooling", "affine", "squared_error"}
    assert "networks=any is not in its hello" in Hello.of(FIELDS).lacks(kinds, dense=False)
    hello = Hello.of({**FIELDS, "networks": "any"})
    assert hello.lacks(kinds, dense=False) == "the port does not list max_pooling, squared_error"
    assert hello.lacks({"affine", "convolution"}, dense=False) == ""
