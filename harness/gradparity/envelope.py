"""Question c: the whole pass in stochastic arithmetic. How far rounding usually takes each array of the trace.

The oracle is run some times in float64, with a random error of the size that rounding makes added to the result of
every operation. The root mean square deviation of an array from the undisturbed run is its envelope. It stays sharp at
any depth, where the rigorous bound does not. (Monte Carlo arithmetic: D. S. Parker (1997); CADNA; Verificarlo.)
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .cases import Case
from .rounding import Array, Precision, root_mean_square, row_losses, softmax

RUNS = 12
LIMIT = 4.0  # envelopes: what a correct implementation stays within (docs/verdicts.md has the measured rate)
AMBIGUOUS = 8.0  # a pre-activation within so many of its deviations of 0 has an ambiguous mask
ELEMENTWISE = 3.0  # u: the error of an elementwise operation


def envelopes(case: Case, epsilon: float) -> dict[str, float]:
    """For each array of the oracle's trace, the root mean square deviation of an element. Seeded by the case."""
    return _Disturbed(case, epsilon).envelopes()


class _Disturbed:
    """The oracle's pass with noise. The noise's sizes are those of the undisturbed run."""

    def __init__(self, case: Case, epsilon: float) -> None:
        self.case = case
        self.epsilon = epsilon
        self.p = Precision.of(case.spec.dtype)
        self.rng = np.random.Generator(np.random.Philox(np.random.SeedSequence([case.seed, 12, len(case.x)])))
        self.x = case.x.astype(np.float64)
        self.weights = [W.astype(np.float64) for W in case.weights]
        self.biases = [b.astype(np.float64) for b in case.biases]
        self.labels = case.labels
        self.flip: dict[int, Array] = {}
        self.sizes: dict[str, Any] = {}
        self.still = self._run(disturb=False)

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
            spread = np.sqrt((rows**2).sum()) + u * np.sqrt(n / 2) * np.sqrt((losses**2).sum())
            size: Array = spread / n + u * (np.sqrt(n / 3) + ELEMENTWISE) * abs(mean)
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
        """The size of the rounding error of a sum of n products: a random walk of n steps."""
        n = a.shape[1]
        walk = np.sqrt(n / 2) * np.sqrt(np.square(a) @ np.square(b)) + np.sqrt(n / 3) * abs(product)
        underflow = self.p.subnormal * np.sqrt(n) * (walk > 0)
        size: Array = self.p.u * walk + underflow
        return size

    def _elementwise(self, value: Array) -> Array:
        size: Array = ELEMENTWISE * self.p.u * abs(value) + self.p.subnormal * (value != 0)
        return size

    def _record_size(self, trace: dict[str, Any], name: str, value: Any, size: Any) -> Any:
        self.sizes[name] = size(value)
        trace[name] = value
        return value

    def _add_noise(self, trace: dict[str, Any], name: str, value: Any, size: Any) -> Any:
        trace[name] = value + self.sizes[name] * self.rng.standard_normal(np.shape(value))
        return trace[name]
