"""Question a: each layer by itself. What rounding can explain, rigorously and elementwise, in one layer's results.

Each function takes a layer's inputs and gives, for each of its results, a bound of |computed - exact| that holds for
every implementation that works in precision p: any order of summation, fused or not. An implementation and the oracle
both lie within it, so they lie within twice it of each other.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..arithmetic.precision import EXP, LOG, SAFETY, Array, Precision, row_losses, softmax, softmax_relative

SIGMOID = EXP + 6  # 1 / (1 + exp(-x)), or exp(x) / (1 + exp(x)): exp, a sum, a quotient


def multiply(p: Precision, x: Array, y: Array, dout: Array) -> dict[str, Any]:
    """One product each."""
    return {"out": _one(p, x * y), "dx": _one(p, dout * y), "dy": _one(p, dout * x)}


def add(p: Precision, x: Array, y: Array, dout: Array) -> dict[str, Any]:
    """One sum, and two copies."""
    return {"out": p.u * abs(x + y), "dx": np.zeros_like(dout), "dy": np.zeros_like(dout)}


def relu(p: Precision, x: Array, dout: Array) -> dict[str, Any]:
    """Nothing is rounded."""
    return {"out": np.zeros_like(x), "dx": np.zeros_like(dout)}


def sigmoid(p: Precision, x: Array, dout: Array) -> dict[str, Any]:
    """y to a few u relatively; in dx = dout y (1 - y), 1 - y has y's absolute error."""
    with np.errstate(over="ignore"):
        y = 1 / (1 + np.exp(-x))
    slope = SIGMOID * p.u * y + 4 * p.u * y * (1 - y)
    return {"out": SIGMOID * p.u * y + p.tiny, "dx": SAFETY * abs(dout) * (slope + p.tiny) + p.subnormal}


def affine(p: Precision, x: Array, W: Array, b: Array, dout: Array) -> dict[str, Any]:
    """gamma_n times the product of absolute values (Higham, section 3.5)."""
    return {
        "out": p.product(x, W, extra=b, roundings=1),
        "dx": p.product(dout, W.T),
        "dW": p.product(x.T, dout),
        "db": p.column_sum(dout),
    }


def softmax_with_loss(p: Precision, x: Array, t: Array, epsilon: float) -> dict[str, Any]:
    """x are the logits (batch, classes), t the labels (batch,)."""
    rows = np.arange(len(x))
    y, _, _ = softmax(x)
    relative = softmax_relative(x, p)
    out = relative * y + p.tiny
    dx = y.copy()
    dx[rows, t] -= 1
    return {
        "loss": mean_loss(p, x, t, epsilon, relative[rows, t]),
        "y": out,
        "dx": SAFETY * (out + 3 * p.u * abs(dx)) / len(x) + p.subnormal,
    }


def mean_loss(p: Precision, x: Array, labels: Array, epsilon: float, of_log_p: Array) -> Any:
    """Bound of the error of the mean cross-entropy, where each row's log p has the absolute error ``of_log_p``."""
    losses, share = row_losses(x, labels, epsilon)
    of_rows = share * of_log_p + (LOG + 2) * p.u * (abs(losses) + 1)
    return SAFETY * ((of_rows.sum() + p.gamma(len(x)) * (abs(losses) + of_rows).sum()) / len(x))


def _one(p: Precision, value: Array) -> Array:
    bound: Array = p.u * abs(value) + p.subnormal
    return bound
