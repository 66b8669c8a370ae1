"""A Python port, whatever kind of object it is, as a maker of networks."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from .handed import Handed
from .networks import FunctionNetwork, Loaded, Loss, loaded
from .parameters import fill, is_module
from .taking import Taker, called, parameters, taker


@dataclass(frozen=True)
class Subject:
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
        network = self.make(handed)
        filled = "params" not in self.takes and not {"weights", "biases"} <= self.takes
        if filled:
            fill(network, handed, self.takes)
        return loaded(network, handed, filled, self.loss)


def subject_of(port: Any, activation: str, loss: Loss | None) -> Subject:
    """A class or function that makes networks, a function that computes a gradient, a network, or a module.

    Of a network a copy is taken, so that it keeps its own parameters. Raises TypeError for anything else.
    """
    if not isinstance(port, type) and (is_module(port) or hasattr(port, "gradient")):
        network = _copied(port)
        return Subject(lambda _: network, frozenset(), activation, loss, network)
    if not callable(port):
        raise TypeError(f"expected a class, a function, a network with gradient(x, t) or a module, came {called(port)}")
    if list(parameters(port))[:2] == ["x", "t"]:
        function = taker(port, first=("x", "t"))
        if "params" not in function.names and not {"weights", "biases"} <= function.names:
            raise TypeError(f"{called(port)}(x, t, ...) takes no params, and no weights and biases")
        return Subject(lambda handed: FunctionNetwork(function, handed), function.names, activation, loss)
    maker: Taker = taker(port)
    return Subject(maker, maker.names, activation, loss)


def _copied(port: Any) -> Any:
    try:
        return copy.deepcopy(port)
    except Exception as error:
        what = f"{type(port).__name__} cannot be copied ({type(error).__name__}: {error})"
        raise TypeError(f"{what}; give the class, or a function that makes it") from None
