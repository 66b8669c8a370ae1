"""What is measured: groups of operations on one case. All of a group, ports and operations, is interleaved."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from ..cases import CaseSpec
from ..functions.cases import FunctionSpec, suite_of
from ..functions.expected import FunctionReference
from ..functions.function import Function
from ..functions.layers import ACTIVATIONS
from .records import FunctionCase

Kind = Literal["pass", "layers", "numerical gradient", "scaling", "function"]

HEADLINE = CaseSpec(sizes=(784, 50, 10), batch=100)
SEED = 0
LARGE = 0.1  # of the flops of the largest layer's products: smaller products are no roofline
SGD = {"optimizer": "sgd", "learning_rate": "0.01"}
STEP = {"step": "1e-4"}

BATCHES = (1, 10, 1000)
WIDTHS = (10, 200, 1000)
DEPTHS = (2, 4, 8)  # hidden layers


@dataclass(frozen=True)
class Operation:
    """Something to time: ``word`` is what the protocol calls it, fields and arrays what its request carries."""

    name: str
    word: str
    fields: dict[str, str] = field(default_factory=dict)
    arrays: dict[str, NDArray[Any]] = field(default_factory=dict)


@dataclass(frozen=True)
class Group:
    """A case and what is timed on it. ``share`` is its part of the budget, relative to the other groups.

    ``along`` and ``at`` place a scaling group: the axis, and the point on it.
    """

    kind: Kind
    spec: CaseSpec | FunctionSpec
    operations: tuple[Operation, ...]
    share: float
    along: str = ""
    at: int = 0

    @property
    def case(self) -> CaseSpec | FunctionCase:
        """The case as it is recorded."""
        if isinstance(self.spec, CaseSpec):
            return self.spec
        spec = self.spec
        about = {"name": spec.name, "function": spec.function.name, "dtype": spec.dtype, "quirk": spec.quirk or ""}
        return FunctionCase(sizes=dict(spec.sizes), **about)

    @property
    def title(self) -> str:
        """What it is called while it is timed."""
        if not isinstance(self.spec, CaseSpec):
            return self.spec.name
        sizes = "-".join(map(str, self.spec.sizes))
        return f"{self.kind} {sizes}, batch {self.spec.batch}, {self.spec.dtype}"

    @property
    def source(self) -> bytes:
        """Of a function its file: what the ports are timed beside."""
        if isinstance(self.spec, CaseSpec):
            return b""
        return Path(self.spec.function.reference.__code__.co_filename).read_bytes()

    @property
    def flops(self) -> float:
        """Floating-point operations of ``products``; of a function they are not known."""
        if not isinstance(self.spec, CaseSpec):
            return 0.0
        return sum(_flops(self.spec)[i - 1] for i in large_affines(self.spec))


def large_affines(spec: CaseSpec) -> list[int]:
    """The affine layers, from 1, whose products are a roofline: those with a tenth of the largest's flops, or more."""
    flops = _flops(spec)
    return [i for i, count in enumerate(flops, start=1) if count >= LARGE * max(flops)]


def _flops(spec: CaseSpec) -> list[float]:
    """Of each affine layer's products: two forward and backward to the weights, and backward to the input but in 1."""
    pairs = zip(spec.sizes, spec.sizes[1:], strict=False)
    return [2.0 * spec.batch * m * n * (2 if i == 0 else 3) for i, (m, n) in enumerate(pairs)]


def gradient_and_products(spec: CaseSpec) -> tuple[Operation, ...]:
    """The gradient, and what it is a multiple of."""
    affines = ",".join(map(str, large_affines(spec)))
    return Operation("gradient", "gradient"), Operation("products", "products", {"affines": affines})


def pass_group(spec: CaseSpec, share: float) -> Group:
    """The whole pass: forward, gradient, training step, and the products alone."""
    forward, step = Operation("forward", "predict"), Operation("train step", "train_step", SGD)
    return Group("pass", spec, (*gradient_and_products(spec), forward, step), share)


def layer_group(spec: CaseSpec, share: float) -> Group:
    """Each layer forward and backward, in the sizes that the case's first affine layer and its last have."""
    rng = np.random.Generator(np.random.Philox(0))
    inputs, outputs, classes = spec.sizes[0], spec.sizes[1], spec.sizes[-1]

    def normal(*shape: int) -> NDArray[Any]:
        return rng.normal(size=shape).astype(spec.dtype)

    x, y, dout, wide = (normal(spec.batch, n) for n in (outputs, outputs, outputs, inputs))
    W, b, logits = (
        normal(inputs, outputs) / np.sqrt(inputs, dtype=spec.dtype),
        normal(outputs),
        normal(spec.batch, classes),
    )
    t = rng.integers(classes, size=spec.batch).astype(np.int32)

    def layer(kind: str, fields: dict[str, str] | None = None, **arrays: NDArray[Any]) -> Operation:
        return Operation(kind.replace("_with_", " with "), "layer", {"kind": kind, **(fields or {})}, arrays)

    layers = (
        layer("affine", x=wide, W=W, b=b, dout=dout),
        *(layer(kind, x=x, dout=dout) for kind in ACTIVATIONS),
        layer("softmax_with_loss", {"epsilon": "0"}, x=logits, t=t),
        layer("multiply", x=x, y=y, dout=dout),
        layer("add", x=x, y=y, dout=dout),
    )
    return Group("layers", spec, layers, share)


def numerical_group(share: float) -> Group:
    """The numerical gradient, of a network small enough for it."""
    spec = CaseSpec(sizes=(5, 4, 3), batch=2)
    return Group("numerical gradient", spec, (Operation("numerical gradient", "numerical_gradient", STEP),), share)


def scaling_groups(spec: CaseSpec, share: float) -> list[Group]:
    """The gradient over batch, width and depth, each from the headline case outwards."""
    inputs, width, classes = spec.sizes[0], spec.sizes[1], spec.sizes[-1]
    points: list[tuple[str, int, dict[str, object]]] = [("batch", n, {"batch": n}) for n in BATCHES]
    points += [("width", n, {"sizes": (inputs, n, classes)}) for n in WIDTHS]
    points += [("depth", n, {"sizes": (inputs, *[width] * n, classes)}) for n in DEPTHS]
    groups = []
    for along, at, change in points:
        changed = spec.model_copy(update=change)
        groups.append(Group("scaling", changed, gradient_and_products(changed), share, along, at))
    return groups


def default_plan() -> list[Group]:
    """The headline case in both dtypes, then the layers, the numerical gradient, and the scaling."""
    single = HEADLINE.model_copy(update={"dtype": "float32"})
    wholes = [pass_group(HEADLINE, 6), pass_group(single, 3)]
    return [*wholes, layer_group(HEADLINE, 1.5), numerical_group(0.5), *scaling_groups(HEADLINE, 0.75)]


def function_group(spec: FunctionSpec, share: float) -> Group:
    """A call of the function."""
    inputs = FunctionReference(spec, SEED).sent()
    name = spec.function.name
    return Group("function", spec, (Operation(name, "call", {"function": name}, inputs),), share)


def usual_specs(functions: Iterable[Function]) -> list[FunctionSpec]:
    """Each function at its first sizes and, in its suite, at the largest, in each of its dtypes."""
    found = []
    for function in functions:
        usual = [spec for spec in suite_of(function) if spec.quirk is None]
        for one in (usual[0], max(usual, key=_elements)):
            found += [FunctionSpec(function, one.sizes, dtype) for dtype in function.dtypes]
    return list({spec.name: spec for spec in found}.values())


def _elements(spec: FunctionSpec) -> int:
    """Of all inputs."""
    return sum(math.prod(one.shape.at(spec.sizes)) for one in spec.function.inputs.values())


def plan_of(specs: Iterable[CaseSpec | FunctionSpec]) -> list[Group]:
    """The whole pass of each of these cases, or the call."""
    return [function_group(spec, 1) if isinstance(spec, FunctionSpec) else pass_group(spec, 1) for spec in specs]
