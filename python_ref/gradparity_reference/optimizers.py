"""Optimizers: each updates the parameters in place, given their gradient, and keeps what it needs from step to step.

Every optimizer computes in the dtype of the parameters. Its numbers are rounded to that dtype once.

Source: "Deep Learning from Scratch", section 6.1; there, as here, the 1e-7 that keeps a division from 0 stands outside
the square root.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np

from .layers import Array

TINY = 1e-7


@dataclass
class Optimizer:
    """What all have in common: a state of arrays for each parameter, zero at first, and the number of the update."""

    state_names: ClassVar[tuple[str, ...]] = ()
    iteration: int = field(default=0, init=False)
    state: dict[str, tuple[Array, ...]] = field(default_factory=dict, init=False)

    def update(self, params: Mapping[str, Array], gradient: Mapping[str, Array]) -> None:
        """params are {"W1": ..., "b1": ..., ...}, changed in place; gradient has "dW1", "db1", ... of their shapes."""
        self.iteration += 1
        for name, p in params.items():
            if name not in self.state:
                self.state[name] = tuple(np.zeros_like(p) for _ in self.state_names)
            self.update_one(p, gradient["d" + name], *self.state[name])

    def update_one(self, p: Array, dp: Array, *state: Array) -> None:
        """Update one parameter, and its state, in place."""
        raise NotImplementedError


@dataclass
class SGD(Optimizer):
    """Stochastic gradient descent: p <- p - learning_rate dp."""

    learning_rate: float = 0.01

    def update_one(self, p: Array, dp: Array, *state: Array) -> None:
        p -= _number(self.learning_rate, p) * dp


@dataclass
class Momentum(Optimizer):
    """v <- momentum v - learning_rate dp; p <- p + v. Source: B. Polyak (1964)."""

    state_names: ClassVar[tuple[str, ...]] = ("v",)
    learning_rate: float = 0.01
    momentum: float = 0.9

    def update_one(self, p: Array, dp: Array, *state: Array) -> None:
        (v,) = state
        v *= _number(self.momentum, p)
        v -= _number(self.learning_rate, p) * dp
        p += v


@dataclass
class Nesterov(Momentum):
    """v <- momentum v - learning_rate dp; p <- p + momentum v - learning_rate dp, where p is the point looked ahead to.

    Source: Y. Bengio, N. Boulanger-Lewandowski, R. Pascanu, "Advances in optimizing recurrent networks" (2012), 3.5.
    """

    def update_one(self, p: Array, dp: Array, *state: Array) -> None:
        (v,) = state
        m, step = _number(self.momentum, p), _number(self.learning_rate, p) * dp
        v *= m
        v -= step
        p += m * v - step


@dataclass
class AdaGrad(Optimizer):
    """h <- h + dp dp; p <- p - learning_rate dp / (sqrt(h) + 1e-7). Source: J. Duchi et al. (2011)."""

    state_names: ClassVar[tuple[str, ...]] = ("h",)
    learning_rate: float = 0.01

    def update_one(self, p: Array, dp: Array, *state: Array) -> None:
        (h,) = state
        h += dp * dp
        p -= _number(self.learning_rate, p) * dp / (np.sqrt(h) + _number(TINY, p))


@dataclass
class RMSProp(Optimizer):
    """h <- decay h + (1 - decay) dp dp; p <- p - learning_rate dp / (sqrt(h) + 1e-7).

    Source: T. Tieleman, G. Hinton, Coursera lecture 6.5 (2012).
    """

    state_names: ClassVar[tuple[str, ...]] = ("h",)
    learning_rate: float = 0.01
    decay: float = 0.99

    def update_one(self, p: Array, dp: Array, *state: Array) -> None:
        (h,) = state
        h *= _number(self.decay, p)
        h += _number(1 - self.decay, p) * dp * dp
        p -= _number(self.learning_rate, p) * dp / (np.sqrt(h) + _number(TINY, p))


@dataclass
class Adam(Optimizer):
    """m, v: means of dp and dp dp; p <- p - rate m / (sqrt(v) + 1e-7), where rate undoes that both began at 0.

    Source: D. Kingma, J. Ba, "Adam" (2015), in the order of the end of section 2.
    """

    state_names: ClassVar[tuple[str, ...]] = ("m", "v")
    learning_rate: float = 0.001
    beta1: float = 0.9
    beta2: float = 0.999

    def update_one(self, p: Array, dp: Array, *state: Array) -> None:
        m, v = state
        rate = self.learning_rate * (1 - self.beta2**self.iteration) ** 0.5 / (1 - self.beta1**self.iteration)
        m += _number(1 - self.beta1, p) * (dp - m)
        v += _number(1 - self.beta2, p) * (dp * dp - v)
        p -= _number(rate, p) * m / (np.sqrt(v) + _number(TINY, p))


OPTIMIZERS: dict[str, type[Optimizer]] = {
    "sgd": SGD,
    "momentum": Momentum,
    "nesterov": Nesterov,
    "adagrad": AdaGrad,
    "rmsprop": RMSProp,
    "adam": Adam,
}


def _number(value: float, p: Array) -> Any:
    return p.dtype.type(value)
