"""What can be asked of a network that holds a case: of its methods, as the book names them, or of a module."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from .handed import Handed
from .parameters import held, is_module
from .taking import Taker, parameters

Loss = Callable[[Any, Any], Any]
Operation = Callable[..., Mapping[str, Any]]


@dataclass(frozen=True)
class Loaded:
    """A network with a case in it: its operations, and what its x, t and parameters are now.

    ``with_batch`` is the same network with another x and t. ``filled`` are its own arrays that the case's parameters
    were written into, where they were.
    """

    operations: dict[str, Operation]
    inputs: Callable[[], dict[str, Any]]
    with_batch: Callable[[Any, Any], Loaded]
    filled: Mapping[str, Any] = field(default_factory=dict)

    def computes_with_others(self) -> bool:
        """Whether what is written into its own arrays leaves its logits as they are. They are the case's no more."""
        if not self.filled or "predict" not in self.operations:
            return False
        before = np.array(self.operations["predict"]()["out"])
        for name in self.filled:
            if name[0] == "b":  # all biases, as each logit follows the last one
                self.filled[name][...] += 1
        return np.array_equal(before, self.operations["predict"]()["out"])


@dataclass(frozen=True)
class FunctionNetwork:
    """A function gradient(x, t, ...) as the network that it computes."""

    function: Taker
    handed: Handed

    def gradient(self, x: Any, t: Any) -> Any:
        """What the function gives."""
        return self.function(self.handed, x, t)


def loaded(network: Any, handed: Handed, filled: bool, loss: Loss | None) -> Loaded:
    """The network with its case. Raises TypeError for what is no network.

    ``filled``: whether the case's parameters were written into its own arrays. ``loss`` is a module's.
    """

    def with_batch(x: Any, t: Any) -> Loaded:
        return loaded(network, replace(handed, x=x, t=t), filled, loss)

    if is_module(network):
        return Loaded(*_module(network, handed, loss), with_batch)
    if not _has(network, "gradient"):
        raise TypeError(f"expected {type(network).__name__} to have a method gradient(x, t), or named_parameters")

    def inputs() -> dict[str, Any]:
        return {"x": handed.x, "t": handed.t, **(held(network) if filled else handed.params)}

    return Loaded(_methods(network, handed), inputs, with_batch, held(network) if filled else {})


def _has(network: Any, method: str) -> bool:
    return callable(getattr(network, method, None))


def _methods(network: Any, handed: Handed) -> dict[str, Operation]:
    x, t = handed.x, handed.t
    found: dict[str, Operation] = {"gradient": lambda: _gradient(network, handed)}
    if _has(network, "predict"):
        found["predict"] = lambda: {"out": network.predict(x)}
    if _has(network, "accuracy"):
        found["accuracy"] = lambda: {"accuracy": network.accuracy(x, t)}
    if _has(network, "trace"):
        found["trace"] = lambda: _mapping("trace", network.trace(x, t))
    # The book's has a step of its own, which is another number than the one that is asked for.
    if _has(network, "numerical_gradient") and "step" in parameters(network.numerical_gradient):
        found["numerical_gradient"] = lambda step: _of_parameters(network.numerical_gradient(x, t, step=step))
    return found


def _gradient(network: Any, handed: Handed) -> dict[str, Any]:
    """The loss, whichever way it is given, and the gradients."""
    before = {}
    if _has(network, "loss"):  # first, for those whose gradient goes back from there
        before["loss"] = network.loss(handed.x, handed.t)
    came = network.gradient(handed.x, handed.t)
    if isinstance(came, tuple) and len(came) == 2:
        if isinstance(came[0], Mapping) and not isinstance(came[1], Mapping):
            raise TypeError("expected gradient to give (loss, gradients), came (gradients, loss): exchange them")
        before, came = {"loss": came[0]}, came[1]
    found = before | _of_parameters(came)
    if "loss" not in found:
        raise TypeError("expected gradient to give (loss, gradients), or a method loss(x, t); came gradients alone")
    return found


def _of_parameters(came: Any) -> dict[str, Any]:
    """Gradients by their parameters' names, W1, b1, ..., with or without a d."""
    return {f"d{name}" if name[:1] in ("W", "b") else name: value for name, value in _mapping("gradient", came).items()}


def _mapping(method: str, came: Any) -> Mapping[str, Any]:
    if not isinstance(came, Mapping):
        raise TypeError(f"expected {method} to give a dict of arrays by name, came {type(came).__name__}")
    return came


def _module(
    network: Any, handed: Handed, loss: Loss | None
) -> tuple[dict[str, Operation], Callable[[], dict[str, Any]]]:
    if loss is None:
        raise TypeError("a module needs a loss(logits, labels): loss=torch.nn.functional.cross_entropy")
    tensors = held(network)
    a_tensor = tensors["W1"]
    labels = handed.t if handed.t.ndim == 1 else handed.t.argmax(axis=1)
    x, t = a_tensor.new_tensor(handed.x), a_tensor.new_tensor(labels).long()

    def gradient() -> dict[str, Any]:
        for tensor in tensors.values():
            tensor.grad = None
        value = loss(network(x), t)
        value.backward()
        return {"loss": value, **{f"d{k}": tensor.grad for k, tensor in tensors.items() if tensor.grad is not None}}

    def inputs() -> dict[str, Any]:
        return {"x": x, "t": handed.t, **tensors}

    return {"gradient": gradient, "predict": lambda: {"out": network(x)}}, inputs
