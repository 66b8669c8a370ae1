"""Precision, factors and permutations. They fit much, so they come last."""

from __future__ import annotations

import math

import numpy as np

from ...arithmetic.precision import Array
from ...functions.evidence import Bugs, Candidates, Evidence, Subject
from ...functions.layers import LAYERS
from ..precisions import OF_SINGLE, fewer_bits

bug = Bugs()
WITH_EXP = ("sigmoid", "tanh", "softmax_with_loss")


@bug("not a number")
def _not_a_number(e: Evidence) -> Candidates:
    bad = ~np.isfinite(e.came.astype(np.float64))
    if bad.any():
        yield f"{int(bad.sum())} of {bad.size} elements are NaN or infinite{_traced_back(e)}", e.came


def _traced_back(e: Evidence) -> str:
    """What may have lost the numbers: it can be said where all that it is computed from is known."""
    floats = {name: a for name, a in e.inputs.items() if a.dtype.kind == "f" and name != e.result}
    if not floats or not all(np.isfinite(a).all() for a in floats.values()):
        return ""
    told = ", and all that it is computed from is finite"
    if "y" in floats and e.result == "loss" and not floats["y"].all():
        return f"{told}: a probability is 0, and the logarithm of 0 is infinite"
    largest = float(abs(floats["x"]).max(initial=0.0)) if "x" in floats else 0.0
    most = float(np.log(np.finfo(e.expected.dtype).max))
    if e.kind in WITH_EXP and largest > most:
        return f"{told}: exp overflows from {most:.0f} on, and its inputs go to {largest:.0f}"
    return told


@bug("single precision inside")
def _single(e: Evidence) -> Candidates:
    found = fewer_bits(e)
    if found and found.known == OF_SINGLE:
        yield f"{found.fact.sentence}: the port computes in single precision", e.came


@bug("reduced precision inside")
def _reduced(e: Evidence) -> Candidates:
    found = fewer_bits(e)
    if found and found.known != OF_SINGLE:
        yield found.fact.sentence, e.came


@bug("sign")
def _sign(e: Evidence) -> Candidates:
    yield "the sign is wrong", -e.expected


@bug("sum for mean")
def _sum_for_mean(e: Evidence) -> Candidates:
    yield "not divided by the batch size: a sum, where the mean is meant", e.expected * e.batch


@bug("mean for sum")
def _mean_for_sum(e: Evidence) -> Candidates:
    yield "divided by the batch size once too often: a mean, where the sum is meant", e.expected / e.batch


@bug("batch - 1")
def _batch_minus_one(e: Evidence) -> Candidates:
    if e.batch > 1:
        yield "divided by batch - 1, for the batch size", e.expected * (e.batch / (e.batch - 1))


@bug("mean over classes too")
def _mean_over_classes(e: Evidence) -> Candidates:
    if e.classes > 1:
        yield "divided by the number of classes too: a mean over all elements", e.expected / e.classes
        yield "divided by the number of classes, for the batch size", e.expected * (e.batch / e.classes)


@bug("classes permuted")
def _columns_permuted(e: Evidence) -> Candidates:
    if e.comparable and e.expected.ndim in (1, 2) and e.expected.shape[-1] > 1 and np.isfinite(e.came).all():
        yield "the columns are in another order", _matched(e.came, e.expected)


@bug("rows permuted")
def _rows_permuted(e: Evidence) -> Candidates:
    if e.comparable and e.expected.ndim == 2 and e.expected.shape[0] > 1 and np.isfinite(e.came).all():
        yield "the rows are in another order", _matched(e.came.T, e.expected.T).T


def _matched(came: Array, expected: Array) -> Array:
    """The columns of ``expected``, each used once, in the order in which ``came`` has them most nearly."""
    a, b = np.atleast_2d(came).astype(np.float64), np.atleast_2d(expected).astype(np.float64)
    left = np.arange(b.shape[1])
    order = []
    for column in a.T:
        nearest = int(np.abs(b[:, left] - column[:, None]).sum(axis=0).argmin())
        order.append(left[nearest])
        left = np.delete(left, nearest)
    return expected[..., order]


FACTORS = {2.0: "2", 0.5: "1/2", math.log(10): "ln 10", 1 / math.log(10): "1 / ln 10", math.log(2): "ln 2"}


def _factor(c: float) -> str:
    known = next((text for value, text in FACTORS.items() if math.isclose(c, value, rel_tol=1e-6)), f"{c:.9g}")
    return f"off by the constant factor {known}"


@bug.solved("constant factor", _factor, neutral=1.0, starts=(2.0,))
def _constant_factor(e: Evidence, c: float) -> Array:
    return e.expected * c


@bug.solved("fixed divisor", lambda c: f"divided by {1 / c:.6g}, whatever the batch size", starts=(1.0,))
def _fixed_divisor(e: Evidence, c: float) -> Array:
    return e.expected * (e.batch * c)


@bug("denormals flushed")
def _flushed(e: Evidence) -> Candidates:
    if e.expected.dtype.kind == "f":
        yield "denormal results are flushed to 0", flushed(e.expected)
        inputs = {name: flushed(a) if a.dtype.kind == "f" else a for name, a in e.inputs.items()}
        if e.kind in LAYERS and any(
            not np.array_equal(a, e.inputs[name], equal_nan=True) for name, a in inputs.items()
        ):
            value = LAYERS[e.kind].value(e.result, inputs)
            yield "denormal inputs are taken as 0", value
            yield "denormal inputs are taken as 0, and denormal results are", flushed(value)


def flushed(a: Array) -> Array:
    """With 0 for what is smaller than the smallest normal number."""
    return np.where(abs(a) < np.finfo(a.dtype).tiny, a.dtype.type(0), a)


@bug("does not repeat", kinds=(Subject.REPEAT,))
def _does_not_repeat(e: Evidence) -> Candidates:
    what = "memory that is not initialised, or something random or kept from the call before"
    yield f"the same request, asked again, gives other numbers: {what}", e.came
