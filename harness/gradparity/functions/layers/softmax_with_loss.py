"""Softmax, and the mean cross-entropy: a network's last layer. It is given x, t (labels) and epsilon, and no dout."""

from __future__ import annotations

import math
from typing import Any

import gradparity_reference as reference
import numpy as np

from ...arithmetic.precision import EXP, LOG, SAFETY, Array, Precision, float_info
from ...arithmetic.significant import FORMATS, rounded_to
from ..evidence import Bugs, Candidates, Evidence, Inputs, Subject
from .layer import Loss
from .reduced import NARROWER, SINGLE

bug = Bugs(reference.LOSS)
UNITS_OF_EXP = 4.0  # that an exp of few bits may be off by


def _y(p: Precision, a: Inputs) -> Array:
    y, _, _ = softmax(a["x"])
    bound: Array = softmax_relative(a["x"], p) * y + p.tiny
    return bound


def _loss(p: Precision, a: Inputs) -> Any:
    relative = softmax_relative(a["x"], p)
    return mean_loss(p, a["x"], a["t"], float(a["epsilon"]), relative[np.arange(len(a["x"])), a["t"]])


def _loss_of_y(a: Inputs) -> Array:
    own = a["y"][np.arange(len(a["y"])), a["t"]]
    with np.errstate(all="ignore"):
        return np.asarray(-np.log(own + own.dtype.type(a["epsilon"])).mean())


def _dx(p: Precision, a: Inputs) -> Array:
    n = len(a["x"])
    if "y" in a:
        of_given: Array = 4 * p.u * (a["y"] + one_hot(a)) / n + p.subnormal
        return of_given
    y, _, _ = softmax(a["x"])
    bound: Array = SAFETY * (_y(p, a) + 3 * p.u * abs(y - one_hot(a))) / n + p.subnormal
    return bound


class ByLogSumExp(reference.SoftmaxWithLoss):
    """y as exp(x - logsumexp(x)): it rounds at the size of the logits."""

    def forward(self, x: Array, t: Array) -> Any:
        """See `SoftmaxWithLoss`."""
        self.rows = np.arange(len(x))
        self.labels = t if t.ndim == 1 else t.argmax(axis=1)
        top = x.max(axis=1, keepdims=True)
        log_y = x - (top + np.log(np.exp(x - top).sum(axis=1, keepdims=True)))
        self.y = np.exp(log_y)
        log_p = log_y[self.rows, self.labels]
        if self.epsilon:
            log_p = np.log(np.exp(log_p) + x.dtype.type(self.epsilon))
        return -log_p.mean()


SOFTMAX_WITH_LOSS = Loss(
    reference.LOSS,
    forward={"y": _y, "loss": _loss},
    backward={"dx": _dx},
    bugs=bug,
    kept=("y",),
    follows={"loss": ("y", _loss_of_y)},
    rounds_most=ByLogSumExp,
)


def softmax(x: Array) -> tuple[Array, Array, Array]:
    """(y, d, lse) of logits x (batch, classes): softmax, x - max, and logsumexp, the last as a column."""
    top = x.max(axis=1, keepdims=True)
    d = x - top
    log_sum = np.log(np.exp(d).sum(axis=1, keepdims=True))
    return np.exp(d - log_sum), d, top + log_sum


def softmax_relative(x: Array, p: Precision) -> Array:
    """Bound of the relative error of each softmax value: rounding of exp's argument, of exp, the sum and the quotient.

    Covers exp(x - max) / sum as well as exp(x - logsumexp).
    """
    y, d, lse = softmax(x)
    of_terms = p.u * (abs(d) + abs(lse) + EXP + 2)
    of_sum = (y * of_terms).sum(axis=1, keepdims=True) + p.gamma(x.shape[1])
    bound: Array = SAFETY * (of_terms + of_sum + 4 * p.u)
    return bound


def mean_loss(p: Precision, x: Array, labels: Array, epsilon: float, of_log_p: Array) -> Any:
    """Bound of the error of the mean cross-entropy, where each row's log p has the absolute error ``of_log_p``."""
    _, d, _ = softmax(x)
    log_p = (d - np.log(np.exp(d).sum(axis=1, keepdims=True)))[np.arange(len(x)), labels]
    together = np.logaddexp(log_p, np.log(epsilon)) if epsilon else log_p
    of_rows = np.exp(log_p - together) * of_log_p + (LOG + 2) * p.u * (abs(together) + 1)
    return SAFETY * ((of_rows.sum() + p.gamma(len(x)) * (abs(together) + of_rows).sum()) / len(x))


def one_hot(a: Inputs) -> Array:
    """The labels t as rows of 0 and 1, as many as x has classes."""
    hot: Array = np.eye(a["x"].shape[1], dtype=a["x"].dtype)[a["t"]]
    return hot


def probability(x: Array) -> Array:
    """Softmax row by row, as a port computes it, in the dtype of the logits x (batch, classes)."""
    e = np.exp(x - x.max(axis=1, keepdims=True))
    y: Array = e / e.sum(axis=1, keepdims=True)
    return y


def _with(e: Evidence, **changed: Array) -> Array:
    return SOFTMAX_WITH_LOSS.value(e.result, {**e.inputs, **changed})


def _of_y(e: Evidence, y: Array, epsilon: float = 0.0) -> Array:
    """The result as it follows from these probabilities, whichever it is."""
    if e.result == "y":
        return y
    if e.result == "dx":
        dx: Array = (y - one_hot(e.inputs)) / len(y)
        return dx
    own = y[np.arange(len(y)), e.inputs["t"]]
    return np.asarray(-np.log(own + own.dtype.type(epsilon)).mean())


@bug("overflow", loses=True)
def _overflow(e: Evidence) -> Candidates:
    x = e.inputs["x"]
    powers = np.exp(x)
    y = powers / powers.sum(axis=1, keepdims=True)
    zeros_by_infinity = one_hot(e.inputs) * np.log(probability(x))
    stable = probability(x)[np.arange(len(x)), e.inputs["t"]]
    found = [("exp without the row's maximum subtracted overflows", _of_y(e, y))]
    if e.result == "loss":
        found.append((f"{found[0][0]}, in x - log(sum(exp(x)))", _by_log_sum(x, e.inputs["t"])))
        found = found if "y" not in e.inputs or not np.isfinite(e.inputs["y"]).all() else []
        found += [
            ("the logarithm of a probability that underflowed to 0", np.asarray(-np.log(stable).mean())),
            ("0 times the logarithm of a probability that underflowed to 0", np.asarray(zeros_by_infinity.sum())),
        ]
    yield from ((sentence, came) for sentence, came in found if not np.all(np.isfinite(came)))


@bug("softmax shift", loses=True)
def _shift(e: Evidence) -> Candidates:
    """Exact where nothing overflows or underflows: numbers get lost where something does."""
    x = e.inputs["x"]
    tiny = np.finfo(x.dtype).tiny
    for what, shift in (
        ("the row's first logit", x[:, :1]),
        ("the row's last logit", x[:, -1:]),
        ("the row's smallest logit", x.min(axis=1, keepdims=True)),
        ("the row's mean", x.mean(axis=1, keepdims=True)),
        ("the largest logit of the whole batch", x.max()),
        ("the row's largest logit, searched from 0,", np.maximum(x.max(axis=1, keepdims=True), 0)),
        (
            "the row's largest logit, searched from the smallest positive number,",
            np.maximum(x.max(axis=1, keepdims=True), tiny),
        ),
    ):
        powers = np.exp(x - shift)
        y = powers / powers.sum(axis=1, keepdims=True)
        known_right = e.result == "loss" and "y" in e.inputs and np.isfinite(e.inputs["y"]).all()
        if not np.isfinite(y).all() and not known_right:
            yield f"{what} is subtracted in softmax, for its largest", _of_y(e, y)
            if e.result == "loss":
                yield f"{what} is subtracted in softmax, for its largest", _by_log_sum(x - shift, e.inputs["t"])


def _by_log_sum(z: Array, t: Array) -> Array:
    """The loss as log(sum(exp(z))) - z, with nothing subtracted."""
    return np.asarray((np.log(np.exp(z).sum(axis=1)) - z[np.arange(len(z)), t]).mean())


@bug("softmax axis")
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
        yield sentence, _of_y(e, y, float(e.inputs["epsilon"]))


@bug("labels shifted", results=("loss", "dx"))
def _labels_shifted(e: Evidence) -> Candidates:
    for shift in (1, -1):
        sentence = f"labels are off by one ({shift:+d}): counted from 0 and from 1"
        yield sentence, _with(e, t=(e.inputs["t"] + shift) % e.classes)
        yield sentence, _with(e, t=np.clip(e.inputs["t"] + shift, 0, e.classes - 1))


@bug("labels in 8 bits", results=("loss", "dx"))
def _labels_in_8_bits(e: Evidence) -> Candidates:
    if e.classes > 256:
        yield "labels are kept in 8 bits: 256 is 0 again", _with(e, t=e.inputs["t"] % 256)


@bug("rows shifted")
def _rows_shifted(e: Evidence) -> Candidates:
    for shift in (1, -1):
        yield "labels belong to the rows beside", _with(e, t=np.roll(e.inputs["t"], shift))


@bug("term left out", results=("loss",))
def _row_left_out(e: Evidence) -> Candidates:
    x, t = e.inputs["x"], e.inputs["t"]
    for which, kept in (("last", slice(None, -1)), ("first", slice(1, None))):
        if len(x) > 1:
            mean = _with(e, x=x[kept], t=t[kept], **({"y": e.inputs["y"][kept]} if "y" in e.inputs else {}))
            n = mean.dtype.type(len(x))
            yield f"the {which} of the rows is left out of the sum", mean * ((n - 1) / n)
            yield f"the {which} of the rows is left out of the mean", mean


@bug("outer-product indexing", results=("loss", "dx"))
def _outer_indexing(e: Evidence) -> Candidates:
    t, sentence = e.inputs["t"], "all rows x all labels are indexed, where each row's own label is meant"
    if e.result == "loss":
        y = probability(e.inputs["x"])
        yield sentence, np.asarray(-np.log(y[:, t]).mean())
        yield sentence, np.asarray(-np.log(y[:, t]).sum() / len(y))
    else:
        dx = e.inputs["y"].copy()
        dx[:, np.unique(t)] -= 1
        yield sentence, dx / len(dx)


@bug("epsilon in the logarithm", results=("loss",), kinds=(reference.LOSS, Subject.PASS))
def _epsilon(e: Evidence) -> Candidates:
    if "x" in e.inputs:
        for epsilon in (1e-7, 1e-8, 1e-10, 1e-12, 1e-15, 0.0):
            sentence = f"the logarithm is of p + {epsilon:g}" if epsilon else "no epsilon is added to p"
            yield sentence, _with(e, epsilon=np.asarray(epsilon))


@bug("logarithm's base", results=("loss",), kinds=())
def _base(e: Evidence) -> Candidates:
    for base in (10, 2):
        yield f"the logarithm is to base {base}", e.expected / math.log(base)
        if e.kind == reference.LOSS:
            x, rows = e.inputs["x"], np.arange(len(e.inputs["x"]))
            z = x - x.max(axis=1, keepdims=True)
            total = np.log(np.exp(z).sum(axis=1))
            sentence = f"the logarithm of the sum is to base {base}, in x - log(sum(exp(x)))"
            yield sentence, np.asarray((total / math.log(base) - z[rows, e.inputs["t"]]).mean())


EPSILONS = (1e-5, 1e-6, 1e-7, 1e-8, 1e-10, 1e-12, 1e-15, 1e-16)


@bug("probability clipped")
def _clipped(e: Evidence) -> Candidates:
    if e.result == "y" or "x" not in e.inputs:
        return
    y = probability(e.inputs["x"])
    own = y[np.arange(len(y)), e.inputs["t"]]
    for least in EPSILONS:
        low = y.dtype.type(least)
        sentence = f"the probability is clipped: it is at least {least:g}"
        if e.result == "loss":
            yield sentence, np.asarray(-np.log(np.maximum(own, low)).mean())
            yield f"{sentence}, and at most 1 - {least:g}", np.asarray(-np.log(np.clip(own, low, 1 - low)).mean())
        else:
            dx = (y - one_hot(e.inputs)) / y.dtype.type(len(y))
            yield sentence, np.where((own < low)[:, None], 0, dx)
            yield f"{sentence}, and at most 1 - {least:g}", np.where(((own < low) | (own > 1 - low))[:, None], 0, dx)


@bug("epsilon in the gradient", results=("dx",))
def _epsilon_in_gradient(e: Evidence) -> Candidates:
    y = probability(e.inputs["x"])
    own = y[np.arange(len(y)), e.inputs["t"]][:, None]
    for epsilon in EPSILONS:
        sentence = f"the gradient is that of -log(p + {epsilon:g}), as automatic differentiation gives it"
        yield sentence, (y - one_hot(e.inputs)) / y.dtype.type(len(y)) * (own / (own + y.dtype.type(epsilon)))


@bug.solved("label smoothing", "labels are smoothed: {c} of each is spread over all classes", results=("loss", "dx"))
def _smoothed(e: Evidence, c: float) -> Array:
    x, classes = e.inputs["x"], e.inputs["x"].shape[1]
    t = (1 - c) * one_hot(e.inputs) + c / classes
    if e.result == "loss":
        z = x - x.max(axis=1, keepdims=True)
        log_y = z - np.log(np.exp(z).sum(axis=1, keepdims=True))
        return np.asarray(-(t * log_y).sum(axis=1).mean())
    dx: Array = (probability(x) - t) / len(x)
    return dx.astype(x.dtype)


@bug.solved("another divisor", "divided by the batch size + {c}", results=("loss", "dx"), starts=(1e-3, 1.0))
def _another_divisor(e: Evidence, c: float) -> Array:
    return np.asarray(e.expected * (e.batch / (e.batch + c)))


@bug("missing target", results=("dx",))
def _missing_target(e: Evidence) -> Candidates:
    yield "the target is not subtracted: y / batch, for (y - t) / batch", e.inputs["y"] / e.batch


@bug("single precision inside", results=("y",))
def _single_exponential(e: Evidence) -> Candidates:
    yield from _reduced_exponential(e, SINGLE)


@bug("reduced precision inside", results=("y",))
def _narrower_exponential(e: Evidence) -> Candidates:
    yield from _reduced_exponential(e, NARROWER)


def _reduced_exponential(e: Evidence, formats: tuple[int, ...]) -> Candidates:
    """y / (the row's largest y) is what exp gave, as the largest is exp(0) = 1: it is seen whether it had few bits.

    How a library rounds its exp is not known, so it is no candidate by itself: it may be off by some units.
    """
    if not e.comparable or not np.isfinite(e.came).all():
        return
    z = e.inputs["x"] - e.inputs["x"].max(axis=1, keepdims=True)
    for bits in formats:
        if bits < float_info(e.expected.dtype).nmant:
            powers = rounded_to(e.came / e.came.max(axis=1, keepdims=True), bits)
            units = UNITS_OF_EXP * (1 + abs(z)) * 2.0**-bits
            if (abs(powers - np.exp(z)) <= units * np.exp(z)).all():
                sentence = f"what exp gives has {bits} bits ({FORMATS[bits]})"
                yield sentence, powers / powers.sum(axis=1, keepdims=True)
            argument = np.exp(rounded_to(z, bits))
            sentence = f"the argument of exp is rounded to {bits} bits ({FORMATS[bits]})"
            yield sentence, argument / argument.sum(axis=1, keepdims=True)
