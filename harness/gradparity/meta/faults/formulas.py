"""Slips in the formulas of the layers: operators, constants, indices and orders, as ports have them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from ...cases import Array
from .fault import Draw, Fault, FaultKind, Given

Formula = Callable[[Given, float], Any]


def slip(
    kind: FaultKind,
    words: str,
    formulas: Mapping[str, Formula],
    constants: tuple[float, ...] = (0.0,),
    repeats: bool = True,
) -> Draw:
    """One with one of these constants; ``words`` has it in braces."""

    def draw(rng: np.random.Generator) -> Fault:
        c = float(rng.choice(constants))
        spoils = {place: (lambda s, f=formula: f(s, c)) for place, formula in formulas.items()}
        return Fault(kind, f"{'/'.join(formulas)}: {words.format(c)}", spoils, repeats=repeats)

    return draw


def outdated(words: str, place: str, take: Callable[[Given, Given], Any]) -> Draw:
    """Computed with something of the call before, where there was one of these shapes."""
    return slip(
        FaultKind.ORDER, words, {place: lambda s, c: s.right if s.before is None else take(s, s.before)}, (0.0,), False
    )


def exponentials(x: Array, shift: Any, scale: float = 1.0) -> Array:
    """exp(x - shift), of x times a scale."""
    return np.asarray(np.exp((x - shift) * x.dtype.type(scale)))


def _loss(s: Given, y: Array, rows: Any = None, labels: Any = None, epsilon: float | None = None) -> Any:
    rows, labels = s.rows if rows is None else rows, s.t if labels is None else labels
    return -np.log(y[rows, labels] + y.dtype.type(s.epsilon if epsilon is None else epsilon)).mean()


def _log_p(s: Given) -> Array:
    z = s.x - s.x.max(axis=1, keepdims=True)
    return np.asarray((z - np.log(np.exp(z).sum(axis=1, keepdims=True)))[s.rows, s.t])


def _dx(s: Given, labels: Array) -> Array:
    dx = s.y.copy()
    dx[s.rows, labels] -= 1
    return np.asarray(dx / dx.dtype.type(len(dx)))


def _shifted(s: Given, c: float) -> Array:
    classes = (s.y if s.x is None else s.x).shape[1]
    return np.asarray((s.t + int(c)) % classes)


def _softmax(s: Given, shift: Any, axis: int | None = 1, scale: float = 1.0) -> Array:
    e = exponentials(s.x, shift, scale)
    return np.asarray(e / e.sum(axis=axis, keepdims=True))


def _smooth(s: Given, c: float) -> Array:
    """(y - t) / batch with labels that are smoothed by c."""
    classes = s.y.shape[1]
    t = np.full(s.y.shape, c / classes)
    t[s.rows, s.t] += 1 - c
    return np.asarray((s.y - t) / len(s.y))


def _recycled(s: Given) -> Array:
    product = s.x @ s.W
    return np.asarray(product + np.resize(s.b, product.size).reshape(product.shape[::-1]).T)


def _largest(x: Array) -> Array:
    return np.asarray(x.max(axis=1, keepdims=True))


K = FaultKind
SMALL = (1e-3, 1e-5, 1e-7, 1e-9)
DECAYS = (0.1, 0.01, 1e-3, 1e-4)

FORMULAS: list[Draw] = [
    # Affine.
    slip(K.OPERATOR, "the bias is subtracted", {"affine.out": lambda s, c: s.x @ s.W - s.b}),
    slip(K.OPERATOR, "the bias is left out", {"affine.out": lambda s, c: s.x @ s.W}),
    slip(K.OPERATOR, "divided by the batch size", {"affine.db": lambda s, c: s.right / len(s.dout)}),
    slip(K.OPERATOR, "divided by the batch size", {"affine.dW": lambda s, c: s.right / len(s.dout)}),
    slip(K.OPERATOR, "the sign", {"affine.dx": lambda s, c: -s.right}),
    slip(K.CONSTANT, "the bias times {:g}", {"affine.out": lambda s, c: s.x @ s.W + c * s.b}, (2, 0.5, 1.001)),
    slip(K.CONSTANT, "weight decay {:g} W is added", {"affine.dW": lambda s, c: s.right + c * s.W}, DECAYS),
    slip(
        K.CONSTANT,
        "divided by batch {:+g}, for the batch",
        {"affine.db": lambda s, c: s.right * (len(s.dout) / max(len(s.dout) + c, 1))},
        (1, -1),
    ),
    slip(K.INDEX, "the bias down the columns", {"affine.out": lambda s, c: _recycled(s)}),
    slip(K.INDEX, "the bias is off by one", {"affine.out": lambda s, c: s.x @ s.W + np.roll(s.b, 1)}),
    slip(K.INDEX, "the last input is missed", {"affine.out": lambda s, c: s.x[:, :-1] @ s.W[:-1] + s.b}),
    slip(K.INDEX, "the last row is missed", {"affine.dW": lambda s, c: s.x[:-1].T @ s.dout[:-1]}),
    slip(K.INDEX, "the first row is missed", {"affine.db": lambda s, c: s.dout[1:].sum(axis=0)}),
    slip(K.INDEX, "the last row is missed", {"affine.db": lambda s, c: s.dout[:-1].sum(axis=0)}),
    slip(K.INDEX, "the last column is missed", {"affine.dx": lambda s, c: s.dout[:, :-1] @ s.W[:, :-1].T}),
    slip(
        K.ORDER,
        "W in the other memory order",
        {"affine.out": lambda s, c: s.x @ s.W.ravel("F").reshape(s.W.shape) + s.b},
    ),
    slip(
        K.ORDER,
        "W in the other memory order",
        {"affine.dx": lambda s, c: s.dout @ s.W.ravel("F").reshape(s.W.shape).T},
    ),
    slip(K.ORDER, "W reshaped, not transposed", {"affine.dx": lambda s, c: s.dout @ s.W.reshape(s.W.shape[::-1])}),
    slip(
        K.ORDER,
        "W in the other memory order, throughout",
        {
            "affine.out": lambda s, c: s.x @ s.W.ravel("F").reshape(s.W.shape) + s.b,
            "affine.dx": lambda s, c: s.dout @ s.W.ravel("F").reshape(s.W.shape).T,
        },
    ),
    slip(
        K.ORDER,
        "x reshaped, not transposed",
        {"affine.dW": lambda s, c: np.ascontiguousarray(s.x).reshape(s.x.shape[::-1]) @ s.dout},
    ),
    outdated("x of the call before", "affine.dW", lambda s, old: old.x.T @ s.dout),
    outdated("W of the call before", "affine.dx", lambda s, old: s.dout @ old.W.T),
    # Relu.
    slip(K.OPERATOR, "< for <= in the mask", {"relu.dx": lambda s, c: np.where(s.x < 0, 0, s.dout)}),
    slip(K.OPERATOR, "the mask is dout's own", {"relu.dx": lambda s, c: np.where(s.dout <= 0, 0, s.dout)}),
    slip(K.OPERATOR, "no mask", {"relu.dx": lambda s, c: s.dout}),
    slip(K.OPERATOR, "the mask is inverted", {"relu.dx": lambda s, c: np.where(s.x > 0, 0, s.dout)}),
    slip(K.OPERATOR, "the absolute value", {"relu.out": lambda s, c: abs(s.x)}),
    slip(
        K.CONSTANT, "slope {:g} at 0", {"relu.dx": lambda s, c: np.where(s.x == 0, c * s.dout, s.right)}, (0.5, 1, 0.1)
    ),
    slip(
        K.CONSTANT,
        "leaky, slope {:g}",
        {
            "relu.out": lambda s, c: np.where(s.x > 0, s.x, c * s.x),
            "relu.dx": lambda s, c: np.where(s.x > 0, s.dout, c * s.dout),
        },
        (0.1, 0.01, 1e-3, 1e-6),
    ),
    slip(
        K.CONSTANT,
        "leaky in backward, slope {:g}",
        {"relu.dx": lambda s, c: np.where(s.x > 0, s.dout, c * s.dout)},
        (0.1, 0.01, 1e-3, 1e-6),
    ),
    slip(
        K.CONSTANT,
        "leaky in forward, slope {:g}",
        {"relu.out": lambda s, c: np.where(s.x > 0, s.x, c * s.x)},
        (0.1, 0.01, 1e-3, 1e-6),
    ),
    slip(K.CONSTANT, "cut at {:g}", {"relu.out": lambda s, c: np.minimum(s.right, c)}, (1, 6)),
    slip(K.CONSTANT, "threshold {:g}", {"relu.out": lambda s, c: np.where(s.x > c, s.x, 0)}, (0.1, 1e-3)),
    outdated("the mask of the call before", "relu.dx", lambda s, old: s.dout * (old.x > 0)),
    # Sigmoid.
    slip(K.OPERATOR, "the slope without 1 - y", {"sigmoid.dx": lambda s, c: s.dout * s.y}),
    slip(K.OPERATOR, "the slope without y", {"sigmoid.dx": lambda s, c: s.dout * (1 - s.y)}),
    slip(K.OPERATOR, "the slope 1 + y, for 1 - y", {"sigmoid.dx": lambda s, c: s.dout * s.y * (1 + s.y)}),
    slip(K.OPERATOR, "no slope", {"sigmoid.dx": lambda s, c: s.dout}),
    slip(K.OPERATOR, "dout left out", {"sigmoid.dx": lambda s, c: s.y * (1 - s.y)}),
    slip(K.OPERATOR, "exp(x) for exp(-x)", {"sigmoid.out": lambda s, c: 1 / (1 + np.exp(s.x))}),
    slip(K.OPERATOR, "exp(x) / (1 + exp(x))", {"sigmoid.out": lambda s, c: np.exp(s.x) / (1 + np.exp(s.x))}),
    slip(K.CONSTANT, "exp off by {:g}", {"sigmoid.out": lambda s, c: 1 / (1 + np.exp(-s.x) * (1 + c))}, SMALL),
    slip(K.CONSTANT, "x cut at {:g}", {"sigmoid.out": lambda s, c: 1 / (1 + np.exp(-s.x.clip(-c, c)))}, (2, 20)),
    slip(K.CONSTANT, "x times {:g}", {"sigmoid.out": lambda s, c: 1 / (1 + np.exp(-c * s.x))}, (2, 1.001)),
    # Softmax with cross-entropy.
    slip(K.OPERATOR, "the sign", {"softmax.loss": lambda s, c: -s.right}),
    slip(K.OPERATOR, "a sum, for the mean", {"softmax.loss": lambda s, c: s.right * len(s.x)}),
    slip(K.OPERATOR, "not divided by the batch size", {"softmax.dx": lambda s, c: s.right * len(s.y)}),
    slip(K.OPERATOR, "the target is not subtracted", {"softmax.dx": lambda s, c: s.y / len(s.y)}),
    slip(K.OPERATOR, "t - y, for y - t", {"softmax.dx": lambda s, c: -s.right}),
    slip(K.OPERATOR, "nothing is subtracted", {"softmax.y": lambda s, c: _softmax(s, 0)}),
    slip(
        K.OPERATOR,
        "nothing is subtracted, throughout",
        {"softmax.y": lambda s, c: _softmax(s, 0), "softmax.loss": lambda s, c: _loss(s, _softmax(s, 0))},
    ),
    slip(
        K.OPERATOR,
        "log(softmax) of a probability that may be 0",
        {"softmax.loss": lambda s, c: _loss(s, _softmax(s, _largest(s.x)))},
    ),
    slip(K.CONSTANT, "the logarithm to base {:g}", {"softmax.loss": lambda s, c: s.right / np.log(c)}, (10, 2)),
    slip(
        K.CONSTANT,
        "epsilon {:g}",
        {"softmax.loss": lambda s, c: -np.log(np.exp(_log_p(s)) + c).mean()},
        (1e-3, 1e-5, 1e-7, 1e-8),
    ),
    slip(
        K.CONSTANT,
        "probabilities cut at {:g}",
        {"softmax.loss": lambda s, c: -np.maximum(_log_p(s), np.log(c)).mean()},
        (0.01, 1e-3, 1e-7, 1e-15),
    ),
    slip(
        K.CONSTANT,
        "divided by batch {:+g}",
        {"softmax.loss": lambda s, c: s.right * (len(s.x) / max(len(s.x) + c, 1))},
        (1, -1, 1e-7, 1e-5),
    ),
    slip(
        K.CONSTANT,
        "divided by batch {:+g}",
        {"softmax.dx": lambda s, c: s.right * (len(s.y) / max(len(s.y) + c, 1))},
        (1, -1, 1e-7, 1e-5),
    ),
    slip(K.CONSTANT, "divided by the classes", {"softmax.loss": lambda s, c: s.right / s.x.shape[1]}),
    slip(K.CONSTANT, "divided by the classes", {"softmax.dx": lambda s, c: s.right / s.y.shape[1]}),
    slip(
        K.CONSTANT, "temperature: x times {:g}", {"softmax.y": lambda s, c: _softmax(s, _largest(s.x), 1, c)}, (2, 0.5)
    ),
    slip(K.CONSTANT, "labels smoothed by {:g}", {"softmax.dx": _smooth}, (0.1, 0.01)),
    slip(
        K.INDEX,
        "labels are off by {:+g}",
        {
            "softmax.loss": lambda s, c: -_log_p(Given(s.right, x=s.x, t=_shifted(s, c))).mean(),
            "softmax.dx": lambda s, c: _dx(s, _shifted(s, c)),
        },
        (1, -1),
    ),
    slip(K.INDEX, "labels are off by {:+g}", {"softmax.dx": lambda s, c: _dx(s, _shifted(s, c))}, (1, -1)),
    slip(K.INDEX, "labels of the row beside", {"softmax.dx": lambda s, c: _dx(s, np.roll(s.t, 1))}),
    slip(K.INDEX, "the last row is missed", {"softmax.loss": lambda s, c: -_log_p(s)[:-1].sum() / len(s.x)}),
    slip(K.INDEX, "the last row's label is 0", {"softmax.dx": lambda s, c: _dx(s, np.append(s.t[:-1], 0))}),
    slip(
        K.INDEX,
        "the row's first logit is subtracted",
        {
            "softmax.y": lambda s, c: _softmax(s, s.x[:, :1]),
            "softmax.loss": lambda s, c: _loss(s, _softmax(s, s.x[:, :1])),
        },
    ),
    slip(
        K.INDEX,
        "softmax over the whole batch",
        {
            "softmax.y": lambda s, c: _softmax(s, s.x.max(), None),
            "softmax.loss": lambda s, c: _loss(s, _softmax(s, s.x.max(), None)),
        },
    ),
    slip(K.INDEX, "softmax down the columns", {"softmax.y": lambda s, c: _softmax(s, s.x.max(), 0)}),
    outdated("labels of the call before", "softmax.dx", lambda s, old: _dx(s, old.t)),
    # The network.
    slip(K.CONSTANT, "cut at {:g}", {"network.dW": lambda s, c: s.right.clip(-c, c)}, (5, 1, 0.1)),
    slip(
        K.CONSTANT,
        "weight decay {:g} W is added",
        {"network.dW": lambda s, c: s.right + s.right.dtype.type(c) * s.W},
        DECAYS,
    ),
    slip(
        K.CONSTANT,
        "its norm is cut at {:g}",
        {"network.dW": lambda s, c: s.right * min(1, c / max(float(np.linalg.norm(s.right)), 1e-300))},
        (1, 0.1),
    ),
]
