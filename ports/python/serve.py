"""The reference as a port: the same code behind the same pipe as every other language.

It must be bit-identical to the reference in the harness, so it proves that the protocol alters nothing.
"""

import dataclasses
import platform
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from gradparity.ports.wire import Message
from gradparity.serve import Reply, as_numbers, layer_specs, serve
from gradparity_reference import (
    LAYERS,
    LOSSES,
    OPTIMIZERS,
    Images,
    Network,
    Optimizer,
    central_difference,
    elapsed,
    evaluate,
    layer_pass,
    product_operands,
    products,
    train,
)
from threadpoolctl import threadpool_info


class Port:
    """The loaded case, the sets of images, and the operations on them."""

    def __init__(self) -> None:
        self.images: dict[str, Images] = {}

    def hello(self, request: Message) -> Reply:
        blas: dict[str, Any] = next((i for i in threadpool_info() if i["user_api"] == "blas"), {})
        return {
            "name": "python",
            "language": "Python",
            "version": f"{platform.python_version()} (NumPy {np.__version__})",
            "blas": f"{blas.get('internal_api', 'unknown')} {blas.get('version', '')} {blas.get('architecture', '')}",
            "threads": blas.get("num_threads", 1),
            "dtypes": "float32,float64",
            "layers": ",".join([*LAYERS, *LOSSES]),
            "operations": ",".join(HANDLERS),
            "optimizers": ",".join(OPTIMIZERS),
            "epsilon": "any",
            "networks": "any",
        }, {}

    def load(self, request: Message) -> Reply:
        self.arrays = a = request.arrays
        self.loaded = Network(
            layer_specs(request.fields),
            a,
            float(request.fields["epsilon"]),
            weight_decay=float(request.fields.get("weight_decay", 0)),
        )
        self.state = self.loaded.state  # which only train moves on
        self.x, self.t = a["x"], a["t"]
        self.trained_by: tuple[dict[str, str], Optimizer] | None = None
        return {}, {}

    @property
    def network(self) -> Network:
        """The loaded network, with its state as it was loaded or as training left it."""
        self.loaded.hold(self.state)
        return self.loaded

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
        params = self.loaded.params if request.fields["operation"] == "train_step" else {}
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
                return partial(self.train_step, optimizer(request.fields))
            case "products":
                affines = map(int, request.fields["affines"].split(","))
                return partial(products, product_operands(self.network, self.x, affines))
            case other:
                raise NotImplementedError(f"no operation {other} to time")

    def train_step(self, optimizer: Optimizer) -> None:
        optimizer.update(self.loaded.params, self.loaded.gradient(self.x, self.t))

    def data(self, request: Message) -> Reply:
        a, fields = request.arrays, request.fields
        self.images[fields["set"]] = Images(a["images"], a["labels"], float(fields["scale"]))
        return {}, {}

    def train(self, request: Message) -> Reply:
        if self.trained_by is None or self.trained_by[0] != request.fields:
            self.trained_by = request.fields, optimizer(request.fields)
        images, masks = self.images_of("train"), dict(request.arrays)
        batches = masks.pop("batches")
        if batches.size and not 0 <= batches.min() <= batches.max() < len(images.labels):
            came = f"{batches.min()} to {batches.max()}"
            raise ValueError(f"expected rows from 0 to {len(images.labels) - 1}, came {came}")
        losses: Any = None

        def loop() -> None:
            nonlocal losses
            losses = train(self.network, images, batches, self.trained_by[1], masks)  # type: ignore[index]

        [took] = elapsed(loop, 1, 1)
        self.state = self.loaded.state
        return {}, {"loss": losses, "nanoseconds": took}

    def params(self, request: Message) -> Reply:
        return {}, self.network.held()

    def evaluate(self, request: Message) -> Reply:
        loss, accuracy = evaluate(self.network, self.images_of(request.fields["set"]))
        return {}, {"loss": loss, "accuracy": accuracy}

    def update(self, request: Message) -> Reply:
        one = optimizer(request.fields)
        one.iteration = int(request.fields["iteration"])
        arrays = {name: request.arrays[name].copy() for name in ("p", "dp", *one.state_names)}
        one.update_one(*arrays.values())
        del arrays["dp"]
        return {}, arrays

    def images_of(self, name: str) -> Images:
        """The set of this name, which must fit the loaded network. Raises ValueError."""
        if name not in self.images:
            came = ", ".join(self.images) or "none"
            raise ValueError(f"expected the set {name} to have been sent with data, came {came}")
        images, inputs = self.images[name], self.x[0].size
        classes = self.loaded.predict(self.x).shape[1]
        if images.pixels.shape[1] != inputs or images.labels.max(initial=0) >= classes:
            came = f"{images.pixels.shape[1]} pixels and labels up to {images.labels.max(initial=0)}"
            raise ValueError(f"expected images of {inputs} pixels and labels below {classes}, came {came}")
        return dataclasses.replace(images, shape=self.x.shape[1:])


def optimizer(fields: dict[str, str]) -> Optimizer:
    """A fresh optimizer with the numbers in these fields."""
    if fields["optimizer"] not in OPTIMIZERS:
        raise NotImplementedError(f"no optimizer {fields['optimizer']}")
    kind = OPTIMIZERS[fields["optimizer"]]
    numbers = {one.name: float(fields[one.name]) for one in dataclasses.fields(kind) if one.init}
    return kind(**numbers)


def layer(request: Message) -> Callable[[], dict[str, Any]]:
    """One layer's forward and backward pass on the request's arrays, as a call."""
    kind, training = request.fields["kind"], request.fields.get("phase", "train") == "train"
    if kind not in (*LAYERS, *LOSSES):
        raise NotImplementedError(f"no layer {kind}")
    own = as_numbers({key: request.fields[key] for key in (LAYERS | LOSSES)[kind].numbers})
    return partial(layer_pass, kind, request.arrays, own, training)


port = Port()
HANDLERS = {
    name: getattr(port, name)
    for name in (
        "hello", "load", "layer", "inputs", "predict", "accuracy", "gradient", "numerical_gradient", "trace", "null",
        "time", "data", "train", "params", "evaluate", "update",
    )
}  # fmt: skip

if __name__ == "__main__":
    serve(HANDLERS)
