"""What is measured: groups of operations on one case. All of a group, ports and operations, is interleaved."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from ..cases import CaseSpec
from ..functions.cases import FunctionSpec, suite_of
from ..functions.expected import FunctionReference
from ..functions.function import Function
from .layers import layer_operations
from .operation import Operation
from .products import large_products, products_flops
from .records import FunctionCase
from .words import network_words

Kind = Literal["pass", "layers", "numerical gradient", "scaling", "function"]

HEADLINE = CaseSpec(sizes=(784, 50, 10), batch=100)
CONVOLUTIONAL = CaseSpec(network="1x28x28-simple_conv_net", batch=100)
FEW_IMAGES = CONVOLUTIONAL.model_copy(update={"batch": 10})  # or its layers would take all the layers' time
SEED = 0
SGD = {"optimizer": "sgd", "learning_rate": "0.01"}
STEP = {"step": "1e-4"}

BATCHES = (1, 10, 1000)
WIDTHS = (10, 200, 1000)
DEPTHS = (2, 4, 8)  # hidden layers


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
        return f"{self.kind} {network_words(self.spec)}, batch {self.spec.batch}, {self.spec.dtype}"

    @property
    def source(self) -> bytes:
        """Of a function its file: what the ports are timed beside."""
        if isinstance(self.spec, CaseSpec):
            return b""
        return Path(self.spec.function.reference.__code__.co_filename).read_bytes()

    @property
    def flops(self) -> float:
        """Floating-point operations of ``products``; of a function they are not known."""
        return products_flops(self.spec) if isinstance(self.spec, CaseSpec) else 0.0


def gradient_and_products(spec: CaseSpec) -> tuple[Operation, ...]:
    """The gradient, and what it is a multiple of."""
    numbers = ",".join(map(str, large_products(spec)))
    return Operation("gradient", "gradient"), Operation("products", "products", {"affines": numbers})


def pass_group(spec: CaseSpec, share: float) -> Group:
    """The whole pass: forward, gradient, training step, and the products alone."""
    forward, step = Operation("forward", "predict"), Operation("train step", "train_step", SGD)
    return Group("pass", spec, (*gradient_and_products(spec), forward, step), share)


def layer_group(spec: CaseSpec, share: float) -> Group:
    """Each layer forward and backward, in the sizes of this case, of affine layers, and of a few images."""
    images = FEW_IMAGES.model_copy(update={"dtype": spec.dtype})
    return Group("layers", spec, tuple(layer_operations(spec, images)), share)


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
    """The headline case in both dtypes, the layers, the numerical gradient, the scaling, and a convolutional network.

    That comes last: its calls are so long that the fewest rounds take more than its share, which no other group pays.
    """
    wholes = [pass_group(HEADLINE, 6), pass_group(in_single(HEADLINE), 3)]
    convolutional = [pass_group(CONVOLUTIONAL, 0.5), pass_group(in_single(CONVOLUTIONAL), 0.5)]
    others = [layer_group(HEADLINE, 1.5), numerical_group(0.5), *scaling_groups(HEADLINE, 0.75)]
    return [*wholes, *others, *convolutional]


def in_single(spec: CaseSpec) -> CaseSpec:
    """The same case in float32."""
    return spec.model_copy(update={"dtype": "float32"})


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
