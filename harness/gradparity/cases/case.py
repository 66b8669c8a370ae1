"""A drawn case: a network, what its layers hold, and a batch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray

from ..arithmetic.precision import Precision
from ..functions.declared import NOTHING, Declared, DeclaredNetwork
from ..functions.network import placed
from .spec import CaseSpec

Array = NDArray[Any]


@dataclass(frozen=True)
class Case:
    """A drawn case. Every array is read-only and of the case's dtype, but int32 labels and uint8 masks.

    ``held`` is what the layers hold, in the order of the layers: W1, b1, gamma2, ..., running_mean2, mask2.
    ``declared`` is what the port that is asked does otherwise than the reference.
    """

    spec: CaseSpec
    seed: int
    x: Array
    t: Array
    held: dict[str, Array]
    declared: Declared = NOTHING

    @property
    def params(self) -> dict[str, Array]:
        """What is learnt of it: W1, b1, W2, ..."""
        learnt = [name for layer in placed(self.spec.kinds) for name in layer.params.values()]
        return {name: self.held[name] for name in learnt}

    @property
    def arrays(self) -> dict[str, Array]:
        """What `load` sends, in its order: x, t, W1, b1, W2, ..."""
        return {"x": self.x, "t": self.t, **self.held}

    @property
    def fields(self) -> dict[str, str]:
        """The fields of `load`."""
        spec = self.spec
        if spec.is_dense:
            network = {"sizes": ",".join(map(str, spec.sizes)), "activation": spec.activation}
            return {**network, "dtype": spec.dtype, "epsilon": repr(spec.epsilon)}
        numbers = {f"{one.name}.{key}": repr(value) for one in placed(spec.kinds) for key, value in one.numbers.items()}
        return {
            "layers": ",".join(layer.kind for layer in spec.kinds),
            "dtype": spec.dtype,
            "epsilon": repr(spec.epsilon),
            "weight_decay": repr(spec.weight_decay),
            **numbers,
        }

    @property
    def labels(self) -> Array:
        """The labels as integers, (batch,)."""
        return self.t if self.t.ndim == 1 else self.t.argmax(axis=1)

    def network(self, dtype: Any = None, epsilon: float | None = None) -> DeclaredNetwork:
        """The reference's network with copies of what is held, in the case's dtype or in another."""
        dtype = dtype or self.spec.dtype
        epsilon = self.spec.epsilon if epsilon is None else epsilon
        # A copy in the same memory order, as BLAS rounds the two orders differently.
        held = {
            name: a.astype(dtype, order="K") if a.dtype.kind == "f" else a.copy(order="K")
            for name, a in self.held.items()
        }
        spec = self.spec
        return self.declared.network(spec.kinds, held, epsilon, spec.weight_decay, Precision.of(dtype).tiny)
