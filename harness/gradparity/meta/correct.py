"""Correct implementations: the reference's own code in other arithmetics, and other formulas of the same mathematics.

Another order of summation, fused multiply-add, higher precision, layers that compute the same thing in another way:
what they give is right, so a verdict "wrong" on any of them is a false alarm.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from gradparity_reference import LAYERS, LOSS, LOSSES, Affine, Layer, Network, SoftmaxWithLoss, layer_pass
from threadpoolctl import threadpool_limits

from ..arithmetic.carried import Arithmetic, bare
from ..cases import Array, Case
from ..functions.layers import LAYERS as DECLARED
from ..functions.layers.layer import is_training
from ..reference import LayerCheck

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


def matrix_products(product: Callable[[Array, Array], Array], a: Array, b: Array) -> Array:
    """a @ b of any shapes, by a product of two matrices."""
    if not a.shape[-1] or a.dtype.kind != "f" or b.dtype.kind != "f":
        return np.asarray(a @ b)
    if a.ndim == b.ndim == 2:
        return product(a, b)
    if b.ndim == 1:
        return matrix_products(product, a, b[:, None])[..., 0]
    if a.ndim == 1:
        return matrix_products(product, a[None], b)[..., 0, :]
    stack = np.broadcast_shapes(a.shape[:-2], b.shape[:-2])
    result = np.empty((*stack, a.shape[-2], b.shape[-1]), np.result_type(a, b))
    a, b = np.broadcast_to(a, stack + a.shape[-2:]), np.broadcast_to(b, stack + b.shape[-2:])
    for at in np.ndindex(stack):
        result[at] = product(a[at], b[at])
    return result


def normalized_axes(axis: int | Sequence[int] | None, ndim: int) -> tuple[int, ...]:
    """The axes that an ``axis`` means, from 0."""
    given = range(ndim) if axis is None else [axis] if isinstance(axis, int) else axis
    return tuple(one % ndim for one in given)


def _is_plain_sum(a: Array, options: Mapping[str, Any]) -> bool:
    """Whether it is of floats, and of all that there are."""
    usual = options.get("where", True) is True and options.get("dtype") is None
    return bool(a.dtype.kind == "f" and a.ndim and a.size and usual and not options.keys() & {"initial", "out"})


class Correct(Arithmetic):
    """The reference's own arithmetic; a subclass replaces some of it. ``layers`` and ``losses`` are the formulas."""

    name = "plain"
    sorts = False  # whether sums are ordered by their terms' values; the stochastic question presumes they are not
    layers: Mapping[str, type[Layer]] = LAYERS
    losses: Mapping[str, Any] = LOSSES

    def product(self, a: Array, b: Array) -> Array:
        """a @ b."""
        result: Array = a @ b
        return result

    def total(self, a: Array) -> Any:
        """The sum over the first axis."""
        return a.sum(axis=0)

    def taken_in(self, a: Array) -> Array:
        """An argument as it is worked with: in another memory order, or in another precision."""
        return a

    def share(self, hits: Array) -> Any:
        """The share of those that are true."""
        return self.total(hits.astype(np.float64)) / np.float64(len(hits))

    def apply(self, ufunc: np.ufunc, method: str, inputs: tuple[Any, ...], options: dict[str, Any]) -> Any:
        """Products and sums by the methods above."""
        raw = tuple(bare(one) for one in inputs)
        if ufunc is np.matmul and not options:
            return matrix_products(self.product, *raw)
        if ufunc is np.add and method == "reduce" and _is_plain_sum(raw[0], options):
            axes = normalized_axes(options.get("axis", 0), raw[0].ndim)
            first = np.moveaxis(raw[0], axes, range(len(axes)))
            total = self.total(first.reshape(-1, *first.shape[len(axes) :]))
            return np.expand_dims(total, axes) if options.get("keepdims") else total
        return super().apply(ufunc, method, raw, options)

    def call(self, func: Any, args: Any, kwargs: Any, numpys_own: Callable[[], Any]) -> Any:
        """np.dot of vectors and matrices as @."""
        if func is np.dot and not kwargs and {np.ndim(one) for one in args} <= {1, 2}:
            return self.apply(np.matmul, "__call__", tuple(args), {})
        return super().call(func, args, kwargs, numpys_own)

    def trace(self, case: Case) -> dict[str, Array]:
        """What the reference's Network.trace gives, what else is compared of a pass, and the accuracy."""
        held = {name: self._taken(a) for name, a in case.held.items()}
        network = Network(case.spec.kinds, held, case.spec.epsilon, self.layers, self.losses, case.spec.weight_decay)
        with np.errstate(all="ignore"):
            x = self.array(self.taken_in(case.x))
            values = network.trace(x, case.t)
            network.hold(held)  # as the pass has moved the state on
            of = {"predict": {"out": network.predict(x)}, "gradient": network.gradient(x, case.t)}
            values |= {f"{operation}.{key}": of[operation][key] for operation, key in case.spec.beside_the_trace}
            values["accuracy"] = self.share(bare(of["predict"]["out"]).argmax(axis=1) == case.labels)
        return self._given_back(values, case.x.dtype)

    def layer(self, check: LayerCheck) -> dict[str, Array]:
        """The results of one layer by itself, fed with the check's own inputs."""
        inputs = {name: a if name == "t" else self._taken(a) for name, a in check.inputs.items()}
        numbers = {name: check.given[name].item() for name in DECLARED[check.kind].numbers}
        with np.errstate(all="ignore"):
            values = layer_pass(check.kind, inputs, numbers, is_training(check.given), self.layers, self.losses)
        return self._given_back(values, check.inputs["x"].dtype)

    def _taken(self, a: Array) -> Any:
        """With this arithmetic, but for a mask, which is no number."""
        return self.array(self.taken_in(a)) if a.dtype.kind == "f" else a

    def _given_back(self, values: dict[str, Any], dtype: Any) -> dict[str, Array]:
        return {
            name: np.array(bare(v), np.float64 if name == "accuracy" else dtype, copy=None)
            for name, v in values.items()
        }


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


def fused(start: Array, a: Array, b: Array) -> Array:
    """start + a @ b by fused multiply-add, one term after the other.

    Exact products, added in higher precision and rounded: FMA but for a second rounding that is rarely seen.
    """
    wide_a, wide_b = widened(a), widened(b)
    for k in range(a.shape[1]):
        start = (start + wide_a[:, k, None] * wide_b[None, k, :]).astype(a.dtype)
    return start


class FromBias(Affine):
    """Fused multiply-add in a loop that starts from the bias."""

    def forward(self, x: Array) -> Array:
        """See `Affine`."""
        self.shape, self.x = x.shape, x.reshape(len(x), -1)
        return fused(np.broadcast_to(self.b, (len(x), len(self.b))), self.x, self.W)


class Fused(Correct):
    """Fused multiply-add throughout."""

    name = "fused"
    layers = LAYERS | {"affine": FromBias}

    def product(self, a: Array, b: Array) -> Array:
        """From 0."""
        return fused(np.zeros((len(a), b.shape[1]), a.dtype), a, b)


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


ELEMENTARY = {
    np.exp, np.expm1, np.exp2, np.log, np.log1p, np.log2, np.log10, np.power, np.cbrt, np.hypot, np.logaddexp, np.sin,
    np.cos, np.tan, np.arcsin, np.arccos, np.arctan, np.arctan2, np.sinh, np.cosh, np.tanh,
}  # fmt: skip


class OtherLibrary(Correct):
    """Another library's elementary functions: in higher precision, and rounded."""

    name = "another libm"

    def apply(self, ufunc: np.ufunc, method: str, inputs: tuple[Any, ...], options: dict[str, Any]) -> Any:
        """As the reference's own, where it is not one of these."""
        value = super().apply(ufunc, method, inputs, options)
        if ufunc not in ELEMENTARY or method != "__call__" or options or value.dtype.kind != "f":
            return value
        return ufunc(*(widened(np.asarray(bare(one), value.dtype)) for one in inputs)).astype(value.dtype)


class ColumnMajor(Correct):
    """Every argument in Fortran's order, as Julia and R have them."""

    name = "column-major"

    def taken_in(self, a: Array) -> Array:
        """A copy in Fortran's order."""
        return np.asarray(a, order="F")


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


class Contracted(Correct):
    """np.einsum by tensordot, and so by BLAS."""

    name = "contracted"

    def call(self, func: Any, args: Any, kwargs: Any, numpys_own: Callable[[], Any]) -> Any:
        """The other way round than ``Einsum``."""
        if func is np.einsum:
            return np.einsum(*(bare(one) for one in args), **{**kwargs, "optimize": True})
        return super().call(func, args, kwargs, numpys_own)


class TwoThreads(Correct):
    """BLAS with two threads, which may split a product's terms between them."""

    name = "two threads"

    def trace(self, case: Case) -> dict[str, Array]:
        """Two threads, for the whole pass."""
        with threadpool_limits(2):
            return super().trace(case)

    def layer(self, check: LayerCheck) -> dict[str, Array]:
        """Two threads, for a layer."""
        with threadpool_limits(2):
            return super().layer(check)


class WithRowOfBiases(Affine):
    """[1 x] @ [b; W]: the bias is one more row of W."""

    def forward(self, x: Array) -> Array:
        """See `Affine`."""
        self.shape, self.x = x.shape, x.reshape(len(x), -1)
        result: Array = np.hstack([np.ones((len(x), 1), x.dtype), self.x]) @ np.vstack([self.b[None], self.W])
        return result


class BiasAsRow(Correct):
    """The bias as one more row of W, and a column of ones beside x."""

    name = "bias as a row"
    layers = LAYERS | {"affine": WithRowOfBiases}


class WithOneHot(SoftmaxWithLoss):
    """y = exp(x - logsumexp(x)); the loss is -sum t log y, t one-hot, times 1 / n; the gradient y / n - t / n."""

    def forward(self, x: Array, t: Array) -> Any:
        """See `SoftmaxWithLoss`."""
        labels = t if t.ndim == 1 else t.argmax(axis=1)
        self.t = np.eye(x.shape[1], dtype=x.dtype)[labels]
        top = x.max(axis=1, keepdims=True)
        log_y = x - (top + np.log(np.exp(x - top).sum(axis=1, keepdims=True)))
        self.y = np.exp(log_y)
        log_p = np.logaddexp(log_y, np.log(x.dtype.type(self.epsilon))) if self.epsilon else log_y
        losses = -(self.t * log_p).sum(axis=1)
        return losses.sum() * (x.dtype.type(1) / x.dtype.type(len(x)))

    def backward(self) -> Array:
        """See `SoftmaxWithLoss`."""
        n = self.y.dtype.type(len(self.y))
        dx: Array = self.y / n - self.t / n
        return dx


class OtherFormulas(Correct):
    """Other formulas of the same mathematics: the first that each layer declares."""

    name = "other formulas"
    layers = LAYERS | {kind: layer.formulas[0] for kind, layer in DECLARED.items() if layer.formulas}
    losses = LOSSES | {LOSS: WithOneHot}

    def share(self, hits: Array) -> Any:
        """Times 1 / n."""
        return self.total(hits.astype(np.float64)) * (np.float64(1) / np.float64(len(hits)))


class BookLoss(SoftmaxWithLoss):
    """The loss from the probabilities where epsilon allows it; y times 1 / sum, (y - t) times 1 / n."""

    def forward(self, x: Array, t: Array) -> Any:
        """See `SoftmaxWithLoss`."""
        loss = super().forward(x, t)
        e = np.exp(x - x.max(axis=1, keepdims=True))
        self.y = e * (1 / e.sum(axis=1, keepdims=True))
        if self.epsilon:
            loss = -np.log(self.y[self.rows, self.labels] + x.dtype.type(self.epsilon)).mean()
        return loss

    def backward(self) -> Array:
        """See `SoftmaxWithLoss`."""
        dx = self.y.copy()
        dx[self.rows, self.labels] -= 1
        dx *= dx.dtype.type(1) / dx.dtype.type(len(dx))
        return dx


class BookFormulas(Correct):
    """Others still, such as the book's: the last that each layer declares."""

    name = "book's formulas"
    layers = LAYERS | {kind: layer.formulas[-1] for kind, layer in DECLARED.items() if layer.formulas}
    losses = LOSSES | {LOSS: BookLoss}


class FusedOtherFormulas(OtherFormulas, Fused):
    """Fused multiply-add, sums backwards, and other formulas, all at once."""

    name = "fused, other formulas"
    layers = OtherFormulas.layers | {"affine": FromBias}

    def total(self, a: Array) -> Any:
        """Backwards."""
        return backwards(lambda k: a[k], len(a))


CORRECT: list[Correct] = [
    *(Ordered(order) for order in (forwards, backwards, pairwise, blocked, compensated)),
    *(kind() for kind in (LargestFirst, Permuted, Fused, WideSums, Wide, ColumnMajor, Transposed, RowByRow, Einsum)),
    *(kind() for kind in (TwoThreads, BiasAsRow, OtherFormulas, BookFormulas, FusedOtherFormulas)),
]
ARITHMETICS: list[Correct] = [
    *(Ordered(order) for order in (forwards, backwards, pairwise, blocked, compensated)),
    *(kind() for kind in (Permuted, Fused, WideSums, Wide, OtherLibrary)),
    *(kind() for kind in (ColumnMajor, Transposed, RowByRow, Einsum, Contracted)),
]
"""Those that any function can be run in, and that do not sort what they sum."""
