"""What the peers share: the requests of the protocol, answered by a network that is written in a framework.

A peer computes the same gradients as a port, by a framework's autodiff and not by layers. It is there for comparison.
"""

from __future__ import annotations

import platform
import sys
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
from gradparity.ports.wire import Message
from gradparity.serve import Reply, serve
from gradparity_reference import elapsed
from numpy.typing import NDArray

Array = NDArray[Any]
Call = Callable[[], object]

NOT_AVAILABLE = 69
OPERATIONS = ("hello", "load", "predict", "accuracy", "gradient", "inputs", "null", "time")


@contextmanager
def available(framework: str) -> Iterator[None]:
    """Import the framework inside. Where that fails, the protocol wants the reason on stderr and exit status 69."""
    try:
        yield
    except Exception as error:  # not installed, or broken: there are as many ways as exceptions
        reason = " ".join(str(error).split())
        print(f"cannot import {framework}: {type(error).__name__}: {reason}", file=sys.stderr)
        sys.exit(NOT_AVAILABLE)


class Network(ABC):
    """A network and its batch, in a framework's own arrays and layout.

    What ``predict``, ``gradient`` and the calls that the last two methods make return has been computed by then.
    """

    @abstractmethod
    def __init__(
        self, x: Array, labels: Array, weights: Sequence[Array], biases: Sequence[Array], activation: str
    ) -> None:
        """Copies of x, (batch, inputs), labels, (batch,) from 0, and weights and biases as the reference's Network has
        them. The activation is "relu" or "sigmoid"; KeyError for another."""

    @abstractmethod
    def inputs(self) -> dict[str, Array]:
        """x and the parameters as they are now: {"x": ..., "W1": ..., "b1": ..., ...}."""

    @abstractmethod
    def predict(self) -> Any:
        """The logits, (batch, classes)."""

    @abstractmethod
    def gradient(self) -> Any:
        """The loss and the gradient of every parameter, in whatever form the framework has them."""

    @abstractmethod
    def as_arrays(self, gradient: Any) -> dict[str, Array]:
        """What ``gradient`` gave, in the reference's form: {"loss": ..., "dW1": ..., "db1": ..., ...}."""

    @abstractmethod
    def sgd_step(self, learning_rate: float) -> Call:
        """A call that computes the gradient and updates the parameters by stochastic gradient descent."""

    @abstractmethod
    def products(self, affines: tuple[int, ...]) -> Call:
        """A call that makes the matrix products of these affine layers (from 1) that ``gradient`` makes."""


class Peer:
    """The loaded case, and the operations on it."""

    def __init__(self, network: type[Network], about: Mapping[str, Any]) -> None:
        """``about`` are the peer's fields in the reply to hello: name, version, blas and threads."""
        self.framework, self.about = network, about

    def hello(self, request: Message) -> Reply:
        return {
            "language": "Python",
            "dtypes": "float32,float64",
            "layers": "",
            "operations": ",".join(OPERATIONS),
            "optimizers": "sgd",
            "epsilon": "0",
            **self.about,
            "version": f"{platform.python_version()} ({self.about['version']})",
        }, {}

    def load(self, request: Message) -> Reply:
        self.case = request
        self.t = request.arrays["t"]
        self.labels = self.t if self.t.ndim == 1 else self.t.argmax(axis=1)
        self.network = self.make_network()
        return {}, {}

    def make_network(self) -> Network:
        """The loaded case's network, from the arrays that were sent."""
        a, affines = self.case.arrays, range(1, len(self.case.fields["sizes"].split(",")))
        weights, biases = [a[f"W{i}"] for i in affines], [a[f"b{i}"] for i in affines]
        return self.framework(a["x"], self.labels, weights, biases, self.case.fields["activation"])

    def inputs(self, request: Message) -> Reply:
        now = self.network.inputs() | {"t": self.t}
        return {}, {name: now[name] for name in self.case.arrays}

    def predict(self, request: Message) -> Reply:
        return {}, {"out": self.network.predict()}

    def accuracy(self, request: Message) -> Reply:
        logits = np.asarray(self.network.predict())
        return {}, {"accuracy": (logits.argmax(axis=1) == self.labels).mean()}

    def gradient(self, request: Message) -> Reply:
        return {}, self.network.as_arrays(self.network.gradient())

    def null(self, request: Message) -> Reply:
        return {}, {}

    def time(self, request: Message) -> Reply:
        fields = request.fields
        return {}, {"nanoseconds": elapsed(self.timed(request), int(fields["calls"]), int(fields["samples"]))}

    def timed(self, request: Message) -> Call:
        """The call that a request to time names, with all that it needs made beforehand, but not compiled."""
        match request.fields:
            case {"operation": "null"}:
                return lambda: None
            case {"operation": "predict"}:
                return self.network.predict
            case {"operation": "gradient"}:
                return self.network.gradient
            case {"operation": "train_step", "optimizer": "sgd", "learning_rate": learning_rate}:
                return self.make_network().sgd_step(float(learning_rate))  # the loaded one keeps its parameters
            case {"operation": "products", "affines": affines}:
                return self.network.products(tuple(map(int, affines.split(","))))
            case _:
                raise NotImplementedError(f"nothing to time for {' '.join(map('='.join, request.fields.items()))}")

    def serve(self) -> None:
        """Answer requests on stdin until it closes."""
        serve({name: getattr(self, name) for name in OPERATIONS})
