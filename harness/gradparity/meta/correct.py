"""Correct implementations of the network: the oracle's mathematics, rounded differently.

Each is a few of the oracle's formulas replaced: another order of summation, fused multiply-add, higher precision, or
another formula of the same thing. What they compute is right, so a verdict "wrong" on any of them is a false alarm.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from ..cases import Array, Case
from ..check.reference import LayerCheck

Term = Callable[[Any], Array]  # the k-th term of a sum
Order = Callable[[Term, int], Array]  # sums n terms

BLOCK = 8


def forwards(term: Term, n: int) -> Array:
    """((t0 + t1) + t2) + ..."""
    total = term(0)
    for k in range(1, n):
        total = total + term(k)
    return total


def backwards(term: Term, n: int) -> Array:
    """((tn + ...) + t1) + t0."""
    return forwards(lambda k: term(n - 1 - k), n)


def pairwise(term: Term, n: int) -> Array:
    """The sum of the two halves' sums."""
    if n <= 2:
        return forwards(term, n)
    half = n // 2
    return pairwise(term, half) + pairwise(lambda k: term(half + k), n - half)


def blocked(term: Term, n: int) -> Array:
    """The sum of each block of terms, then the sum of these, as in a cache-blocked or vectorised loop."""
    starts = range(0, n, BLOCK)
    return forwards(lambda i: forwards(lambda k: term(starts[i] + k), min(BLOCK, n - starts[i])), len(starts))


def compensated(term: Term, n: int) -> Array:
    """Kahan's sum, which carries along what each addition lost (Higham, "Accuracy and Stability", section 4.3)."""
    total, lost = term(0), np.zeros_like(term(0))
    for k in range(1, n):
        y = term(k) - lost
        after = total + y
        lost = (after - total) - y
        total = after
    return total


def widened(a: Array) -> Array:
    """float32 as float64, float64 as longdouble (80 bits on x86)."""
    return a.astype(np.float64 if a.dtype == np.float32 else np.longdouble)


class Correct:
    """The oracle's own formulas; a subclass replaces some. Arrays have the oracle's shapes throughout."""

    name = "plain"
    sorts = (
        False  # whether sums are ordered by their terms' values, which the stochastic question presumes they are not
    )

    def product(self, a: Array, b: Array) -> Array:
        """a @ b."""
        result: Array = a @ b
        return result

    def total(self, a: Array) -> Any:
        """The sum over the first axis."""
        return a.sum(axis=0)

    def mean(self, a: Array) -> Any:
        """The mean of a vector."""
        return self.total(a) / a.dtype.type(len(a))

    def affine(self, x: Array, W: Array, b: Array) -> Array:
        """x @ W + b."""
        return self.product(x, W) + b

    def active(self, x: Array, out: Array) -> Array:
        """Where relu lets through."""
        let_through: Array = x > 0
        return let_through

    def sigmoid(self, x: Array) -> Array:
        """1 / (1 + exp(-x))."""
        out: Array = 1 / (1 + np.exp(-x))
        return out

    def sigmoid_back(self, dout: Array, out: Array) -> Array:
        """dx, of dout and sigmoid's result."""
        dx: Array = dout * out * (1 - out)
        return dx

    def softmax(self, x: Array) -> tuple[Array, Array]:
        """(y, log y)."""
        z = x - x.max(axis=1, keepdims=True)
        e = np.exp(z)
        total = self.total(e.T)[:, None]
        return e / total, z - np.log(total)

    def row_losses(self, log_p: Array, labels: Array, epsilon: float) -> Array:
        """-log(p + epsilon) at the label, (batch,). log_p is (batch, classes)."""
        own: Array = log_p[np.arange(len(log_p)), labels]
        return -np.log(np.exp(own) + own.dtype.type(epsilon)) if epsilon else -own

    def loss_back(self, y: Array, labels: Array) -> Array:
        """(y - t) / batch."""
        dx = y.copy()
        dx[np.arange(len(y)), labels] -= 1
        dx /= y.dtype.type(len(y))
        return dx

    def taken_in(self, a: Array) -> Array:
        """An argument as it is worked with: in another memory order, or in another precision."""
        return a

    def trace(self, case: Case) -> dict[str, Array]:
        """What the oracle's Network.trace gives, and the accuracy."""
        with np.errstate(all="ignore"):
            return self._given_back(self._pass(case), case.x.dtype)

    def layer(self, check: LayerCheck, epsilon: float) -> dict[str, Array]:
        """The results of one layer by itself, fed with the check's own inputs."""
        inputs = {name: a if a.dtype == np.int32 else self.taken_in(a) for name, a in check.inputs.items()}
        with np.errstate(all="ignore"):
            return self._given_back(getattr(self, f"_{check.kind}")(inputs, epsilon), check.inputs["x"].dtype)

    def _given_back(self, values: dict[str, Any], dtype: Any) -> dict[str, Array]:
        return {name: np.asarray(v, np.float64 if name == "accuracy" else dtype) for name, v in values.items()}

    def _pass(self, case: Case) -> dict[str, Any]:
        weights, biases = ([self.taken_in(p) for p in ps] for ps in (case.weights, case.biases))
        x, act, depth = self.taken_in(case.x), case.spec.activation, len(weights)
        values: dict[str, Any] = {}
        inputs, masks = [x], []
        for i, (W, b) in enumerate(zip(weights, biases, strict=True), start=1):
            values[f"affine{i}.out"] = z = self.affine(inputs[-1], W, b)
            if i < depth:
                out = np.maximum(z, z.dtype.type(0)) if act == "relu" else self.sigmoid(z)
                masks.append(self.active(z, out))
                values[f"{act}{i}.out"] = out
                inputs.append(out)
        values["accuracy"] = self.mean((z.argmax(axis=1) == case.labels).astype(np.float64))
        loss, values["softmax.y"], d = self._loss(z, case.labels, case.spec.epsilon)
        values["loss"], values["softmax.dx"] = loss, d
        for i in range(depth, 0, -1):
            values[f"affine{i}.dW"] = self.product(inputs[i - 1].T, d)
            values[f"affine{i}.db"] = self.total(d)
            values[f"affine{i}.dx"] = d = self.product(d, weights[i - 1].T)
            if i > 1:
                d = d * masks[i - 2] if act == "relu" else self.sigmoid_back(d, inputs[i - 1])
                values[f"{act}{i - 1}.dx"] = d
        return values

    def _loss(self, x: Array, labels: Array, epsilon: float) -> tuple[Any, Array, Array]:
        y, log_p = self.softmax(x)
        return self.mean(self.row_losses(log_p, labels, epsilon)), y, self.loss_back(y, labels)

    def _affine(self, a: dict[str, Array], _: float) -> dict[str, Any]:
        x, W, dout = a["x"], a["W"], a["dout"]
        products = {"dx": self.product(dout, W.T), "dW": self.product(x.T, dout)}
        return {"out": self.affine(x, W, a["b"]), **products, "db": self.total(dout)}

    def _relu(self, a: dict[str, Array], _: float) -> dict[str, Any]:
        out = np.maximum(a["x"], a["x"].dtype.type(0))
        return {"out": out, "dx": a["dout"] * self.active(a["x"], out)}

    def _sigmoid(self, a: dict[str, Array], _: float) -> dict[str, Any]:
        out = self.sigmoid(a["x"])
        return {"out": out, "dx": self.sigmoid_back(a["dout"], out)}

    def _multiply(self, a: dict[str, Array], _: float) -> dict[str, Any]:
        return {"out": a["x"] * a["y"], "dx": a["y"] * a["dout"], "dy": a["x"] * a["dout"]}

    def _add(self, a: dict[str, Array], _: float) -> dict[str, Any]:
        return {"out": a["y"] + a["x"], "dx": a["dout"], "dy": a["dout"]}

    def _softmax_with_loss(self, a: dict[str, Array], epsilon: float) -> dict[str, Any]:
        labels = a["t"] if a["t"].ndim == 1 else a["t"].argmax(axis=1)
        loss, y, dx = self._loss(a["x"], labels, epsilon)
        return {"loss": loss, "y": y, "dx": dx}


class Ordered(Correct):
    """Every sum in a given order, one term after the other: a loop without BLAS."""

    def __init__(self, order: Order) -> None:
        self.order = order
        self.name = f"summed {order.__name__}"

    def product(self, a: Array, b: Array) -> Array:
        """The sum of the outer products of a's columns and b's rows."""
        return self.order(lambda k: a[:, k, None] * b[None, k, :], a.shape[1])

    def total(self, a: Array) -> Any:
        """As the order says."""
        return self.order(lambda k: a[k], len(a))


class LargestFirst(Correct):
    """The worst order for rounding: the largest terms first, the smallest onto a sum that no longer feels them."""

    name = "largest first"
    sorts = True

    def product(self, a: Array, b: Array) -> Array:
        """Ordered by the size of a's columns and b's rows."""
        order = np.argsort(-abs(a).sum(axis=0) * abs(b).sum(axis=1), kind="stable")
        return forwards(lambda k: a[:, order[k], None] * b[None, order[k], :], a.shape[1])

    def total(self, a: Array) -> Any:
        """Each column in its own order."""
        ordered = np.take_along_axis(a, np.argsort(-abs(a), axis=0, kind="stable"), axis=0)
        return forwards(lambda k: ordered[k], len(a))


class Permuted(Correct):
    """Units, batch and inputs in another order, by BLAS, and put back."""

    name = "permuted"

    def product(self, a: Array, b: Array) -> Array:
        """Rows, columns and terms permuted."""
        rng = np.random.Generator(np.random.Philox(sum(a.shape)))
        i, k, j = (rng.permutation(n) for n in (*a.shape, b.shape[1]))
        result = np.empty((len(i), len(j)), a.dtype)
        result[np.ix_(i, j)] = a[np.ix_(i, k)] @ b[np.ix_(k, j)]
        return result

    def total(self, a: Array) -> Any:
        """Rows permuted."""
        return a[np.random.Generator(np.random.Philox(len(a))).permutation(len(a))].sum(axis=0)


class Fused(Correct):
    """Fused multiply-add in a loop that starts from the bias.

    Exact products, added in higher precision and rounded: FMA but for a second rounding that is rarely seen.
    """

    name = "fused"

    def product(self, a: Array, b: Array) -> Array:
        """From 0."""
        return self._onto(np.zeros((len(a), b.shape[1]), a.dtype), a, b)

    def affine(self, x: Array, W: Array, b: Array) -> Array:
        """From the bias."""
        return self._onto(np.broadcast_to(b, (len(x), len(b))), x, W)

    def _onto(self, start: Array, a: Array, b: Array) -> Array:
        wide_a, wide_b = widened(a), widened(b)
        for k in range(a.shape[1]):
            start = (start + wide_a[:, k, None] * wide_b[None, k, :]).astype(a.dtype)
        return start


class WideSums(Correct):
    """Each sum in higher precision, then rounded, as R's loops do."""

    name = "wide sums"

    def product(self, a: Array, b: Array) -> Array:
        """Rounded once."""
        result: Array = (widened(a) @ widened(b)).astype(a.dtype)
        return result

    def total(self, a: Array) -> Any:
        """Rounded once."""
        return widened(a).sum(axis=0).astype(a.dtype)


class Wide(Correct):
    """Everything in higher precision; each result is rounded once, at the end."""

    name = "wide throughout"

    def taken_in(self, a: Array) -> Array:
        """In higher precision."""
        return widened(a)


class ColumnMajor(Correct):
    """Every argument in Fortran's order, as Julia and R have them."""

    name = "column-major"

    def taken_in(self, a: Array) -> Array:
        """A copy in Fortran's order."""
        return np.asfortranarray(a)


class Transposed(Correct):
    """(b.T @ a.T).T for a @ b."""

    name = "transposed"

    def product(self, a: Array, b: Array) -> Array:
        """BLAS sees the factors changed round."""
        result: Array = np.ascontiguousarray(b.T) @ np.ascontiguousarray(a.T)
        return result.T


class RowByRow(Correct):
    """One example at a time: matrix times vector instead of matrix times matrix, gradients added up."""

    name = "row by row"

    def product(self, a: Array, b: Array) -> Array:
        """A row of a at a time."""
        return np.stack([row @ b for row in a])


class Einsum(Correct):
    """Vectorised loops of NumPy's own, no BLAS."""

    name = "einsum"

    def product(self, a: Array, b: Array) -> Array:
        """np.einsum, unoptimised."""
        result: Array = np.einsum("ik,jk->ij", a, np.ascontiguousarray(b.T))
        return result


class TwoThreads(Correct):
    """BLAS with two threads, which may split a product's terms between them."""

    name = "two threads"

    def trace(self, case: Case) -> dict[str, Array]:
        """Two threads, for the whole pass."""
        with threadpool_limits(2):
            return super().trace(case)

    def layer(self, check: LayerCheck, epsilon: float) -> dict[str, Array]:
        """Two threads, for a layer."""
        with threadpool_limits(2):
            return super().layer(check, epsilon)


class BiasAsRow(Correct):
    """The bias as one more row of W, and a column of ones beside x."""

    name = "bias as a row"

    def affine(self, x: Array, W: Array, b: Array) -> Array:
        """[1 x] @ [b; W]."""
        return self.product(np.hstack([np.ones((len(x), 1), x.dtype), x]), np.vstack([b[None], W]))


class OtherFormulas(Correct):
    """Other formulas of the same mathematics."""

    name = "other formulas"

    def mean(self, a: Array) -> Any:
        """Times 1 / n."""
        return self.total(a) * (a.dtype.type(1) / a.dtype.type(len(a)))

    def active(self, x: Array, out: Array) -> Array:
        """By the result."""
        let_through: Array = out > 0
        return let_through

    def sigmoid(self, x: Array) -> Array:
        """exp(x) / (1 + exp(x)) for negative x: no overflow."""
        e = np.exp(-abs(x))
        out: Array = np.where(x < 0, e / (1 + e), 1 / (1 + e))
        return out

    def sigmoid_back(self, dout: Array, out: Array) -> Array:
        """dout (y - y y)."""
        dx: Array = dout * (out - out * out)
        return dx

    def softmax(self, x: Array) -> tuple[Array, Array]:
        """exp(x - logsumexp(x))."""
        top = x.max(axis=1, keepdims=True)
        log_y = x - (top + np.log(self.total(np.exp(x - top).T))[:, None])
        return np.exp(log_y), log_y

    def row_losses(self, log_p: Array, labels: Array, epsilon: float) -> Array:
        """-sum t log p, t one-hot."""
        if epsilon:
            log_p = np.logaddexp(log_p, np.log(log_p.dtype.type(epsilon)))
        losses: Array = -self.total((self._one_hot(log_p, labels) * log_p).T)
        return losses

    def loss_back(self, y: Array, labels: Array) -> Array:
        """y / n - t / n."""
        n = y.dtype.type(len(y))
        dx: Array = y / n - self._one_hot(y, labels) / n
        return dx

    def _one_hot(self, like: Array, labels: Array) -> Array:
        hot: Array = np.eye(like.shape[1], dtype=like.dtype)[labels]
        return hot


class BookFormulas(Correct):
    """Others still: the loss from the probabilities where epsilon allows it, (y - t) times 1 / n."""

    name = "book's formulas"

    def sigmoid_back(self, dout: Array, out: Array) -> Array:
        """dout (1 - y) y, in the order of the book's layer."""
        dx: Array = dout * (1 - out) * out
        return dx

    def softmax(self, x: Array) -> tuple[Array, Array]:
        """exp(x - max) times 1 / sum, and log y as (x - max) - log sum."""
        z = x - x.max(axis=1, keepdims=True)
        e = np.exp(z)
        total = self.total(e.T)[:, None]
        return e * (1 / total), z - np.log(total)

    def row_losses(self, log_p: Array, labels: Array, epsilon: float) -> Array:
        """-log(y + epsilon)."""
        own = np.exp(log_p)[np.arange(len(log_p)), labels]
        return -np.log(own + own.dtype.type(epsilon)) if epsilon else super().row_losses(log_p, labels, epsilon)

    def loss_back(self, y: Array, labels: Array) -> Array:
        """(y - t) (1 / n)."""
        dx = y.copy()
        dx[np.arange(len(y)), labels] -= 1
        dx *= y.dtype.type(1) / y.dtype.type(len(y))
        return dx


class FusedOtherFormulas(OtherFormulas, Fused):
    """Fused multiply-add, sums backwards, and other formulas, all at once."""

    name = "fused, other formulas"

    def total(self, a: Array) -> Any:
        """Backwards."""
        return backwards(lambda k: a[k], len(a))


CORRECT: list[Correct] = [
    *(Ordered(order) for order in (forwards, backwards, pairwise, blocked, compensated)),
    *(kind() for kind in (LargestFirst, Permuted, Fused, WideSums, Wide, ColumnMajor, Transposed, RowByRow, Einsum)),
    *(kind() for kind in (TwoThreads, BiasAsRow, OtherFormulas, BookFormulas, FusedOtherFormulas)),
]
