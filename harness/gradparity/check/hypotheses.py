"""What porting bugs do to numbers. Each hypothesis computes what the port would have given if it had that bug.

To add one, write a generator that yields a sentence and the array that the bug would give, and register it: the name is
what tables and --json call it, ``kinds`` and ``results`` are the steps that it is about (none named: any). The order is
that of preference where several explain the same numbers. docs/verdicts.md shows how they read.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from ..cases import Array
from ..arithmetic.precision import Precision
from .steps import STEPS, Evidence, Inputs, cross_entropy, one_hot, softmax

Candidates = Iterator[tuple[str, Array]]


@dataclass(frozen=True)
class Hypothesis:
    """A bug's name, the steps that it is about, and what it would give."""

    name: str
    kinds: tuple[str, ...]
    results: tuple[str, ...]
    candidates: Callable[[Evidence], Candidates]

    def about(self, e: Evidence) -> bool:
        """Whether it could explain this array at all; an argument that was changed is that, whatever it is now."""
        if e.kind == "mutated":
            return "mutated" in self.kinds
        return (not self.kinds or e.kind in self.kinds) and (not self.results or e.result in self.results)


HYPOTHESES: list[Hypothesis] = []


def hypothesis(
    name: str, kinds: tuple[str, ...] = (), results: tuple[str, ...] = ()
) -> Callable[[Callable[[Evidence], Candidates]], Callable[[Evidence], Candidates]]:
    """Register a generator as a hypothesis."""

    def register(candidates: Callable[[Evidence], Candidates]) -> Callable[[Evidence], Candidates]:
        HYPOTHESES.append(Hypothesis(name, kinds, results, candidates))
        return candidates

    return register


@hypothesis("another type")
def _another_type(e: Evidence) -> Candidates:
    if e.came.dtype != e.expected.dtype:
        yield f"the elements are {e.came.dtype}, where the case has {e.expected.dtype}", e.came


# What a port did to its arguments, or kept from call to call.


@hypothesis("argument mutated", kinds=("mutated",))
def _mutated(e: Evidence) -> Candidates:
    changed = e.came != e.expected
    what = "zeros were written into it" if not e.came[changed].any() else "it was changed"
    yield f"an argument is changed in place: {what} ({int(changed.sum())} of {changed.size} elements)", e.came


@hypothesis("accumulates", kinds=("repeat",))
def _accumulates(e: Evidence) -> Candidates:
    for added in (e.expected, 2 * e.expected, e.inputs["right"]):
        yield "the result is added to that of the call before, where it should replace it", e.expected + added


@hypothesis("stale state")
def _stale(e: Evidence) -> Candidates:
    if not e.previous:
        return
    yield "this is the result of the call before: something kept from it was not renewed", e.previous["result"]
    for name in [name for name in e.inputs if name in e.previous and name not in ("W", "b", "t", "epsilon")]:
        yield f"computed with the {name} of the call before", _with(e, {name: e.previous[name]})


@hypothesis("stale weights")
def _stale_weights(e: Evidence) -> Candidates:
    for names in (("W",), ("b",), ("W", "b")):
        if e.previous and all(name in e.inputs and name in e.previous for name in names):
            yield "computed with the weights of the case before", _with(e, {n: e.previous[n] for n in names})
    if "stale weights" in e.inputs:
        yield "computed with the weights of the case before", e.inputs["stale weights"]


def _with(e: Evidence, changed: Inputs) -> Array:
    value: Array = np.asarray(STEPS[e.kind][e.result].value({**e.inputs, **changed}))
    return value


# Accuracy.


@hypothesis("labels compared as a whole", kinds=("accuracy",))
def _whole_arrays(e: Evidence) -> Candidates:
    right = float(e.expected)
    for value in (float(right == 1), float(right == 1) / e.batch, 0.0):
        yield "whole arrays of labels are compared, where elements are meant", np.asarray(value)


@hypothesis("labels shifted", kinds=("accuracy",))
def _accuracy_shifted(e: Evidence) -> Candidates:
    for shift in (1, -1):
        hits = (e.inputs["out"].argmax(axis=1) == e.inputs["t"] + shift).mean()
        yield f"labels are off by one ({shift:+d}): counted from 0 and from 1", np.asarray(hits)


@hypothesis("smallest for largest", kinds=("accuracy",))
def _smallest(e: Evidence) -> Candidates:
    hits = (e.inputs["out"].argmin(axis=1) == e.inputs["t"]).mean()
    yield "the smallest logit is taken for the largest", np.asarray(hits)


# Wrong everywhere.


@hypothesis("zero")
def _zero(e: Evidence) -> Candidates:
    if np.any(e.expected):
        yield "it is 0 throughout", np.zeros_like(e.expected)


@hypothesis("overflow", kinds=("softmax_with_loss",))
def _overflow(e: Evidence) -> Candidates:
    x = e.inputs["x"]
    powers = np.exp(x)
    y = powers / powers.sum(axis=1, keepdims=True)
    own = y[np.arange(len(y)), e.inputs["t"]]
    zeros_by_infinity = one_hot(e.inputs) * np.log(softmax(x))
    naive = {"y": y, "loss": np.asarray(-np.log(own).mean()), "dx": (y - one_hot(e.inputs)) / len(y)}
    stable = softmax(x)[np.arange(len(x)), e.inputs["t"]]
    found = [("exp without the row's maximum subtracted overflows", naive[e.result])]
    if e.result == "loss":
        found = found if "y" not in e.inputs or not np.isfinite(e.inputs["y"]).all() else []
        found += [
            ("the logarithm of a probability that underflowed to 0", np.asarray(-np.log(stable).mean())),
            ("0 times the logarithm of a probability that underflowed to 0", np.asarray(zeros_by_infinity.sum())),
        ]
    yield from ((sentence, came) for sentence, came in found if not np.all(np.isfinite(came)))


@hypothesis("not a number")
def _not_a_number(e: Evidence) -> Candidates:
    bad = ~np.isfinite(e.came.astype(np.float64))
    if bad.any():
        what = "uninitialised memory, or a division 0 / 0"
        yield f"{int(bad.sum())} of {bad.size} elements are NaN or infinite: {what}", e.came


@hypothesis("transposed")
def _transposed(e: Evidence) -> Candidates:
    if e.expected.ndim == 2:
        yield "rows and columns are exchanged", e.expected.T


@hypothesis("memory order")
def _memory_order(e: Evidence) -> Candidates:
    if e.expected.ndim == 2:
        sentence = "the elements are in the other order: row by row read column by column, or back"
        yield sentence, e.expected.ravel(order="C").reshape(e.expected.shape, order="F")
        yield sentence, e.expected.ravel(order="F").reshape(e.expected.shape, order="C")
    for name in ("x", "W", "dout"):
        if e.kind == "affine" and name in e.inputs:
            a = e.inputs[name]
            for turned in (a.ravel("C").reshape(a.shape, order="F"), a.ravel("F").reshape(a.shape, order="C")):
                yield f"{name} is read in the other memory order", _with(e, {name: turned})
    if e.kind == "affine":
        matrices = {name: e.inputs[name] for name in ("x", "W", "dout") if name in e.inputs}
        as_rows = {name: a.ravel("C").reshape(a.shape, order="F") for name, a in matrices.items()}
        as_columns = {name: a.ravel("F").reshape(a.shape, order="C") for name, a in matrices.items()}
        for all_turned in (as_rows, as_columns):
            yield "every matrix is read in the other memory order", _with(e, all_turned)


# Softmax and loss.


@hypothesis("softmax axis", kinds=("softmax_with_loss",))
def _softmax_axis(e: Evidence) -> Candidates:
    x = e.inputs["x"]
    powers, by_row = np.exp(x - x.max()), np.exp(x - x.max(axis=1, keepdims=True))
    for sentence, y in (
        ("softmax is normalised over the whole batch", powers / powers.sum()),
        ("softmax is normalised over the whole batch", by_row / by_row.sum()),
        ("softmax is normalised down the columns", powers / powers.sum(axis=0, keepdims=True)),
        ("softmax is normalised down the columns", by_row / by_row.sum(axis=0, keepdims=True)),
        ("softmax is not normalised", by_row),
        ("softmax is not normalised", np.exp(x)),
    ):
        own = y[np.arange(len(y)), e.inputs["t"]]
        candidates = {"y": y, "loss": np.asarray(-np.log(own).mean()), "dx": (y - one_hot(e.inputs)) / len(y)}
        yield sentence, candidates[e.result]


@hypothesis("labels shifted", kinds=("softmax_with_loss",), results=("loss", "dx"))
def _labels_shifted(e: Evidence) -> Candidates:
    for shift in (1, -1):
        moved = (e.inputs["t"] + shift) % e.classes
        yield f"labels are off by one ({shift:+d}): counted from 0 and from 1", _with(e, {"t": moved})
        clipped = np.clip(e.inputs["t"] + shift, 0, e.classes - 1)
        yield f"labels are off by one ({shift:+d}): counted from 0 and from 1", _with(e, {"t": clipped})


@hypothesis("rows shifted", results=("loss", "dx", "out", "y", "dW"))
def _rows_shifted(e: Evidence) -> Candidates:
    if e.kind == "softmax_with_loss":
        for shift in (1, -1):
            yield "labels belong to the rows beside", _with(e, {"t": np.roll(e.inputs["t"], shift)})
    if e.expected.ndim == 2:
        for shift in (1, -1):
            yield "rows are shifted by one", np.roll(e.expected, shift, axis=0)


@hypothesis("outer-product indexing", kinds=("softmax_with_loss",), results=("loss", "dx"))
def _outer_indexing(e: Evidence) -> Candidates:
    t, sentence = e.inputs["t"], "all rows x all labels are indexed, where each row's own label is meant"
    if e.result == "loss":
        y = softmax(e.inputs["x"])
        yield sentence, np.asarray(-np.log(y[:, t]).mean())
        yield sentence, np.asarray(-np.log(y[:, t]).sum() / len(y))
    else:
        dx = e.inputs["y"].copy()
        dx[:, np.unique(t)] -= 1
        yield sentence, dx / len(dx)


@hypothesis("epsilon in the logarithm", kinds=("softmax_with_loss", "pass"), results=("loss",))
def _epsilon(e: Evidence) -> Candidates:
    if "x" in e.inputs:
        for epsilon in (1e-7, 1e-8, 1e-10, 1e-12, 1e-15, 0.0):
            sentence = f"the logarithm is of p + {epsilon:g}" if epsilon else "no epsilon is added to p"
            yield sentence, cross_entropy({**e.inputs, "epsilon": np.asarray(epsilon)})


@hypothesis("logarithm's base", results=("loss",))
def _base(e: Evidence) -> Candidates:
    for base in (10, 2):
        yield f"the logarithm is to base {base}", e.expected / math.log(base)
        if e.kind == "softmax_with_loss":
            x, rows = e.inputs["x"], np.arange(len(e.inputs["x"]))
            z = x - x.max(axis=1, keepdims=True)
            total = np.log(np.exp(z).sum(axis=1))
            sentence = f"the logarithm of the sum is to base {base}, in x - log(sum(exp(x)))"
            yield sentence, np.asarray((total / math.log(base) - z[rows, e.inputs["t"]]).mean())


@hypothesis("missing target", kinds=("softmax_with_loss",), results=("dx",))
def _missing_target(e: Evidence) -> Candidates:
    yield "the target is not subtracted: y / batch, for (y - t) / batch", e.inputs["y"] / e.batch


# Affine.


@hypothesis("missing bias", kinds=("affine",), results=("out",))
def _missing_bias(e: Evidence) -> Candidates:
    yield "the bias is not added", e.inputs["x"] @ e.inputs["W"]


@hypothesis("bias recycled", kinds=("affine",), results=("out",))
def _bias_recycled(e: Evidence) -> Candidates:
    product, b = e.inputs["x"] @ e.inputs["W"], e.inputs["b"]
    down = np.resize(b, product.size).reshape(product.shape, order="F")
    yield "the bias is recycled down the columns, where each belongs to a column", product + down


@hypothesis("wrong axis", kinds=("affine",), results=("out", "db"))
def _wrong_axis(e: Evidence) -> Candidates:
    if e.result == "out":
        product, b = e.inputs["x"] @ e.inputs["W"], e.inputs["b"]
        first = np.zeros(len(product), b.dtype)  # zip and its like end with the shorter
        first[: len(b)] = b[: len(product)]
        for along in (first, np.resize(b, len(product))):
            yield "the bias is added along the wrong axis: one to each row", product + along[:, None]
    if e.result == "db" and "dout" in e.inputs:
        yield "summed over the wrong axis", e.inputs["dout"].sum(axis=1)


@hypothesis("activation first", kinds=("affine",), results=("out",))
def _activation_first(e: Evidence) -> Candidates:
    x = e.inputs["x"]
    for name, activated in (("relu", np.maximum(x, 0)), ("sigmoid", 1 / (1 + np.exp(-x)))):
        yield f"{name} comes before this layer: the layers are in another order", _with(e, {"x": activated})


@hypothesis("layers permuted", kinds=("affine",))
def _layers_permuted(e: Evidence) -> Candidates:
    for name in ("W", "dW"):
        for key in [key for key in e.inputs if key.startswith(f"other {name}")]:
            yield f"this is {key.removeprefix('other ')}: the layers are in another order", e.inputs[key]


# Activations.


@hypothesis("mask inverted", kinds=("relu",))
def _mask_inverted(e: Evidence) -> Candidates:
    lead = e.inputs["x"] if e.result == "out" else e.inputs["dout"]
    yield "the mask is inverted: it keeps what is negative", np.where(e.inputs["x"] <= 0, lead, 0)
    if e.result == "out":
        yield "the mask is inverted: it keeps what is negative", np.minimum(e.inputs["x"], 0)


@hypothesis("mask at zero", kinds=("relu",), results=("dx",))
def _mask_at_zero(e: Evidence) -> Candidates:
    yield "the gradient passes at exactly 0: < written for <=", np.where(e.inputs["x"] < 0, 0, e.inputs["dout"])


@hypothesis("mask missing", kinds=("relu",))
def _mask_missing(e: Evidence) -> Candidates:
    yield "the mask is not applied", e.inputs["x"] if e.result == "out" else e.inputs["dout"]
    if e.result == "dx" and e.inputs["x"].shape == e.inputs["dout"].shape:
        yield "the mask is that of the gradient itself, not of the input", np.maximum(e.inputs["dout"], 0)


@hypothesis("exp(x) for exp(-x)", kinds=("sigmoid",), results=("out",))
def _exp_sign(e: Evidence) -> Candidates:
    yield "the sign in the exponent: the curve is mirrored", 1 / (1 + np.exp(e.inputs["x"]))


@hypothesis("sigmoid's slope", kinds=("sigmoid",), results=("dx",))
def _slope(e: Evidence) -> Candidates:
    x, y, dout = (e.inputs[name] for name in ("x", "out", "dout"))
    again = 1 / (1 + np.exp(-y))
    yield "the slope misses its factor 1 - y", dout * y
    yield "the slope misses its factor y", dout * (1 - y)
    yield "the slope is x (1 - x), of the input, for y (1 - y)", dout * x * (1 - x)
    yield "sigmoid is applied twice in the slope", dout * again * (1 - again)
    yield "the slope is not applied", dout
    yield "the incoming gradient is not multiplied in", y * (1 - y)


# Element-wise layers.


@hypothesis("matrix product", kinds=("multiply", "relu", "sigmoid"))
def _matrix_product(e: Evidence) -> Candidates:
    pairs = {
        "out": [("x", "y")],
        "dx": [("dout", "y"), ("dout", "x"), ("dout", "out")],
        "dy": [("dout", "x")],
    }
    for one, other in pairs.get(e.result, []):
        if one in e.inputs and other in e.inputs and e.inputs[one].ndim == e.inputs[other].ndim == 2:
            a, b = e.inputs[one], e.inputs[other]
            for product in (a @ b.T, a.T @ b, *([a @ b] if a.shape[1] == b.shape[0] else [])):
                yield "a matrix product, where the element-wise one is meant", product


@hypothesis("operands exchanged", kinds=("multiply",), results=("dx", "dy"))
def _exchanged(e: Evidence) -> Candidates:
    other = "x" if e.result == "dx" else "y"
    yield (
        "dx and dy are exchanged: each factor's gradient is the other factor times dout",
        e.inputs["dout"] * e.inputs[other],
    )


@hypothesis("sum for difference", kinds=("add",))
def _difference(e: Evidence) -> Candidates:
    if e.result == "out":
        yield "x - y, for x + y", e.inputs["x"] - e.inputs["y"]


# Precision and the whole pass.


@hypothesis("single precision inside")
def _single(e: Evidence) -> Candidates:
    if e.came.dtype != np.float64 or not e.comparable or not np.any(e.expected) or not np.isfinite(e.came).all():
        return
    error = abs(e.came - e.expected)[e.expected != 0] / abs(e.expected[e.expected != 0])
    u = Precision.of(np.float32).u
    if float(np.median(error)) > 1e-3 * u and float(e.figures.relative) < 1e3 * u:
        if np.array_equal(e.came, e.came.astype(np.float32)):
            yield "every element is a float32: the port computes in single precision", e.came
        else:
            yield (
                "most elements are off by a float32's rounding: something inside is computed in single precision",
                e.came,
            )


@hypothesis("another activation")
def _another_activation(e: Evidence) -> Candidates:
    yield from _networks(e, "another activation: ")
    if e.kind in ("relu", "sigmoid"):
        other = "relu" if e.kind == "sigmoid" else "sigmoid"
        yield f"it is {other}, and not {e.kind}", np.asarray(STEPS[other][e.result].value(e.inputs))


@hypothesis("left out")
def _left_out(e: Evidence) -> Candidates:
    yield from _networks(e, "left out: ")


def _networks(e: Evidence, name: str) -> Candidates:
    yield from ((key.removeprefix(name), value) for key, value in e.inputs.items() if key.startswith(name))


@hypothesis("forward difference", kinds=("pass",), results=("numerical",))
def _forward_difference(e: Evidence) -> Candidates:
    for name in ("forward difference", "backward difference"):
        if name in e.inputs:
            yield f"a {name}: (loss(p + h) - loss(p)) / h, for the central one", e.inputs[name]


@hypothesis("probabilities for logits", kinds=("pass",), results=("out",))
def _probabilities(e: Evidence) -> Candidates:
    yield "softmax is applied: predict gives the logits", softmax(e.expected)


# Factors and permutations, last: they fit much.


@hypothesis("sign")
def _sign(e: Evidence) -> Candidates:
    yield "the sign is wrong", -e.expected


@hypothesis("sum for mean")
def _sum_for_mean(e: Evidence) -> Candidates:
    yield "not divided by the batch size: a sum, where the mean is meant", e.expected * e.batch


@hypothesis("mean for sum")
def _mean_for_sum(e: Evidence) -> Candidates:
    yield "divided by the batch size once too often: a mean, where the sum is meant", e.expected / e.batch


@hypothesis("batch - 1")
def _batch_minus_one(e: Evidence) -> Candidates:
    if e.batch > 1:
        yield "divided by batch - 1, for the batch size", e.expected * (e.batch / (e.batch - 1))


@hypothesis("mean over classes too")
def _mean_over_classes(e: Evidence) -> Candidates:
    if e.classes > 1:
        yield "divided by the number of classes too: a mean over all elements", e.expected / e.classes
        yield "divided by the number of classes, for the batch size", e.expected * (e.batch / e.classes)


@hypothesis("classes permuted")
def _columns_permuted(e: Evidence) -> Candidates:
    if e.comparable and e.expected.ndim and e.expected.shape[-1] > 1 and np.isfinite(e.came).all():
        yield "the columns are in another order", _matched(e.came, e.expected)


@hypothesis("rows permuted")
def _rows_permuted(e: Evidence) -> Candidates:
    if e.comparable and e.expected.ndim == 2 and e.expected.shape[0] > 1 and np.isfinite(e.came).all():
        yield "the rows are in another order", _matched(e.came.T, e.expected.T).T


def _matched(came: Array, expected: Array) -> Array:
    """The columns of ``expected``, each used once, in the order in which ``came`` has them most nearly."""
    a, b = np.atleast_2d(came).astype(np.float64), np.atleast_2d(expected).astype(np.float64)
    left = list(range(b.shape[1]))
    order = []
    for column in a.T:
        nearest = min(left, key=lambda j: float(np.abs(b[:, j] - column).sum()))
        left.remove(nearest)
        order.append(nearest)
    return expected[..., order]


@hypothesis("constant factor")
def _constant_factor(e: Evidence) -> Candidates:
    if e.comparable and np.any(e.expected) and np.isfinite(e.came).all() and e.expected.size > 1:
        a, b = e.came.astype(np.float64).ravel(), e.expected.astype(np.float64).ravel()
        factor = float(a @ b / (b @ b))
        known = {2.0: "2", 0.5: "1/2", math.log(10): "ln 10", 1 / math.log(10): "1 / ln 10", math.log(2): "ln 2"}
        name = next(
            (text for value, text in known.items() if math.isclose(factor, value, rel_tol=1e-4)), f"{factor:.6g}"
        )
        if abs(factor) > 1e-12 and abs(factor - 1) > 1e-12:
            yield f"off by the constant factor {name}", e.expected * factor


@hypothesis("does not repeat", kinds=("repeat",))
def _does_not_repeat(e: Evidence) -> Candidates:
    what = "memory that is not initialised, or something random or kept from the call before"
    yield f"the same request, asked again, gives other numbers: {what}", e.came
