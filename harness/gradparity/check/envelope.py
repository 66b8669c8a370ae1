"""Question c: the whole pass in stochastic arithmetic. How far rounding usually takes each array of the trace.

The oracle is run some times in float64, with a random error of the size that rounding makes added to the result of
every operation. The root mean square deviation of an array from the undisturbed run is its envelope. It stays sharp at
any depth, where the rigorous bound does not. (Monte Carlo arithmetic: D. S. Parker (1997); CADNA; Verificarlo.)
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..cases import Case
from .rounding import Array, Precision, root_mean_square, row_losses, softmax

RUNS = 12
LIMIT = 4.0  # envelopes: what a correct implementation stays within (docs/verdicts.md has the measured rate)
AMBIGUOUS = 8.0  # a pre-activation within so many of its deviations of 0 has an ambiguous mask
COHERENT = 0.25  # of the terms that are the same number: the share of a rounding error that they have in common
ELEMENTWISE = 3.0  # u: the error of an elementwise operation


def envelopes(case: Case, epsilon: float) -> dict[str, float]:
    """For each array of the oracle's trace, the root mean square deviation of an element. Seeded by the case."""
    return _Disturbed(case, epsilon).envelopes()


class _Disturbed:
    """The oracle's pass with noise. The noise's sizes are those of the undisturbed run."""

    def __init__(self, case: Case, epsilon: float) -> None:
        self.case = case
        self.epsilon = epsilon
        self.dtype = case.spec.dtype
        self.p = Precision.of(self.dtype)
        self.rng = np.random.Generator(np.random.Philox(np.random.SeedSequence([case.seed, 12, len(case.x)])))
        self.x = case.x.astype(np.float64)
        self.weights = [W.astype(np.float64) for W in case.weights]
        self.biases = [b.astype(np.float64) for b in case.biases]
        self.labels = case.labels
        self.flip: dict[int, Array] = {}
        self.sizes: dict[str, Any] = {}
        self.alike: dict[str, tuple[int, Array]] = {}  # rows of an array that are equal round alike: count, which
        self.still = self._run(disturb=False)
        for name in ("softmax.y", "softmax.dx"):  # saturated rows are equal, but come from different logits
            self.alike.pop(name, None)
            if f"affine{len(self.weights)}.out" in self.alike:
                self.alike[name] = self.alike[f"affine{len(self.weights)}.out"]

    def envelopes(self) -> dict[str, float]:
        deviations = self._deviations()
        if self.case.spec.activation == "relu":
            for i in range(1, len(self.weights)):
                name = f"affine{i}.out"
                usual = root_mean_square(deviations[name], axis=0)
                near = (abs(self.still[name]) <= AMBIGUOUS * usual) & (usual > 0)
                if near.any():
                    self.flip[i] = near
        if self.flip:  # once more, with each ambiguous mask drawn at random, so that both sides are surely seen
            deviations = self._deviations()
        return {name: float(root_mean_square(of_runs)) for name, of_runs in deviations.items()}

    def _deviations(self) -> dict[str, Array]:
        runs = [self._run(disturb=True) for _ in range(RUNS)]
        return {name: np.stack([run[name] - still for run in runs]) for name, still in self.still.items()}

    def _run(self, disturb: bool) -> dict[str, Any]:
        trace: dict[str, Any] = {}
        noisy = self._add_noise if disturb else self._record_size
        relu = self.case.spec.activation == "relu"
        with np.errstate(over="ignore", invalid="ignore"):
            x, inputs, masks = self.x, [self.x], []
            last = len(self.weights)
            for i, (W, b) in enumerate(zip(self.weights, self.biases, strict=True), start=1):
                z = noisy(trace, f"affine{i}.out", x @ W + b, lambda z, x=x, W=W: self._product(x, W, z))
                if i == last:
                    break
                if relu:
                    masks.append(self._mask(i, z, disturb))
                    x = trace[f"relu{i}.out"] = z * masks[-1]
                else:
                    x = noisy(trace, f"sigmoid{i}.out", 1 / (1 + np.exp(-z)), self._elementwise)
                inputs.append(x)
            d = self._loss(trace, z, noisy)
            for i in range(last, 0, -1):
                x, W = inputs[i - 1], self.weights[i - 1]
                noisy(trace, f"affine{i}.dW", x.T @ d, lambda r, x=x, d=d: self._product(x.T, d, r))
                ones = np.ones((1, len(d)))
                noisy(trace, f"affine{i}.db", d.sum(axis=0), lambda r, d=d, o=ones: self._product(o, d, r[None])[0])
                d = noisy(trace, f"affine{i}.dx", d @ W.T, lambda r, d=d, W=W: self._product(d, W.T, r))
                if i > 1 and relu:
                    d = trace[f"relu{i - 1}.dx"] = d * masks[i - 2]
                elif i > 1:
                    d = noisy(trace, f"sigmoid{i - 1}.dx", d * x * (1 - x), self._elementwise)
        return trace

    def _loss(self, trace: dict[str, Any], z: Array, noisy: Any) -> Array:
        n, u = len(z), self.p.u
        y, d, lse = softmax(z)
        of_log_p = u * (ELEMENTWISE + abs(d) + abs(lse))
        y = noisy(trace, "softmax.y", y, lambda y: of_log_p * y + self.p.subnormal)
        losses, share = row_losses(z, self.labels, self.epsilon)

        def of_mean(mean: Array) -> Array:
            rows = share * of_log_p[np.arange(n), self.labels] + ELEMENTWISE * u * abs(losses)
            _, which = np.unique(losses.astype(self.dtype), return_inverse=True)
            of_alike = np.bincount(which, rows)  # equal losses have equal errors
            m = max(COHERENT * float(_repeats(losses[:, None], u)[0]), 1.0)
            spread = np.sqrt((of_alike**2).sum()) + u * m * np.sqrt(n / 2) * np.sqrt((losses**2).sum())
            size: Array = spread / n + u * (np.sqrt(m * n / 3) + ELEMENTWISE) * abs(mean)
            return size

        noisy(trace, "loss", losses.mean(), of_mean)
        dx = y.copy()
        dx[np.arange(n), self.labels] -= 1
        result: Array = noisy(trace, "softmax.dx", dx / n, self._elementwise)
        return result

    def _mask(self, i: int, z: Array, disturb: bool) -> Array:
        mask = z > 0
        if disturb and i in self.flip:
            mask = np.where(self.flip[i], self.rng.random(z.shape) < 0.5, mask)
        return mask

    def _product(self, a: Array, b: Array, product: Array) -> Array:
        """The size of the rounding error of a sum of n products: a random walk of n steps.

        Where m terms are the same number, so may be m steps' roundings, and the walk is longer.
        """
        n = a.shape[1]
        m = np.maximum(COHERENT * np.minimum(_repeats(a.T, self.p.u)[:, None], _repeats(b, self.p.u)), 1.0)
        walk = m * np.sqrt(n / 2) * np.sqrt(np.square(a) @ np.square(b)) + np.sqrt(m * n / 3) * abs(product)
        underflow = self.p.subnormal * np.sqrt(n) * (walk > 0)
        size: Array = self.p.u * walk + underflow
        return size

    def _elementwise(self, value: Array) -> Array:
        size: Array = ELEMENTWISE * self.p.u * abs(value) + self.p.subnormal * (value != 0)
        return size

    def _record_size(self, trace: dict[str, Any], name: str, value: Any, size: Any) -> Any:
        self.sizes[name] = size(value)
        if np.ndim(value) == 2:
            distinct, which = np.unique(value.astype(self.dtype), axis=0, return_inverse=True)
            if len(distinct) < len(value):
                self.alike[name] = len(distinct), which.reshape(-1)
        trace[name] = value
        return value

    def _add_noise(self, trace: dict[str, Any], name: str, value: Any, size: Any) -> Any:
        if name in self.alike:
            count, which = self.alike[name]
            noise = self.rng.standard_normal((count, value.shape[1]))[which]
        else:
            noise = self.rng.standard_normal(np.shape(value))
        trace[name] = value + self.sizes[name] * noise
        return trace[name]


def _repeats(a: Array, u: float) -> Array:
    """How many numbers but 0 of each column of a are the same in a sum of n: within n u of each other. (columns,)."""
    n, longest = len(a), np.zeros(a.shape[1])
    ordered = np.sort(a, axis=0)
    last = ordered + n * u * abs(ordered)
    for j in range(a.shape[1]):
        run = np.searchsorted(ordered[:, j], last[:, j], side="right") - np.arange(n)
        longest[j] = np.max(run, where=ordered[:, j] != 0, initial=0)
    return longest
