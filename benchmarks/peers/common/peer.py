"""What the peers share: the requests of the protocol, answered by a network that is written in a framework.

A peer computes the same gradients as a port, by a framework's autodiff and not by layers. It is there for comparison.
"""

from __future__ import annotations

import platform
import sys
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, NamedTuple

import numpy as np
from gradparity.functions.network import placed
from gradparity.ports.wire import Message
from gradparity.serve import Reply, layer_specs, serve
from gradparity_reference import LOSS, LOSSES, LayerSpec, elapsed
from numpy.typing import NDArray

Array = NDArray[Any]
Call = Callable[[], object]
Held = list[dict[str, Array]]
"""What each layer holds, by the layer's own names; empty where that is nothing."""

NOT_AVAILABLE = 69
LAYERS = (
    "affine", "relu", "sigmoid", "tanh", "batch_norm", "dropout", "convolution", "max_pooling",
    "softmax_with_loss", "squared_error",
)  # fmt: skip
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


class Layout(NamedTuple):
    """What a network is made of: its layers in order, its loss, and its weight decay. It can be hashed."""

    layers: tuple[LayerSpec, ...]
    loss: str
    weight_decay: float


class Network(ABC):
    """A network and its batch, in a framework's own arrays and layout.

    What ``predict``, ``gradient`` and the calls that the last two methods make return has been computed by then.
    """

    @abstractmethod
    def __init__(self, layout: Layout, x: Array, labels: Array, params: Held, fixed: Held) -> None:
        """Copies of x, labels, (batch,) from 0, and what the layers hold: parameters, and what no gradient is of."""

    @abstractmethod
    def inputs(self) -> tuple[Array, Held]:
        """x, and all that the layers hold, as they are now."""

    @abstractmethod
    def predict(self) -> Any:
        """The logits, (batch, classes), of the test phase."""

    @abstractmethod
    def gradient(self) -> Any:
        """The loss and the gradient of every parameter in training, in whatever form the framework has them."""

    @abstractmethod
    def as_arrays(self, gradient: Any) -> tuple[Array, Held]:
        """What ``gradient`` gave, in the reference's form: the loss, and the gradients of each layer's parameters."""

    @abstractmethod
    def sgd_step(self, learning_rate: float) -> Call:
        """A call that computes the gradient and updates the parameters by stochastic gradient descent."""

    @abstractmethod
    def products(self, places: tuple[int, ...]) -> Call:
        """A call that makes the matrix products that ``gradient`` makes in the layers at these places.

        They are affine or convolutions, of which x is its windows as rows. In a network's first, dout Wᵀ is not made.
        """


class Peer:
    """The loaded case, and the operations on it."""

    def __init__(self, network: type[Network], about: Mapping[str, Any]) -> None:
        """``about`` are the peer's fields in the reply to hello: name, version, blas and threads."""
        self.framework, self.about = network, about

    def hello(self, request: Message) -> Reply:
        return {
            "language": "Python",
            "dtypes": "float32,float64",
            "layers": ",".join(LAYERS),
            "networks": "any",
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
        self.specs = layer_specs(request.fields)
        self.layers = placed(self.specs)
        self.network = self.make_network()
        return {}, {}

    def make_network(self) -> Network:
        """The loaded case's network, from the arrays that were sent."""
        a, fields = self.case.arrays, self.case.fields
        loss = self.specs[-1].kind if self.specs[-1].kind in LOSSES else LOSS
        layout = Layout(tuple(self.specs[: len(self.layers)]), loss, float(fields.get("weight_decay", 0)))
        params = [{name: a[whole] for name, whole in layer.params.items()} for layer in self.layers]
        fixed = [
            {name: a[whole] for name, whole in layer.arrays.items() if name not in layer.params}
            for layer in self.layers
        ]
        return self.framework(layout, a["x"], self.labels, params, fixed)

    def inputs(self, request: Message) -> Reply:
        x, held = self.network.inputs()
        now = {"x": x, "t": self.t}
        for layer, own in zip(self.layers, held, strict=True):
            now |= {layer.arrays[name]: array for name, array in own.items()}
        return {}, {name: now[name] for name in self.case.arrays}

    def predict(self, request: Message) -> Reply:
        return {}, {"out": self.network.predict()}

    def accuracy(self, request: Message) -> Reply:
        logits = np.asarray(self.network.predict())
        return {}, {"accuracy": (logits.argmax(axis=1) == self.labels).mean()}

    def gradient(self, request: Message) -> Reply:
        loss, gradients = self.network.as_arrays(self.network.gradient())
        reply = {"loss": loss}
        for layer, own in zip(self.layers, gradients, strict=True):
            reply |= {f"d{whole}": own[name] for name, whole in layer.params.items()}
        return {}, reply

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
                numbers = [f"W{number}" for number in affines.split(",")]
                places = {layer.params.get("W"): place for place, layer in enumerate(self.layers)}
                return self.network.products(tuple(places[W] for W in numbers))
            case _:
                raise NotImplementedError(f"nothing to time for {' '.join(map('='.join, request.fields.items()))}")

    def serve(self) -> None:
        """Answer requests on stdin until it closes."""
        serve({name: getattr(self, name) for name in OPERATIONS})
