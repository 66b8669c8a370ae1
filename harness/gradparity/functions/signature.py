"""What a function looks like from outside: its name, what it takes, and what it gives."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """What an array is made of. Integers travel as int32, booleans as uint8: 0 and 1."""

    FLOAT = "float"
    INTEGER = "integer"
    BOOLEAN = "boolean"


@dataclass(frozen=True)
class Argument:
    """An array by name, with its shape in symbols ("n", "2*k+1", "3"); of no dimensions where that is empty."""

    name: str
    kind: Kind
    shape: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.name}[{', '.join(self.shape)}]" if self.shape else self.name


@dataclass(frozen=True)
class Signature:
    """A function: ``results`` in the order in which they arise."""

    name: str
    summary: str
    inputs: tuple[Argument, ...]
    results: tuple[Argument, ...]

    def __str__(self) -> str:
        return f"{self.name}({_joined(self.inputs)}) -> {_joined(self.results)}"


def _joined(arguments: Sequence[Argument]) -> str:
    return ", ".join(map(str, arguments))
