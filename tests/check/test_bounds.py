"""The rigorous bounds hold for every correct implementation: any order of summation, blocked, fused, in either dtype.

And they are sharp enough to be worth having: an error a hundred times their size is seen, in any single element.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from gradparity.arithmetic.precision import Precision
from gradparity.functions.layers import LAYERS
from gradparity.functions.layers.batch_norm import OnePass
from gradparity_reference import BatchNorm, Convolution
from hypothesis import given
from hypothesis import strategies as st

Array = np.ndarray[Any, Any]
dtypes = st.sampled_from([np.float64, np.float32])
sizes = st.integers(1, 60)
scales = st.sampled_from([1e-6, 1e-2, 1.0, 30.0])
seeds = st.integers(0, 2**32 - 1)


def plain(a: Array, b: Array) -> Array:
    return a @ b


def forwards(a: Array, b: Array) -> Array:
    out = np.zeros((a.shape[0], b.shape[1]), a.dtype)
    for k in range(a.shape[1]):
        out += a[:, k, None] * b[None, k, :]
    return out


def backwards(a: Array, b: Array) -> Array:
    return forwards(a[:, ::-1], b[::-1])


def by_size(a: Array, b: Array) -> Array:
    """The worst order: largest terms first."""
    order = np.argsort(-np.abs(a).sum(axis=0))
    return forwards(a[:, order], b[order])


def blocked(a: Array, b: Array) -> Array:
    parts = [a[:, k : k + 8] @ b[k : k + 8] for k in range(0, a.shape[1], 8)]
    return np.sum(np.stack(parts), axis=0, dtype=a.dtype)


def fused(a: Array, b: Array) -> Array:
    """Products not rounded before they are added, as with FMA (exact for float32 in float64)."""
    out = np.zeros((a.shape[0], b.shape[1]), a.dtype)
    wide = np.longdouble if a.dtype == np.float64 else np.float64
    for k in range(a.shape[1]):
        out = (out.astype(wide) + a[:, k, None].astype(wide) * b[None, k, :].astype(wide)).astype(a.dtype)
    return out


PRODUCTS = [plain, forwards, backwards, by_size, blocked, fused]


def exact(x: Array) -> Array:
    return x.astype(np.longdouble if x.dtype == np.float64 else np.float64)


def within(came: Any, truth: Any, bound: Any) -> None:
    excess = np.abs(np.asarray(came, np.longdouble) - truth) - np.asarray(bound, np.longdouble)
    assert np.all(excess <= 0), f"exceeds its bound by {excess.max():g}"


def bounds(kind: str, dtype: Any, **inputs: Any) -> dict[str, Array]:
    """The layer's bounds, of all its results."""
    wide = {name: a.astype(np.float64) if np.asarray(a).dtype.kind == "f" else a for name, a in inputs.items()}
    return {result: LAYERS[kind].bound(result, Precision.of(dtype), wide) for result in LAYERS[kind].results}


@pytest.mark.parametrize("product", PRODUCTS)
@given(dtype=dtypes, n=sizes, k=sizes, m=sizes, scale=scales, seed=seeds)
def test_affine(
    product: Callable[[Array, Array], Array], dtype: Any, n: int, k: int, m: int, scale: float, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    x, W, b, dout = ((rng.normal(size=shape) * scale).astype(dtype) for shape in ((n, k), (k, m), (m,), (n, m)))
    x[rng.random(x.shape) < 0.3] = 0
    bound = bounds("affine", dtype, x=x, W=W, b=b, dout=dout)
    within(product(x, W) + b, exact(x) @ exact(W) + exact(b), bound["out"])
    within(product(dout, W.T), exact(dout) @ exact(W).T, bound["dx"])
    within(product(x.T, dout), exact(x).T @ exact(dout), bound["dW"])
    within(product(np.ones((1, n), dtype), dout)[0], exact(dout).sum(axis=0), bound["db"])


@given(dtype=dtypes, scale=st.sampled_from([1e-3, 1.0, 20.0, 400.0]), seed=seeds)
def test_sigmoid(dtype: Any, scale: float, seed: int) -> None:
    rng = np.random.default_rng(seed)
    x, dout = (rng.normal(size=(9, 7)) * scale).astype(dtype), rng.normal(size=(9, 7)).astype(dtype)
    bound = bounds("sigmoid", dtype, x=x, dout=dout)
    with np.errstate(over="ignore"):
        y = 1 / (1 + np.exp(-exact(x)))
    with np.errstate(over="ignore", under="ignore"):
        e = np.exp(-np.abs(x))
        forms = [1 / (1 + np.exp(-x)), np.where(x > 0, 1 / (1 + e), e / (1 + e))]
    for out in forms:
        within(out, y, bound["out"])
        within(dout * out * (1 - out), exact(dout) * y * (1 - y), bound["dx"])
        within(dout * (out - out * out), exact(dout) * y * (1 - y), bound["dx"])


@given(dtype=dtypes, scale=st.sampled_from([1e-30, 1e-3, 1.0, 20.0, 400.0]), seed=seeds)
def test_tanh(dtype: Any, scale: float, seed: int) -> None:
    rng = np.random.default_rng(seed)
    x, dout = (rng.normal(size=(9, 7)) * scale).astype(dtype), rng.normal(size=(9, 7)).astype(dtype)
    bound = bounds("tanh", dtype, x=x, dout=dout)
    y = np.tanh(exact(x))
    e = np.expm1(2 * np.minimum(abs(x), dtype(22)))
    with np.errstate(over="ignore"):
        slopes, truth = [1 / np.square(np.cosh(x))], exact(dout) / np.square(np.cosh(exact(x)))
    for out in (np.tanh(x), np.copysign(e / (e + 2), x)):
        within(out, y, bound["out"])
        slopes += [1 - out * out, (1 - out) * (1 + out)]
    for slope in slopes:
        within(dout * slope, truth, bound["dx"])


@given(
    dtype=dtypes,
    classes=sizes,
    scale=st.sampled_from([1e-3, 1.0, 30.0, 3000.0]),
    offset=st.sampled_from([0.0, 1000.0]),
    epsilon=st.sampled_from([0.0, 1e-7]),
    seed=seeds,
)
def test_softmax_with_loss(dtype: Any, classes: int, scale: float, offset: float, epsilon: float, seed: int) -> None:
    rng = np.random.default_rng(seed)
    x, t = (rng.normal(size=(6, classes)) * scale + offset).astype(dtype), rng.integers(classes, size=6)
    rows = np.arange(6)
    bound = bounds("softmax_with_loss", dtype, x=x, t=t, epsilon=np.asarray(epsilon))

    def form(x: Array, divide: bool) -> tuple[Array, Array, Array]:
        top = x.max(axis=1, keepdims=True)
        e = np.exp(x - top)
        total = e.sum(axis=1, keepdims=True)
        log_p = x - top - np.log(total) if divide else x - (top + np.log(total))
        y = e / total if divide else np.exp(log_p)
        own = log_p[rows, t]
        loss = -(np.log(np.exp(own) + x.dtype.type(epsilon)) if epsilon else own).mean()
        dx = y.copy()
        dx[rows, t] -= 1
        return loss, y, dx / x.dtype.type(6)

    truth = form(exact(x), divide=True)
    for came in (form(x, divide=True), form(x, divide=False)):
        for name, value, right in zip(("loss", "y", "dx"), came, truth, strict=True):
            within(value, right, bound[name])


@given(dtype=dtypes, seed=seeds)
def test_multiply_add_and_relu(dtype: Any, seed: int) -> None:
    rng = np.random.default_rng(seed)
    x, y, dout = (rng.normal(size=(3, 4)).astype(dtype) for _ in range(3))
    of_multiply, of_add = (bounds(kind, dtype, x=x, y=y, dout=dout) for kind in ("multiply", "add"))
    within(x * y, exact(x) * exact(y), of_multiply["out"])
    within(dout * x, exact(dout) * exact(x), of_multiply["dy"])
    within(x + y, exact(x) + exact(y), of_add["out"])
    assert not of_add["dx"].any()
    assert not bounds("relu", dtype, x=x, dout=dout)["out"].any()


def windows(x: Array, size: int, stride: int) -> Array:
    view = np.lib.stride_tricks.sliding_window_view(x, (size, size), axis=(2, 3))[:, :, ::stride, ::stride]
    return view.transpose(0, 2, 3, 1, 4, 5)


@pytest.mark.parametrize("product", PRODUCTS)
@given(
    dtype=dtypes, n=st.integers(1, 3), c=st.integers(1, 3), f=st.integers(1, 4), stride=st.integers(1, 2), seed=seeds
)
def test_convolution(
    product: Callable[[Array, Array], Array], dtype: Any, n: int, c: int, f: int, stride: int, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    out = (6 - 3) // stride + 1
    shapes = ((n, c, 6, 6), (f, c, 3, 3), (f,), (n, f, out, out))
    x, W, b, dout = (rng.normal(size=shape).astype(dtype) for shape in shapes)
    numbers = {"stride": np.asarray(stride), "pad": np.asarray(0)}
    bound = bounds("convolution", dtype, x=x, W=W, b=b, dout=dout, **numbers)
    col, rows, filters = (
        windows(x, 3, stride).reshape(n * out * out, -1),
        dout.transpose(0, 2, 3, 1).reshape(-1, f),
        W.reshape(f, -1),
    )

    def as_images(a: Array) -> Array:
        return a.reshape(n, out, out, f).transpose(0, 3, 1, 2)

    within(as_images(product(col, filters.T) + b), as_images(exact(col) @ exact(filters).T + exact(b)), bound["out"])
    within(product(rows.T, col).reshape(W.shape), (exact(rows).T @ exact(col)).reshape(W.shape), bound["dW"])
    wide = Convolution(exact(W), exact(b), stride)
    wide.forward(exact(x))
    for order in (1, -1):  # a pixel's sum begins at its first window, or at its last
        dx = np.zeros_like(x)
        places = [(i, j) for i in range(out) for j in range(out)][::order]
        for i, j in places:
            part = product(dout[:, :, i, j], filters).reshape(n, c, 3, 3)
            dx[:, :, i * stride : i * stride + 3, j * stride : j * stride + 3] += part
        within(dx, wide.backward(exact(dout)), bound["dx"])


@given(
    dtype=dtypes,
    n=st.integers(2, 40),
    offset=st.sampled_from([0.0, 1.0, 100.0]),
    scale=st.sampled_from([1e-3, 1.0, 50.0]),
    training=st.booleans(),
    seed=seeds,
)
def test_batch_norm(dtype: Any, n: int, offset: float, scale: float, training: bool, seed: int) -> None:
    rng = np.random.default_rng(seed)
    x = (rng.normal(size=(n, 5)) * scale + offset).astype(dtype)
    dout = rng.normal(size=(n, 5)).astype(dtype)
    held = [rng.normal(size=5).astype(dtype) for _ in range(3)] + [rng.uniform(0.5, 2, 5).astype(dtype)]
    named = dict(zip(BatchNorm.arrays(), held, strict=True))
    phase = {"training": np.asarray(training), "momentum": np.asarray(0.9), "epsilon": np.asarray(1e-6)}
    bound = bounds("batch_norm", dtype, x=x, dout=dout, **named, **phase)

    def results(made_of: type[BatchNorm], convert: Callable[[Array], Array]) -> dict[str, Array]:
        gamma, beta, mean, var = map(convert, held)
        layer = made_of(gamma, beta, mean, var)
        layer.training = training
        out = layer.forward(convert(x))
        moved = {name: getattr(layer, name) for name in layer.state if training}
        return {"out": out, **moved, "dx": layer.backward(convert(dout)), "dgamma": layer.dgamma, "dbeta": layer.dbeta}

    truth = results(BatchNorm, exact)
    with np.errstate(all="ignore"):
        for made_of in (BatchNorm, OnePass):
            for name, came in results(made_of, lambda a: a).items():
                slack = np.finfo(dtype).eps * abs(truth[name])  # the numbers themselves are rounded to the dtype
                within(came, truth[name], bound[name] + slack)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_denormal_products(dtype: Any) -> None:
    info = np.finfo(dtype)
    x = np.full((2, 5), np.sqrt(float(info.tiny)) / 100).astype(dtype)
    bound = bounds("affine", dtype, x=x, W=x.T, b=np.zeros(2), dout=x[:, :2])
    within(forwards(x, x.T), exact(x) @ exact(x).T, bound["out"])
    assert np.all(bound["out"] < 1e-3 * info.tiny), "flushing denormals to zero is seen"


@given(dtype=dtypes, n=sizes, k=st.integers(2, 60), seed=seeds)
def test_one_element_off_by_a_thousandth_is_seen(dtype: Any, n: int, k: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    x, W = np.abs(rng.normal(size=(n, k)).astype(dtype)), np.abs(rng.normal(size=(k, 3)).astype(dtype))
    bound = bounds("affine", dtype, x=x, W=W, b=np.zeros(3), dout=np.zeros((n, 3)))["out"]
    right = exact(x) @ exact(W)
    assert np.all(np.abs(right * 1e-3) > 10 * bound)
