"""What the layers of a network have in common."""

from __future__ import annotations

from typing import Any, ClassVar, TypeVar

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
Operand = TypeVar("Operand", float, Array)


class Layer:
    """A step of a network: forward, and back again. What backward needs, forward keeps.

    ``inputs`` are forward's arguments. The constructor takes the arrays that the layer holds, ``params``, ``state`` and
    ``masks`` in this order, and then its ``numbers`` by name; each is an attribute. ``params`` are learnt: each has its
    gradient in an attribute, "d" and its name, once backward was called. ``weights`` are those of them that weight
    decay makes smaller. ``state`` is what forward moves on in training: an attribute that is then another array.
    ``masks`` are drawn by whoever makes the network.
    """

    inputs: ClassVar[tuple[str, ...]] = ("x",)
    params: ClassVar[tuple[str, ...]] = ()
    weights: ClassVar[tuple[str, ...]] = ()
    state: ClassVar[tuple[str, ...]] = ()
    masks: ClassVar[tuple[str, ...]] = ()
    numbers: ClassVar[tuple[str, ...]] = ()

    training = True
    """The phase: layers such as dropout do something else in the test."""

    def forward(self, *inputs: Any) -> Any:
        """The layer's result."""
        raise NotImplementedError

    def backward(self, dout: Any) -> Any:
        """The gradient of each input, from that of the result."""
        raise NotImplementedError

    def backward_parameters(self, dout: Array) -> None:
        """The gradients of ``params`` alone: all that a network's first layer owes, as nobody asks for the data's."""
        if self.params:
            self.backward(dout)

    @property
    def gradients(self) -> dict[str, Array]:
        """The gradients of ``params`` by name, after backward."""
        return {f"d{name}": getattr(self, f"d{name}") for name in self.params}

    @classmethod
    def arrays(cls) -> tuple[str, ...]:
        """The names of all arrays that the layer holds, in the constructor's order."""
        return cls.params + cls.state + cls.masks


def rounded(value: float, like: Array) -> Any:
    """A number in the dtype of this array, or in float64 where that has none."""
    return np.result_type(like.dtype, np.float16).type(value)
