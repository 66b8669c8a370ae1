"""The reference is checked before anything is compared with it."""

from typing import Any

import numpy as np
import pytest
from gradparity import function
from gradparity.functions.function import BadReference
from gradparity.functions.soundness import soundness

LONG = np.finfo(np.longdouble).eps < np.finfo(np.float64).eps


@function(x="n d", W="d k", gradients={"dW": ("loss", "W"), "dx": ("loss", "x")})
def layer(x: Any, W: Any) -> Any:
    y = np.tanh(x @ W)
    return {"loss": np.sum(y * y), "dW": x.T @ (2 * y * (1 - y * y)), "dx": (2 * y * (1 - y * y)) @ W.T}


def test_a_sound_reference_is_told_how_good_it_is() -> None:
    found = soundness(layer)
    assert [(one.result, one.complex_step) for one in found.gradients] == [("dW", True), ("dx", True)]
    assert all(one.order is not None and abs(one.order - 2) < 0.3 for one in found.gradients)
    if LONG:
        assert found.own_error is not None
        assert found.own_error < 1e-14
        assert found.own_ratio is not None
        assert found.own_ratio < 1


@pytest.mark.parametrize("error", [0.5, 1e-3, 1e-6, 1e-8])
def test_a_gradient_that_is_none_is_refused(error: float) -> None:
    @function(x="n", gradients={"dx": ("loss", "x")})
    def f(x: Any) -> Any:
        return {"loss": np.sum(np.exp(x)), "dx": np.exp(x) * (1 + error * (np.arange(len(x)) == 2))}

    with pytest.raises(BadReference, match=r"dx is not the gradient of loss by x: .*; furthest off at \[2\]"):
        soundness(f)


def test_a_kink_alone_makes_no_wrong_gradient() -> None:
    @function(x="n d", W="d k", gradients={"dW": ("loss", "W")})
    def relu(x: Any, W: Any) -> Any:
        y = np.maximum(x @ W, 0)
        return {"loss": np.sum(y), "dW": x.T @ (y > 0).astype(x.dtype)}

    assert soundness(relu).gradients[0].result == "dW"


def test_a_reference_that_does_not_repeat_is_refused() -> None:
    rng = np.random.default_rng(0)

    @function(x="n")
    def f(x: Any) -> Any:
        return x + rng.normal()

    with pytest.raises(BadReference, match="result is another when it is called again"):
        soundness(f)


@pytest.mark.parametrize(
    ("gradients", "said"),
    [
        ({"dz": ("loss", "x")}, "there is no dz; there are loss, dx"),
        ({"dx": ("cost", "x")}, "there is no cost"),
        ({"dx": ("loss", "z")}, "there is no z; there are x"),
        ({"loss": ("loss", "x")}, "expected a gradient of the shape of x"),
    ],
)
def test_a_gradient_of_nothing_is_told(gradients: dict[str, tuple[str, str]], said: str) -> None:
    @function(x="n", gradients=gradients)
    def f(x: Any) -> Any:
        return {"loss": np.sum(x * x), "dx": 2 * x}

    with pytest.raises(BadReference, match=said):
        soundness(f)
