"""Question b: the whole pass. The layers' rounding-error bounds, chained forward and backward.

Rigorous, so any excess is an error for certain; sharp for shallow nets only, as each layer multiplies what the ones
before it allow. Where a pre-activation is within its bound of 0, relu's mask is ambiguous and the bound covers both
sides.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..cases import Case
from . import bounds
from ..arithmetic.precision import SAFETY, Array, Precision, softmax, softmax_relative


def propagated_bounds(case: Case, trace: dict[str, Any], epsilon: float) -> dict[str, Any]:
    """For each array of the oracle's trace, a bound of |computed - exact|. Infinite where nothing can be said."""
    p = Precision.of(case.spec.dtype)
    values = {name: np.asarray(value, np.float64) for name, value in trace.items()}
    bound: dict[str, Any] = {}
    with np.errstate(over="ignore", invalid="ignore"):
        _forward(case, p, values, bound)
        _loss(case, p, values, bound, epsilon)
        _backward(case, p, values, bound)
    return {name: np.where(np.isnan(e), np.inf, e) for name, e in bound.items()}


def _forward(case: Case, p: Precision, value: dict[str, Array], bound: dict[str, Any]) -> None:
    x, e = case.x.astype(np.float64), np.zeros(case.x.shape)
    for i, (W, b) in enumerate(zip(case.weights, case.biases, strict=True), start=1):
        W, b = abs(W.astype(np.float64)), b.astype(np.float64)
        e = SAFETY * (e @ W) + p.product(abs(x) + 2 * e, W, extra=b, roundings=1)
        bound[f"affine{i}.out"] = e
        if i < len(case.weights):
            out = f"{case.spec.activation}{i}.out"
            x = value[out]
            if case.spec.activation == "sigmoid":
                e = np.minimum(e / 4 + bounds.SIGMOID * p.u * x + p.tiny, 1.0)
            else:  # surely below 0, or 0 in any order of summation: exactly 0
                e = np.where(value[f"affine{i}.out"] + 2 * e > 0, e, 0.0)
            bound[out] = e


def _loss(case: Case, p: Precision, value: dict[str, Array], bound: dict[str, Any], epsilon: float) -> None:
    last = f"affine{len(case.weights)}.out"
    x, e = value[last], bound[last]
    y, _, _ = softmax(x)
    # Logits off by e move log p by at most e + max e.
    of_log_p = softmax_relative(x, p) + SAFETY * (e + e.max(axis=1, keepdims=True))
    of_y = np.minimum(y * np.expm1(np.minimum(of_log_p, 700.0)) + p.tiny, 1.0)
    bound["softmax.y"] = of_y
    rows = np.arange(len(x))
    bound["loss"] = bounds.mean_loss(p, x, case.labels, epsilon, of_log_p[rows, case.labels])
    bound["softmax.dx"] = SAFETY * (of_y / len(x) + 3 * p.u * abs(value["softmax.dx"])) + p.subnormal


def _backward(case: Case, p: Precision, value: dict[str, Array], bound: dict[str, Any]) -> None:
    activation = case.spec.activation
    d, e = value["softmax.dx"], bound["softmax.dx"]
    for i in range(len(case.weights), 0, -1):
        W = abs(case.weights[i - 1].astype(np.float64))
        x = value[f"{activation}{i - 1}.out"] if i > 1 else case.x.astype(np.float64)
        e_x = bound[f"{activation}{i - 1}.out"] if i > 1 else np.zeros(x.shape)
        most_d, most_x = abs(d) + 2 * e, abs(x) + 2 * e_x
        bound[f"affine{i}.dW"] = SAFETY * (most_x.T @ e + e_x.T @ most_d) + p.product(most_x.T, most_d)
        bound[f"affine{i}.db"] = SAFETY * e.sum(axis=0) + p.column_sum(most_d)
        bound[f"affine{i}.dx"] = SAFETY * (e @ W.T) + p.product(most_d, W.T)
        if i == 1:
            return
        d, e = value[f"affine{i}.dx"], bound[f"affine{i}.dx"]
        most_d = abs(d) + 2 * e
        if activation == "relu":
            z, e_z = value[f"affine{i - 1}.out"], bound[f"affine{i - 1}.out"]
            ambiguous = (abs(z) <= 2 * e_z) & (e_z > 0)
            e = np.where(ambiguous, most_d, np.where(z > 0, e, 0.0))
        else:
            slope = x * (1 - x)
            of_slope = e_x * (1 + e_x) + (bounds.SIGMOID + 4) * p.u * x
            e = SAFETY * (e * (slope + of_slope) + most_d * of_slope + 4 * p.u * most_d * slope) + p.subnormal
        bound[f"{activation}{i - 1}.dx"] = e
        d = value[f"{activation}{i - 1}.dx"]
