"""A Python port, whatever kind of object it is, as a maker of networks."""

from __future__ import annotations

import copy
import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..functions.layers import LAYERS
from .handed import Handed
from .networks import FunctionNetwork, Loaded, Loss, loaded
from .parameters import LACKS, fill, is_module
from .taking import Taker, called, parameters, taker


@dataclass(frozen=True)
class Implementation:
    """``takes`` are the names that it takes; what is not among them it has one of, and cases with others it lacks.

    ``network`` is the one that it is, where it is one.
    """

    make: Callable[[Handed], Any]
    takes: frozenset[str]
    activation: str
    loss: Loss | None
    network: Any = None

    def load(self, handed: Handed) -> Loaded:
        """A network with this case. Raises NotImplementedError for a case that it lacks, and what the maker raises."""
        if "activation" not in self.takes and handed.activation != self.activation:
            raise NotImplementedError(f"it takes no activation, and has {self.activation} alone")
        try:
            network = self.make(handed)
        except TypeError as error:  # such as one size too many for its three arguments
            error.args = (f"{error}; {LACKS}",)
            raise
        filled = "params" not in self.takes and not {"weights", "biases"} <= self.takes
        if filled:
            fill(network, handed, self.takes)
        return loaded(network, handed, filled, self.loss)


def implementation_of(port: Any, activation: str, loss: Loss | None) -> Implementation:
    """A class or function that makes networks, a function that computes a gradient, a network, or a module.

    Of a network a copy is taken, so that it keeps its own parameters. Raises TypeError for anything else.
    """
    _not_elsewhere(port)
    if not isinstance(port, type) and (is_module(port) or hasattr(port, "gradient")):
        network = _copied(port)
        return Implementation(lambda _: network, frozenset(), activation, loss, network)
    if not callable(port):
        raise TypeError(f"expected a class, a function, a network with gradient(x, t) or a module, came {called(port)}")
    if list(parameters(port))[:2] == ["x", "t"]:
        function = taker(port, first=("x", "t"))
        if "params" not in function.names and not {"weights", "biases"} <= function.names:
            itself = "; give the network itself, and not its method" if inspect.ismethod(port) else ""
            raise TypeError(f"{called(port)}(x, t, ...) takes no params, and no weights and biases{itself}")
        return Implementation(lambda handed: FunctionNetwork(function, handed), function.names, activation, loss)
    maker: Taker = taker(port)
    return Implementation(maker, maker.names, activation, loss)


def _not_elsewhere(port: Any) -> None:
    """Raises TypeError for what is given in another way."""
    if isinstance(port, str | Path):
        raise TypeError(f"expected an object, came {port!s:.80}; a port's folder: gradparity check --port {port!s:.80}")
    if isinstance(port, Mapping):
        raise TypeError("expected a network, came a dict; layers={...} are given beside one, parameters in its params")
    is_network = is_module(port) or hasattr(port, "gradient")
    if not is_network and hasattr(port, "forward") and hasattr(port, "backward"):
        name = called(port)
        kind = next((kind for kind in LAYERS if kind.replace("_", "") == name.lower()), "...")
        raise TypeError(
            f"expected a network with gradient(x, t), came {name} with forward and backward: layers are given beside "
            f"one, as layers={{{kind!r}: {name}}}"
        )


def _copied(port: Any) -> Any:
    try:
        return copy.deepcopy(port)
    except Exception as error:
        what = f"{type(port).__name__} cannot be copied ({type(error).__name__}: {error})"
        raise TypeError(f"{what}; give the class, or a function that makes it") from None
