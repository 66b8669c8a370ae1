"""What a class or a function takes, by the names of its parameters: nothing is guessed from their order."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from .handed import NAMES, Handed

WRAP = f"wrap it in a function that takes some of {', '.join(NAMES)}"


@dataclass(frozen=True)
class Taker:
    """A class or function, and the names that it takes."""

    function: Callable[..., Any]
    names: frozenset[str]

    def __call__(self, handed: Handed, *first: Any) -> Any:
        """Its result for a case; ``first`` are its first arguments."""
        return self.function(*first, **{name: handed.by_name[name] for name in NAMES if name in self.names})


def parameters(function: Callable[..., Any]) -> dict[str, inspect.Parameter]:
    """Its parameters by name. Raises TypeError where it does not tell them, as some compiled classes do not."""
    try:
        return dict(inspect.signature(function).parameters)
    except ValueError:
        raise TypeError(f"{called(function)} does not tell its parameters; {WRAP}") from None


def taker(function: Callable[..., Any], first: tuple[str, ...] = ()) -> Taker:
    """How to call it. Raises TypeError for a parameter that we have nothing for."""
    names = set()
    for name, one in list(parameters(function).items())[len(first) :]:
        by_keyword = one.kind in (one.POSITIONAL_OR_KEYWORD, one.KEYWORD_ONLY)
        if one.kind is one.VAR_KEYWORD:
            names |= set(NAMES)
        elif by_keyword and name in NAMES:
            names.add(name)
        elif one.default is one.empty and one.kind is not one.VAR_POSITIONAL:
            raise TypeError(f"{called(function)} takes {name}, and there is none; {WRAP}, {_such_as(function, first)}")
    return Taker(function, frozenset(names))


def _such_as(function: Callable[..., Any], first: tuple[str, ...]) -> str:
    name = called(function) if called(function).isidentifier() else "it"
    if first:
        return f"such as lambda x, t, params: {name}(x, t, params['W1'], ...)"
    return f"such as lambda sizes: {name}(*sizes); for depths that it lacks let it raise NotImplementedError"


def called(thing: Any) -> str:
    """What to call it in a message."""
    return str(getattr(thing, "__name__", type(thing).__name__))
