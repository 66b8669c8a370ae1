"""Networks as people have them: the book's, and a module that behaves like torch.nn.Module."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import Any

import numpy as np
from gradparity_reference import Affine, MultiLayerNet, Network, Relu, SoftmaxWithLoss


class TwoLayerNet:
    """The book's, section 5.7.2: weights of its own, which its layers refer to."""

    def __init__(self, input_size: int, hidden_size: int, output_size: int) -> None:
        rng = np.random.default_rng(0)
        self.params: dict[str, Any] = {
            "W1": 0.01 * rng.normal(size=(input_size, hidden_size)),
            "b1": np.zeros(hidden_size),
            "W2": 0.01 * rng.normal(size=(hidden_size, output_size)),
            "b2": np.zeros(output_size),
        }
        self.affine1 = Affine(self.params["W1"], self.params["b1"])
        self.relu = Relu()
        self.affine2 = Affine(self.params["W2"], self.params["b2"])
        self.last = SoftmaxWithLoss(1e-7)

    def predict(self, x: Any) -> Any:
        return self.affine2.forward(self.relu.forward(self.affine1.forward(x)))

    def loss(self, x: Any, t: Any) -> Any:
        return self.last.forward(self.predict(x), t)

    def accuracy(self, x: Any, t: Any) -> Any:
        labels = t if t.ndim == 1 else t.argmax(axis=1)
        return np.sum(self.predict(x).argmax(axis=1) == labels) / float(x.shape[0])

    def gradient(self, x: Any, t: Any) -> dict[str, Any]:
        self.loss(x, t)
        self.affine1.backward(self.relu.backward(self.affine2.backward(self.last.backward())))
        return {"W1": self.affine1.dW, "b1": self.affine1.db, "W2": self.affine2.dW, "b2": self.affine2.db}


class Tensor:
    """As much of a torch.Tensor as is used."""

    def __init__(self, array: Any, backward: Callable[[], None] | None = None) -> None:
        self.array: Any = np.array(array)
        self.grad: Tensor | None = None
        self.backward = backward

    @property
    def shape(self) -> tuple[int, ...]:
        return tuple(self.array.shape)

    @property
    def dtype(self) -> str:
        return f"torch.{self.array.dtype}"

    @property
    def data(self) -> Tensor:
        return self

    def new_tensor(self, array: Any) -> Tensor:
        return Tensor(np.array(array, self.array.dtype))

    def copy_(self, other: Tensor) -> None:
        self.array[...] = other.array

    def long(self) -> Tensor:
        return Tensor(self.array.astype(np.int64))

    def detach(self) -> Tensor:
        return self

    def cpu(self) -> Tensor:
        return self

    def numpy(self) -> Any:
        return self.array


class Logits(Tensor):
    """What a module gives: it knows the module and its x, for the way back."""

    def __init__(self, module: Module, x: Tensor) -> None:
        self.module, self.x = module, x
        super().__init__(module.network().predict(x.array))


class Module:
    """A multilayer perceptron with weights (outputs, inputs), as torch.nn.Sequential of Linear and ReLU."""

    def __init__(self, *sizes: int, dtype: str = "float64", activation: str = "relu") -> None:
        self.activation = activation
        self.weights = [Tensor(np.zeros((n, m), dtype)) for m, n in pairwise(sizes)]
        self.biases = [Tensor(np.zeros(n, dtype)) for n in sizes[1:]]

    def network(self) -> Network:
        return MultiLayerNet([W.array.T for W in self.weights], [b.array for b in self.biases], self.activation)

    def named_parameters(self) -> Iterator[tuple[str, Tensor]]:
        for i, (W, b) in enumerate(zip(self.weights, self.biases, strict=True)):
            yield f"{2 * i}.weight", W
            yield f"{2 * i}.bias", b

    def __call__(self, x: Tensor) -> Logits:
        return Logits(self, x)


def cross_entropy(logits: Logits, labels: Tensor) -> Tensor:
    """The loss, whose ``backward`` adds to the gradients of the module's parameters, as torch's does."""
    assert labels.array.dtype == np.int64
    found = logits.module.network().gradient(logits.x.array, labels.array)

    def backward() -> None:
        for i, (W, b) in enumerate(zip(logits.module.weights, logits.module.biases, strict=True), start=1):
            for tensor, came in ((W, found[f"dW{i}"].T), (b, found[f"db{i}"])):
                tensor.grad = Tensor(came if tensor.grad is None else tensor.grad.array + came)

    return Tensor(found["loss"], backward)


class BatchNormalization:
    """The book's, as its ports have it: the running statistics by name, and the phase as forward's last argument."""

    def __init__(
        self, gamma: Any, beta: Any, momentum: float = 0.9, running_mean: Any = None, running_var: Any = None
    ) -> None:
        self.gamma, self.beta, self.momentum = gamma, beta, momentum
        self.running_mean, self.running_var = running_mean, running_var

    def forward(self, x: Any, train_flg: bool = True) -> Any:
        number = x.dtype.type
        self.train_flg = train_flg
        mean = x.mean(axis=0) if train_flg else self.running_mean
        self.xc = x - mean
        var = (self.xc**2).mean(axis=0) if train_flg else self.running_var
        if train_flg:
            self.running_mean = number(self.momentum) * self.running_mean + number(1 - self.momentum) * mean
            self.running_var = number(self.momentum) * self.running_var + number(1 - self.momentum) * var
        self.std = np.sqrt(var + number(10e-7))
        self.xn = self.xc / self.std
        return self.gamma * self.xn + self.beta

    def backward(self, dout: Any) -> Any:
        self.dbeta, self.dgamma = dout.sum(axis=0), (self.xn * dout).sum(axis=0)
        dxn = self.gamma * dout
        dxc = dxn / self.std
        if not self.train_flg:
            return dxc
        dstd = -(dxn * self.xc / self.std**2).sum(axis=0)
        dxc += dout.dtype.type(2 / len(dout)) * self.xc * (dstd / (2 * self.std))
        return dxc - dxc.sum(axis=0) / dout.dtype.type(len(dout))
