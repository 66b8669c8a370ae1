"""The oracle as a port: the same code behind the same pipe as every other language.

It must be bit-identical to the oracle in the harness, so it proves that the protocol alters nothing.
"""

import platform
from typing import Any

import numpy as np
from gradparity.serve import Reply, serve
from gradparity.wire import Message
from gradparity_oracle import Network, central_difference, layers
from threadpoolctl import threadpool_info

LAYERS = {
    "multiply": layers.Multiply,
    "add": layers.Add,
    "relu": layers.Relu,
    "sigmoid": layers.Sigmoid,
    "affine": layers.Affine,
    "softmax_with_loss": layers.SoftmaxWithLoss,
}


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
            "optimizers": "",
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
        self.arrays = a = request.arrays
        kind = request.fields["kind"]
        if kind in ("multiply", "add"):
            binary = LAYERS[kind]()
            out = binary.forward(a["x"], a["y"])
            dx, dy = binary.backward(a["dout"])
            return {}, {"out": out, "dx": dx, "dy": dy}
        if kind == "affine":
            affine = layers.Affine(a["W"], a["b"])
            out = affine.forward(a["x"])
            dx = affine.backward(a["dout"])
            return {}, {"out": out, "dx": dx, "dW": affine.dW, "db": affine.db}
        if kind == "softmax_with_loss":
            last = layers.SoftmaxWithLoss(float(request.fields["epsilon"]))
            loss = last.forward(a["x"], a["t"])
            return {}, {"loss": loss, "y": last.y, "dx": last.backward()}
        activation = LAYERS[kind]()
        return {}, {"out": activation.forward(a["x"]), "dx": activation.backward(a["dout"])}

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


port = Port()
HANDLERS = {
    name: getattr(port, name)
    for name in (
        "hello", "load", "layer", "inputs", "predict", "accuracy", "gradient", "numerical_gradient", "trace",
    )
}  # fmt: skip

if __name__ == "__main__":
    serve(HANDLERS)
