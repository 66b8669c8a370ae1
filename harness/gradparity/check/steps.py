"""A pass in single steps: each result of each layer, as it follows from the arrays that the layer was given.

The trace of a port is taken apart this way: a step that does not follow from the port's own arrays is wrong by itself;
one that does, and still differs from the oracle's, has inherited what came before.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np

from ..cases import Array, Case
from . import bounds
from ..arithmetic.precision import Precision
from ..arithmetic.verdicts import Allowance, Figures, compare

Inputs = Mapping[str, Array]


@dataclass(frozen=True)
class Evidence:
    """An array of a port, what it should be, and all that it was computed from.

    ``kind`` is the layer's kind, or what was asked ("pass", "accuracy", "repeat", "mutated"); ``result`` the result's
    name. ``previous`` holds the same inputs, and the result, of the case before.
    """

    where: str
    kind: str
    result: str
    inputs: Inputs
    expected: Array
    came: Array
    allowance: Allowance
    batch: int
    classes: int
    previous: Inputs = field(default_factory=dict)

    @property
    def comparable(self) -> bool:
        """Whether shape and dtype are as they should be."""
        return self.came.shape == self.expected.shape and self.came.dtype == self.expected.dtype

    @cached_property
    def figures(self) -> Figures:
        """How far it is from what it should be."""
        return compare(self.came, self.expected, self.allowance)

    @property
    def wrong(self) -> bool:
        """Whether rounding does not explain it."""
        return not self.comparable or not self.figures.ratio <= 1


@dataclass(frozen=True)
class Step:
    """How one result of a layer follows from its inputs, in the case's dtype, and how far rounding can take it."""

    phase: str
    value: Callable[[Inputs], Any]
    bound: Callable[[Precision, Inputs], Any]


def softmax(x: Array) -> Array:
    """Row by row."""
    e = np.exp(x - x.max(axis=1, keepdims=True))
    result: Array = e / e.sum(axis=1, keepdims=True)
    return result


def one_hot(a: Inputs) -> Array:
    """The labels t of a step as rows of zeros and a one, in the dtype of its other arrays."""
    like = a["y"] if "y" in a else a["x"]
    rows: Array = np.eye(like.shape[1], dtype=like.dtype)[a["t"]]
    return rows


def cross_entropy(a: Inputs) -> Array:
    """The mean loss of logits x and labels t."""
    x, rows = a["x"], np.arange(len(a["x"]))
    z = x - x.max(axis=1, keepdims=True)
    log_p = (z - np.log(np.exp(z).sum(axis=1, keepdims=True)))[rows, a["t"]]
    if a["epsilon"]:
        log_p = np.log(np.exp(log_p) + x.dtype.type(a["epsilon"]))
    return np.asarray(-log_p.mean())


def _batch(a: Inputs) -> int:
    return len(a["t"])


STEPS: dict[str, dict[str, Step]] = {
    "multiply": {
        "out": Step("forward", lambda a: a["x"] * a["y"], lambda p, a: p.u * abs(a["x"] * a["y"]) + p.subnormal),
        "dx": Step("backward", lambda a: a["dout"] * a["y"], lambda p, a: p.u * abs(a["dout"] * a["y"]) + p.subnormal),
        "dy": Step("backward", lambda a: a["dout"] * a["x"], lambda p, a: p.u * abs(a["dout"] * a["x"]) + p.subnormal),
    },
    "add": {
        "out": Step("forward", lambda a: a["x"] + a["y"], lambda p, a: p.u * abs(a["x"] + a["y"])),
        "dx": Step("backward", lambda a: a["dout"], lambda p, a: np.zeros(a["dout"].shape)),
        "dy": Step("backward", lambda a: a["dout"], lambda p, a: np.zeros(a["dout"].shape)),
    },
    "affine": {
        "out": Step(
            "forward",
            lambda a: a["x"] @ a["W"] + a["b"],
            lambda p, a: p.product(a["x"], a["W"], extra=a["b"], roundings=1),
        ),
        "dx": Step("backward", lambda a: a["dout"] @ a["W"].T, lambda p, a: p.product(a["dout"], a["W"].T)),
        "dW": Step("backward", lambda a: a["x"].T @ a["dout"], lambda p, a: p.product(a["x"].T, a["dout"])),
        "db": Step("backward", lambda a: a["dout"].sum(axis=0), lambda p, a: p.column_sum(a["dout"])),
    },
    "relu": {
        "out": Step("forward", lambda a: np.maximum(a["x"], 0), lambda p, a: np.zeros(a["x"].shape)),
        "dx": Step(
            "backward",
            lambda a: np.where(a["x"] <= 0, a["dout"].dtype.type(0), a["dout"]),
            lambda p, a: np.zeros(a["x"].shape),
        ),
    },
    "sigmoid": {
        "out": Step(
            "forward", lambda a: 1 / (1 + np.exp(-a["x"])), lambda p, a: bounds.sigmoid(p, a["x"], a["x"])["out"]
        ),
        "dx": Step(
            "backward",
            lambda a: a["dout"] * a["out"] * (1 - a["out"]),
            # out is kept as it is, or, where the port keeps more than it shows, known to rounding.
            lambda p, a: bounds.SIGMOID * p.u * abs(a["dout"] * a["out"]) + p.subnormal,
        ),
    },
    "softmax_with_loss": {
        "y": Step("forward", lambda a: softmax(a["x"]), lambda p, a: _of_last(p, a)["y"]),
        "loss": Step("forward", cross_entropy, lambda p, a: _of_last(p, a)["loss"]),
        "dx": Step(
            "backward",
            lambda a: (a["y"] - one_hot(a)) / a["y"].dtype.type(_batch(a)),
            lambda p, a: 4 * p.u * (a["y"] + one_hot(a)) / _batch(a) + p.subnormal,
        ),
    },
}


def _of_last(p: Precision, a: Inputs) -> dict[str, Any]:
    return bounds.softmax_with_loss(p, a["x"], a["t"], float(a["epsilon"]))


def of_layer(name: str, kind: str, inputs: Inputs, results: Inputs, classes: int) -> list[Evidence]:
    """Each result of one layer as evidence, in the order of the layer's steps.

    ``inputs`` are what the layer was given, ``results`` what came; sigmoid's and softmax's backward steps follow from
    the output that came.
    """
    own = {**inputs, **{key: value for key, value in results.items() if key in ("out", "y")}}
    lead = inputs["x"]
    p = Precision.of(lead.dtype)
    wide = {key: a.astype(np.float64) if a.dtype == lead.dtype else a for key, a in own.items()}
    found = []
    for result, step in STEPS[kind].items():
        if result in results:
            with np.errstate(all="ignore"):
                expected = np.asarray(step.value(own)).astype(lead.dtype)
                allowance = Allowance(limit=2 * np.nan_to_num(np.asarray(step.bound(p, wide)), nan=np.inf))
            where = f"{name} {step.phase} {result}"
            found.append(Evidence(where, kind, result, own, expected, results[result], allowance, len(lead), classes))
    return found


def of_trace(
    case: Case, epsilon: float, trace: Inputs, before: tuple[Case, Inputs] | None = None
) -> Iterator[tuple[str, Evidence]]:
    """Each array of a port's trace by name, forward then backward: does the step follow from the port's own arrays?

    ``before`` is the case before, of the same sizes, and the port's trace of it.
    """
    old = {name: (inputs, of) for name, _, inputs, of in _layers(*before, epsilon)} if before else {}
    backward: list[tuple[str, Evidence]] = []
    for name, kind, inputs, results in _layers(case, trace, epsilon):
        for one in of_layer(name, kind, inputs, results, case.spec.sizes[-1]):
            if name in old:
                old_inputs, old_results = old[name]
                one = replace(one, previous={**old_inputs, **old_results, "result": old_results[one.result]})
            key = "loss" if one.result == "loss" else f"{name}.{one.result}"
            if STEPS[kind][one.result].phase == "forward":
                yield key, one
            else:
                backward.append((key, one))
    order = {key: i for i, key in enumerate(trace)}
    yield from sorted(backward, key=lambda pair: order[pair[0]])


def _layers(case: Case, trace: Inputs, epsilon: float) -> Iterator[tuple[str, str, Inputs, Inputs]]:
    """Each layer with the inputs and the results that the trace says it had."""
    depth, activation = len(case.weights), case.spec.activation

    def results(name: str, *extra: str) -> Inputs:
        own = {key.partition(".")[2]: array for key, array in trace.items() if key.startswith(f"{name}.")}
        return own | {key: trace[key] for key in extra}

    x = case.x
    for i, (W, b) in enumerate(zip(case.weights, case.biases, strict=True), start=1):
        name = f"affine{i}"
        dout = trace[f"{activation}{i}.dx" if i < depth else "softmax.dx"]
        yield name, "affine", {"x": x, "W": W, "b": b, "dout": dout}, results(name)
        z = trace[f"{name}.out"]
        if i < depth:
            name = f"{activation}{i}"
            yield name, activation, {"x": z, "dout": trace[f"affine{i + 1}.dx"]}, results(name)
            x = trace[f"{name}.out"]
    last = {"x": z, "t": case.labels, "epsilon": np.asarray(epsilon)}
    yield "softmax", "softmax_with_loss", last, results("softmax", "loss")
