"""Shapes in symbols: "n d", "n c h+k-1 w+k-1", "4*h 3"; and the sizes that these stand for."""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

ALLOWED = (ast.Expression, ast.BinOp, ast.Add, ast.Sub, ast.Mult, ast.FloorDiv, ast.Name, ast.Load, ast.Constant)


class ShapeError(ValueError):
    """What stands where a shape should."""


@dataclass(frozen=True)
class Shape:
    """Sizes as they are written, in order: each a whole number, a symbol, or what +, -, * and // make of them."""

    sizes: tuple[str, ...]

    @staticmethod
    def of(text: str) -> Shape:
        """Of a text with a space between two sizes. Raises ShapeError."""
        sizes = tuple(text.replace(",", " ").split())
        for one in sizes:
            parsed = _parsed(one)
            bad = [node for node in ast.walk(parsed) if not isinstance(node, ALLOWED)]
            numbers = [node.value for node in ast.walk(parsed) if isinstance(node, ast.Constant)]
            if bad or not all(type(number) is int for number in numbers):
                raise ShapeError(f"expected sizes such as n, 3 or 2*k+1, with spaces between, came {text!r}")
        return Shape(sizes)

    @property
    def symbols(self) -> list[str]:
        """Each once, in the order in which they come."""
        names = [node.id for one in self.sizes for node in ast.walk(_parsed(one)) if isinstance(node, ast.Name)]
        return list(dict.fromkeys(names))

    def at(self, sizes: Mapping[str, int]) -> tuple[int, ...]:
        """The shape where the symbols stand for these sizes; some may be negative: then there is none."""
        return tuple(size_at(one, sizes) for one in self.sizes)

    def __str__(self) -> str:
        return f"({', '.join(self.sizes)}{',' if len(self.sizes) == 1 else ''})"


def size_at(text: str, sizes: Mapping[str, int]) -> int:
    """What a size stands for."""
    return int(eval(compile(_parsed(text), "<size>", "eval"), {"__builtins__": {}}, dict(sizes)))


def in_symbols(shape: Sequence[int], other: Sequence[int], known: Mapping[str, tuple[int, int]]) -> tuple[str, ...]:
    """A shape in symbols, and in what is made of them, as far as two runs at other sizes tell which it is.

    ``known`` are the sizes of each in both; what has the same size in both is that number, and the rest "?".
    """
    if len(shape) != len(other):
        return tuple(map(str, shape))
    return tuple(_told(size, also, known) for size, also in zip(shape, other, strict=True))


def _told(size: int, also: int, known: Mapping[str, tuple[int, int]]) -> str:
    return next((text for text, both in known.items() if both == (size, also)), str(size) if size == also else "?")


def _parsed(text: str) -> ast.Expression:
    try:
        return ast.parse(text, mode="eval")
    except SyntaxError:
        raise ShapeError(f"expected sizes such as n, 3 or 2*k+1, with spaces between, came {text!r}") from None
