"""Batch normalization. Its bounds hold for mean((x - mean)^2) as well as for mean(x^2) - mean^2, which rounds more."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from gradparity_reference import BatchNorm

from ...arithmetic.precision import Array, Precision
from ..evidence import Bugs, Candidates, Evidence, Inputs
from .layer import Fitted, Layer, Shape, is_training

SLACK = 1.25  # for products of errors

bug = Bugs("batch_norm")


@dataclass(frozen=True)
class _Normalized:
    """What forward normalizes by, and bounds of the errors of each; ``inverse`` is that of 1 / std, relatively."""

    mean: Array
    of_mean: Array
    var: Array
    of_var: Array
    std: Array
    inverse: Array
    xn: Array
    of_xn: Array


def _normalized(p: Precision, a: Inputs) -> _Normalized:
    x, n, epsilon = a["x"], len(a["x"]), float(a["epsilon"])
    if is_training(a):
        mean, of_mean = x.mean(axis=0), p.gamma(n + 1) * abs(x).mean(axis=0)
        xc = x - mean
        of_xc = p.u * abs(xc) + of_mean
        var = np.square(xc).mean(axis=0)
        of_terms = (2 * abs(xc) * of_xc + np.square(of_xc)).mean(axis=0) + 2 * abs(mean) * of_mean + np.square(of_mean)
        of_var = p.gamma(n + 4) * (np.square(x).mean(axis=0) + np.square(mean)) + of_terms + p.subnormal
    else:
        mean, var = a["running_mean"], a["running_var"]
        of_mean = of_var = np.zeros_like(mean)
        xc = x - mean
        of_xc = p.u * abs(xc)
    std = np.sqrt(var + epsilon)
    relative = np.minimum(of_var / np.square(std) + 3 * p.u, 1.0)
    inverse = 1 / np.sqrt(1 - relative) - 1 + 4 * p.u
    # x gamma / std - mean gamma / std is right, too
    of_xc = of_xc + 3 * p.u * (abs(x) + abs(mean))
    xn = xc / std
    return _Normalized(mean, of_mean, var, of_var, std, inverse, xn, of_xc / std * (1 + inverse) + abs(xn) * inverse)


def _out(p: Precision, a: Inputs) -> Any:
    by = _normalized(p, a)
    return SLACK * (abs(a["gamma"]) * by.of_xn + 3 * p.u * (abs(a["gamma"] * by.xn) + abs(a["beta"])))


def _running(p: Precision, a: Inputs, old: Array, new: Array, of_new: Array) -> Any:
    return SLACK * ((1 - float(a["momentum"])) * of_new + 6 * p.u * (abs(old) + abs(new)))


def _running_mean(p: Precision, a: Inputs) -> Any:
    by = _normalized(p, a)
    return _running(p, a, a["running_mean"], by.mean, by.of_mean)


def _running_var(p: Precision, a: Inputs) -> Any:
    by = _normalized(p, a)
    return _running(p, a, a["running_var"], by.var, by.of_var)


def _dx(p: Precision, a: Inputs) -> Any:
    by, n, dout = _normalized(p, a), len(a["x"]), abs(a["dout"])
    along, of_along = abs(by.xn * dout).mean(axis=0), (by.of_xn * dout).mean(axis=0)
    sizes, errors = dout, 4 * p.u * dout
    if is_training(a):
        sizes = dout + dout.mean(axis=0) + abs(by.xn) * along
        errors = 4 * p.u * sizes + p.gamma(n + 3) * (dout.mean(axis=0) + (abs(by.xn) + abs(by.xn).mean(axis=0)) * along)
        errors = errors + abs(by.xn) * of_along + (by.of_xn + by.of_xn.mean(axis=0)) * (along + of_along)
    return SLACK * abs(a["gamma"]) / by.std * (errors + (by.inverse + 6 * p.u) * sizes) + p.subnormal


def _dgamma(p: Precision, a: Inputs) -> Any:
    by, dout = _normalized(p, a), abs(a["dout"])
    of_terms = p.gamma(len(dout) + 1) * abs(by.xn * dout).sum(axis=0)
    return SLACK * (of_terms + (by.of_xn * dout).sum(axis=0)) + len(dout) * p.subnormal


def _fit(options: Mapping[str, str], shape: Shape) -> Fitted:
    if len(shape) != 1:
        raise ValueError(f"batch_norm takes rows, and would be given images: {'x'.join(map(str, shape))}")
    numbers = {"momentum": float(options.get("momentum", 0.9)), "epsilon": float(options.get("epsilon", 1e-6))}
    return Fitted(shape, numbers, dict.fromkeys(BatchNorm.params + BatchNorm.state, shape))


class OnePass(BatchNorm):
    """The variance as mean(x^2) - mean^2, and x scaled and shifted at once; dx in one expression."""

    def forward(self, x: Array) -> Array:
        """See `BatchNorm`."""
        out = super().forward(x)
        if self.training:
            mean = x.mean(axis=0)
            var = np.maximum((x * x).mean(axis=0) - mean * mean, 0)
            self.std = np.sqrt(var + x.dtype.type(self.epsilon))
            scale = self.gamma / self.std
            self.xn = (x - mean) / self.std
            out = x * scale + (self.beta - mean * scale)
        return out

    def backward(self, dout: Array) -> Array:
        """See `BatchNorm`."""
        dx = super().backward(dout)
        if self.training:
            inner = dout - dout.mean(axis=0) - self.xn * (self.xn * dout).mean(axis=0)
            dx = self.gamma / self.std * inner
        return dx


BATCH_NORM = Layer(
    "batch_norm",
    forward={"out": _out, "running_mean": _running_mean, "running_var": _running_var},
    backward={"dx": _dx, "dgamma": _dgamma, "dbeta": lambda p, a: p.column_sum(a["dout"])},
    bugs=bug,
    notation=r"(m(?P<momentum>0?\.\d+))?(e(?P<epsilon>0?\.\d+))?",
    fit=_fit,
    draws={
        "gamma": lambda rng, shape, numbers: 1 + 0.3 * rng.normal(size=shape),
        "beta": lambda rng, shape, numbers: 0.3 * rng.normal(size=shape),
        "running_mean": lambda rng, shape, numbers: 0.3 * rng.normal(size=shape),
        "running_var": lambda rng, shape, numbers: rng.uniform(0.5, 1.5, size=shape),
    },
    formulas=(OnePass,),
    rounds_most=OnePass,
    absorbs_bias=True,
)


class _Changed(BatchNorm):
    """The reference's, with one thing made otherwise: how variance and running statistics come about."""

    def of_var(self, var: Array) -> Array:
        return var

    def root(self, var: Array) -> Array:
        std: Array = np.sqrt(var + var.dtype.type(self.epsilon))
        return std

    def squares(self, xc: Array) -> Array:
        squares: Array = xc**2
        return squares

    def moved(self, old: Array, new: Array) -> Array:
        m = self.momentum
        moved: Array = old.dtype.type(m) * old + old.dtype.type(1 - m) * new
        return moved

    def forward(self, x: Array) -> Array:
        mean, var = self.running_mean, self.running_var
        if self.training:
            mean = x.mean(axis=0)
            var = self.squares(x - mean).mean(axis=0)
            self.running_mean = self.moved(self.running_mean, mean)
            self.running_var = self.moved(self.running_var, self.of_var(var))
            var = self.normalizing(var)
        self.xc = x - mean
        self.std = self.root(var)
        self.n = len(x)
        self.xn = self.xc / self.std
        out: Array = self.gamma * self.xn + self.beta
        return out

    def normalizing(self, var: Array) -> Array:
        return var


def _unbiased(var: Array, n: int) -> Array:
    unbiased: Array = var * var.dtype.type(n / (n - 1)) if n > 1 else var
    return unbiased


def _changed(e: Evidence, **methods: Any) -> Array:
    return BATCH_NORM.value(e.result, e.inputs, type("Changed", (_Changed,), methods))


@bug("unbiased variance")
def _unbiased_variance(e: Evidence) -> Candidates:
    def of_n_minus_1(self: Any, var: Array) -> Array:
        return _unbiased(var, e.batch)

    sentence = "the variance is divided by batch - 1, for the batch size"
    yield sentence, _changed(e, normalizing=of_n_minus_1, of_var=of_n_minus_1)
    if e.result == "running_var":
        yield "the running variance is that of batch - 1, the normalization's is not", _changed(e, of_var=of_n_minus_1)


@bug("epsilon outside the root")
def _epsilon_outside(e: Evidence) -> Candidates:
    def outside(self: Any, var: Array) -> Array:
        std: Array = np.sqrt(var) + var.dtype.type(self.epsilon)
        return std

    yield "epsilon is added to the square root, where it belongs inside", _changed(e, root=outside)


@bug("epsilon in the root")
def _another_epsilon(e: Evidence) -> Candidates:
    for epsilon in (0.0, 1e-3, 1e-5, 1e-7, 1e-8, 1e-10, 1e-12):
        if epsilon != float(e.inputs["epsilon"]):
            sentence = f"epsilon is {epsilon:g}, for {float(e.inputs['epsilon']):g}"
            yield sentence, BATCH_NORM.value(e.result, {**e.inputs, "epsilon": np.asarray(epsilon)})


@bug("2^x for x^2")
def _power(e: Evidence) -> Candidates:
    def powers(self: Any, xc: Array) -> Array:
        found: Array = 2**xc
        return found

    yield "the variance is the mean of 2^(x - mean), for (x - mean)^2", _changed(e, squares=powers)


@bug("missing mean term", results=("dx",))
def _missing_mean_term(e: Evidence) -> Candidates:
    if not is_training(e.inputs):
        return
    yield from _shortened(e.inputs)


def _shortened(a: Inputs) -> Iterator[tuple[str, Array]]:
    """dx with a path of the gradient left out."""
    gamma, beta, mean, var = (a[name] for name in BatchNorm.arrays())
    layer = BatchNorm(gamma, beta, mean, var, a["momentum"].item(), a["epsilon"].item())
    layer.forward(a["x"])
    dxn, n = layer.gamma * a["dout"], a["x"].dtype.type(len(a["x"]))
    straight = dxn / layer.std
    by_var = layer.xn * (layer.xn * straight).mean(axis=0)
    yield "the mean's path is missing: dx without what goes through the mean", straight - by_var
    yield "the variance's path is missing: dx without what goes through the variance", straight - straight.mean(axis=0)
    yield "the variance's path is halved", straight - straight.mean(axis=0) - by_var / 2
    yield "the mean's path is a sum, for a mean", straight - straight.sum(axis=0) - by_var
    yield "the variance's path is a sum, for a mean", straight - straight.mean(axis=0) - by_var * n


@bug("phase confused")
def _phase(e: Evidence) -> Candidates:
    if e.result in BatchNorm.state:
        yield "the running statistics stand still in training", e.inputs[e.result]
        return
    here, other = ("training", "the test") if is_training(e.inputs) else ("the test", "training")
    turned = {**e.inputs, "training": np.asarray(not is_training(e.inputs))}
    yield f"in {here} it does what belongs to {other}", BATCH_NORM.value(e.result, turned)
    if e.result == "dx":
        layer = BATCH_NORM.value("dx", e.inputs, _BackOfTheOther)
        yield f"backward is that of {other}, after the forward pass of {here}", layer


class _BackOfTheOther(BatchNorm):
    def backward(self, dout: Array) -> Array:
        self.training = not self.training
        return super().backward(dout)


@bug("momentum's complement", results=("running_mean", "running_var"))
def _complement(e: Evidence) -> Candidates:
    turned = {**e.inputs, "momentum": np.asarray(1 - e.inputs["momentum"].item())}
    sentence = "momentum and 1 - momentum are exchanged: momentum belongs to the old value"
    yield sentence, BATCH_NORM.value(e.result, turned)


@bug("running mean without momentum", results=("running_mean", "running_var"))
def _without_momentum(e: Evidence) -> Candidates:
    old, m = e.inputs[e.result], e.inputs["momentum"].item()
    new = BATCH_NORM.value(e.result, {**e.inputs, "momentum": np.asarray(0.0)})
    yield "the old value is not multiplied by the momentum", old + old.dtype.type(1 - m) * new
    yield "the new value is not multiplied by 1 - momentum", old.dtype.type(m) * old + new
    yield "it is the batch's own: nothing of the old value is left", new
