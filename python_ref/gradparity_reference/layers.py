"""The layers. Each has ``forward`` and ``backward``; what backward needs, forward keeps.

Every layer computes in the dtype of its arguments (float32 or float64; complex too, for the complex-step derivative)
and leaves its arguments as they are.

Source: Koki Saitoh, "Deep Learning from Scratch", chapter 5.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, TypeVar

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
Operand = TypeVar("Operand", float, Array)


class Layer:
    """What the layers of a network have in common: the names of what goes in, and of what they learn.

    ``inputs`` are forward's arguments; ``params`` are the arrays that the layer learns, in its constructor's order:
    each is an attribute, and so is its gradient, "d" and its name, once backward was called.
    """

    inputs: ClassVar[tuple[str, ...]] = ("x",)
    params: ClassVar[tuple[str, ...]] = ()

    def forward(self, *inputs: Any) -> Any:
        """The layer's result."""
        raise NotImplementedError

    def backward(self, dout: Any) -> Any:
        """The gradient of each input, from that of the result."""
        raise NotImplementedError

    def backward_parameters(self, dout: Array) -> None:
        """The gradients of ``params`` alone: all that a network's first layer owes, as nobody asks for the data's."""

    @property
    def gradients(self) -> dict[str, Array]:
        """The gradients of ``params`` by name, after backward."""
        return {f"d{name}": getattr(self, f"d{name}") for name in self.params}


class Multiply(Layer):
    """x * y, element by element."""

    inputs = ("x", "y")

    def forward(self, x: Operand, y: Operand) -> Operand:
        """The product of two numbers, or of two arrays of one shape."""
        self.x: Any = x
        self.y: Any = y
        return x * y

    def backward(self, dout: Operand) -> tuple[Operand, Operand]:
        """(dx, dy): each factor's gradient is the other factor times dout."""
        return dout * self.y, dout * self.x


class Add(Layer):
    """x + y, element by element."""

    inputs = ("x", "y")

    def forward(self, x: Operand, y: Operand) -> Operand:
        """The sum of two numbers, or of two arrays of one shape."""
        return x + y

    def backward(self, dout: Operand) -> tuple[Operand, Operand]:
        """(dx, dy): both are dout."""
        return dout, dout


class Relu(Layer):
    """max(x, 0), with gradient 0 at 0. NaN stays NaN."""

    def forward(self, x: Array) -> Array:
        """x of any shape; the same shape comes back."""
        self.inactive = x.real <= 0
        out: Array = np.maximum(x, 0)  # which orders complex numbers by their real parts
        return out

    def backward(self, dout: Array) -> Array:
        """dx, of the shape of x."""
        dx: Array = np.where(self.inactive, dout.dtype.type(0), dout)
        return dx


class Sigmoid(Layer):
    """1 / (1 + exp(-x))."""

    def forward(self, x: Array) -> Array:
        """x of any shape; the same shape comes back. Overflow of exp(-x) to infinity gives the right limit, 0."""
        with np.errstate(over="ignore"):
            self.out: Array = 1 / (1 + np.exp(-x))
        return self.out

    def backward(self, dout: Array) -> Array:
        """dx, of the shape of x."""
        dx: Array = dout * self.out * (1 - self.out)
        return dx


class Affine(Layer):
    """x @ W + b: W is (inputs, outputs), b is (outputs,)."""

    params = ("W", "b")

    def __init__(self, W: Array, b: Array) -> None:
        self.W = W
        self.b = b

    def forward(self, x: Array) -> Array:
        """x is (batch, inputs); the result is (batch, outputs)."""
        self.x = x
        out: Array = x @ self.W + self.b
        return out

    def backward(self, dout: Array) -> Array:
        """dx, (batch, inputs); keeps dW and db too. dout is (batch, outputs)."""
        self.backward_parameters(dout)
        dx: Array = dout @ self.W.T
        return dx

    def backward_parameters(self, dout: Array) -> None:
        """dW and db alone."""
        self.dW: Array = self.x.T @ dout
        self.db: Array = dout.sum(axis=0)


class SoftmaxWithLoss:
    """softmax, then the mean cross-entropy ``-mean(log(p_target + epsilon))``.

    The logarithm of p is taken as x - logsumexp(x), so that a probability that underflows to 0 still has one.
    ``epsilon`` is 0 in mathematics and 1e-7 in the book (section 4.2.2). The gradient is that of epsilon = 0.
    """

    inputs: ClassVar[tuple[str, ...]] = ("x", "t")

    def __init__(self, epsilon: float = 0.0) -> None:
        self.epsilon = epsilon

    def forward(self, x: Array, t: Array) -> Any:
        """The loss, a scalar. x is (batch, classes); t is one-hot of that shape, or (batch,) labels counted from 0."""
        self.rows = np.arange(len(x))
        self.labels = t if t.ndim == 1 else t.argmax(axis=1)
        z = x - x.max(axis=1, keepdims=True)
        e = np.exp(z)
        total = e.sum(axis=1, keepdims=True)
        self.y: Array = e / total
        log_p = (z - np.log(total))[self.rows, self.labels]
        if self.epsilon:
            log_p = np.log(np.exp(log_p) + x.dtype.type(self.epsilon))
        return -log_p.mean()

    def backward(self) -> Array:
        """dx = (y - t) / batch, (batch, classes): the loss is where the gradient starts, so there is no dout."""
        dx = self.y.copy()
        dx[self.rows, self.labels] -= 1
        dx /= dx.dtype.type(len(dx))
        return dx


LAYERS: dict[str, type[Layer]] = {
    "multiply": Multiply,
    "add": Add,
    "affine": Affine,
    "relu": Relu,
    "sigmoid": Sigmoid,
}
"""The layers by what cases and ports call them. A network's last one, the loss, is no ``Layer``: nothing follows it."""

LOSS = "softmax_with_loss"


def slopes(layer: Any, made_of: type[Layer], dout: Array) -> dict[str, Any]:
    """What backward gives, by name: the gradients of the inputs, then those of the parameters.

    ``layer`` is a ``made_of``, or an object with the same methods and attributes.
    """
    back = layer.backward(dout)
    of_inputs = back if len(made_of.inputs) > 1 else (back,)
    found = dict(zip((f"d{name}" for name in made_of.inputs), of_inputs, strict=True))
    return found | {f"d{name}": getattr(layer, f"d{name}") for name in made_of.params}


def layer_pass(
    kind: str,
    arrays: Mapping[str, Array],
    epsilon: float = 0.0,
    layers: Mapping[str, type[Layer]] = LAYERS,
    loss: type[SoftmaxWithLoss] = SoftmaxWithLoss,
) -> dict[str, Any]:
    """One layer by itself, forward and backward: its results by name, in the order in which they arise.

    ``arrays`` has the layer's inputs and params, and dout, the gradient of its result. The loss takes x, t and
    ``epsilon``, and gives loss, y and dx. ``layers`` and ``loss`` are the classes. Raises KeyError for an unknown kind.
    """
    if kind == LOSS:
        last = loss(epsilon)
        value = last.forward(arrays["x"], arrays["t"])
        return {"loss": value, "y": last.y, "dx": last.backward()}
    made_of = layers[kind]
    layer = made_of(*(arrays[name] for name in made_of.params))
    out = layer.forward(*(arrays[name] for name in made_of.inputs))
    return {"out": out, **slopes(layer, made_of, arrays["dout"])}
