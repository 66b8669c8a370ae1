"""Batch normalization. Source: section 6.3; S. Ioffe and C. Szegedy (2015)."""

from __future__ import annotations

import numpy as np

from .layer import Array, Layer, rounded


class BatchNorm(Layer):
    """gamma (x - mean) / sqrt(var + epsilon) + beta, column by column over the batch.

    In training mean and variance are those of the batch (the variance is the mean of the squares, not n - 1), and the
    running ones follow: ``running <- momentum running + (1 - momentum) of the batch``. In the test the running ones are
    used, and stay.
    """

    params = ("gamma", "beta")
    state = ("running_mean", "running_var")
    numbers = ("momentum", "epsilon")

    def __init__(
        self,
        gamma: Array,
        beta: Array,
        running_mean: Array,
        running_var: Array,
        momentum: float = 0.9,
        epsilon: float = 1e-6,
    ) -> None:
        """All four arrays are (features,). The book's epsilon is 10e-7."""
        self.gamma, self.beta = gamma, beta
        self.running_mean, self.running_var = running_mean, running_var
        self.momentum, self.epsilon = momentum, epsilon

    def forward(self, x: Array) -> Array:
        """x is (batch, features); the same shape comes back."""
        if self.training:
            mean = x.mean(axis=0)
            self.xc = x - mean
            var = (self.xc**2).mean(axis=0)
            old, new = rounded(self.momentum, x), rounded(1 - self.momentum, x)
            self.running_mean = old * self.running_mean + new * mean
            self.running_var = old * self.running_var + new * var
        else:
            self.xc = x - self.running_mean
            var = self.running_var
        self.std = np.sqrt(var + rounded(self.epsilon, x))
        self.xn = self.xc / self.std
        out: Array = self.gamma * self.xn + self.beta
        return out

    def backward(self, dout: Array) -> Array:
        """dx, of the shape of x; keeps dgamma and dbeta too. In training mean and variance depend on x as well."""
        self.dbeta: Array = dout.sum(axis=0)
        self.dgamma: Array = (self.xn * dout).sum(axis=0)
        dxn = self.gamma * dout
        dxc: Array = dxn / self.std
        if not self.training:
            return dxc
        dstd = -((dxn * self.xc) / (self.std * self.std)).sum(axis=0)
        dvar = dstd / (2 * self.std)
        n = rounded(len(dout), dout)
        dxc = dxc + 2 * self.xc * dvar / n
        dmean = dxc.sum(axis=0)
        dx: Array = dxc - dmean / n
        return dx
