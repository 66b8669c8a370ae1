"""The oracle as a port: the same code behind the same pipe as every other language.

It must be bit-identical to the oracle in the harness, so it proves that the protocol alters nothing.
"""

import platform
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from gradparity.serve import Reply, serve
from gradparity.wire import Message
from gradparity_oracle import SGD, Network, central_difference, elapsed, layer_inputs, layers, products
from threadpoolctl import threadpool_info

LAYERS = {
    "multiply": layers.Multiply,
    "add": layers.Add,
    "relu": layers.Relu,
    "sigmoid": layers.Sigmoid,
    "affine": layers.Affine,
    "softmax_with_loss": layers.SoftmaxWithLoss,
}
OPTIMIZERS = {"sgd": SGD}


class Port:
    """The loaded case, and the operations on it."""

    def hello(self, request: Message) -> Reply:
        blas: dict[str, Any] = next((i for i in threadpool_info() if i["user_api"] == "blas"), {})
        return {
            "name": "python",
            "language": "Python",
            "version": f"{platform.python_version()} (NumPy {np.__version__})",
            "blas": f"{blas.get('internal_api', 'unknown')} {blas.get('version', '')} {blas.get('architecture', '')}",
            "threads": blas.get("num_threads", 1),
            "dtypes": "float32,float64",
            "layers": ",".join(LAYERS),
            "operations": ",".join(HANDLERS),
            "optimizers": ",".join(OPTIMIZERS),
            "epsilon": "any",
        }, {}

    def load(self, request: Message) -> Reply:
        self.arrays = a = request.arrays
        depth = len(request.fields["sizes"].split(",")) - 1
        self.network = Network(
            [a[f"W{i}"] for i in range(1, depth + 1)],
            [a[f"b{i}"] for i in range(1, depth + 1)],
            request.fields["activation"],
            float(request.fields["epsilon"]),
        )
        self.x, self.t = a["x"], a["t"]
        return {}, {}

    def layer(self, request: Message) -> Reply:
        self.arrays = request.arrays
        return {}, layer(request)()

    def inputs(self, request: Message) -> Reply:
        return {}, self.arrays

    def predict(self, request: Message) -> Reply:
        return {}, {"out": self.network.predict(self.x)}

    def accuracy(self, request: Message) -> Reply:
        return {}, {"accuracy": self.network.accuracy(self.x, self.t)}

    def gradient(self, request: Message) -> Reply:
        return {}, self.network.gradient(self.x, self.t)

    def numerical_gradient(self, request: Message) -> Reply:
        return {}, central_difference(self.network, self.x, self.t, float(request.fields["step"]))

    def trace(self, request: Message) -> Reply:
        return {}, self.network.trace(self.x, self.t)

    def null(self, request: Message) -> Reply:
        return {}, {}

    def time(self, request: Message) -> Reply:
        params = self.network.params if request.fields["operation"] == "train_step" else {}
        before = {name: p.copy() for name, p in params.items()}
        took = elapsed(self.timed(request), int(request.fields["calls"]), int(request.fields["samples"]))
        for name, p in params.items():
            p[:] = before[name]
        return {}, {"nanoseconds": took}

    def timed(self, request: Message) -> Callable[[], object]:
        """The call that a request to time names, with all that it needs made beforehand."""
        match request.fields["operation"]:
            case "null":
                return lambda: None
            case "layer":
                return layer(request)
            case "predict":
                return partial(self.network.predict, self.x)
            case "gradient":
                return partial(self.network.gradient, self.x, self.t)
            case "numerical_gradient":
                return partial(central_difference, self.network, self.x, self.t, float(request.fields["step"]))
            case "train_step":
                optimizer = OPTIMIZERS[request.fields["optimizer"]](float(request.fields["learning_rate"]))
                return partial(self.train_step, optimizer)
            case "products":
                affines = map(int, request.fields["affines"].split(","))
                return partial(products, self.network, layer_inputs(self.network, self.x, affines))
            case other:
                raise NotImplementedError(f"no operation {other} to time")

    def train_step(self, optimizer: SGD) -> None:
        optimizer.update(self.network.params, self.network.gradient(self.x, self.t))


def layer(request: Message) -> Callable[[], dict[str, Any]]:
    """A fresh layer, and its forward and backward pass on the request's arrays as a call."""
    a, kind = request.arrays, request.fields["kind"]
    if kind == "affine":
        return partial(affine_pass, layers.Affine(a["W"], a["b"]), a)
    if kind == "softmax_with_loss":
        return partial(last_pass, layers.SoftmaxWithLoss(float(request.fields["epsilon"])), a)
    return partial(binary_pass if kind in ("multiply", "add") else activation_pass, LAYERS[kind](), a)


def binary_pass(binary: Any, a: dict[str, Any]) -> dict[str, Any]:
    out = binary.forward(a["x"], a["y"])
    dx, dy = binary.backward(a["dout"])
    return {"out": out, "dx": dx, "dy": dy}


def activation_pass(activation: Any, a: dict[str, Any]) -> dict[str, Any]:
    return {"out": activation.forward(a["x"]), "dx": activation.backward(a["dout"])}


def affine_pass(affine: layers.Affine, a: dict[str, Any]) -> dict[str, Any]:
    out = affine.forward(a["x"])
    dx = affine.backward(a["dout"])
    return {"out": out, "dx": dx, "dW": affine.dW, "db": affine.db}


def last_pass(last: layers.SoftmaxWithLoss, a: dict[str, Any]) -> dict[str, Any]:
    loss = last.forward(a["x"], a["t"])
    return {"loss": loss, "y": last.y, "dx": last.backward()}


port = Port()
HANDLERS = {
    name: getattr(port, name)
    for name in (
        "hello", "load", "layer", "inputs", "predict", "accuracy", "gradient", "numerical_gradient", "trace", "null",
        "time",
    )
}  # fmt: skip

if __name__ == "__main__":
    serve(HANDLERS)
