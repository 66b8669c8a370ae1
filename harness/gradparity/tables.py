"""Tables as data, for the terminal, Markdown and HTML alike."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum


@dataclass(frozen=True)
class Value:
    """What stands in a cell: a text, the verdict in it that gives it its colour, and what follows a verdict."""

    text: str
    word: StrEnum | None = None
    after: str = ""

    @staticmethod
    def of(word: StrEnum, after: str = "") -> Value:
        """A verdict, and what follows it in the text."""
        return Value(f"{word}{after}", word, after)


@dataclass(frozen=True)
class Table:
    """Headings, where a line break is a good place to wrap, and rows of as many values. Texts may be a port's words.

    The first ``names`` columns say what a row is; then come figures and verdicts.
    """

    title: str
    headings: Sequence[str]
    rows: Sequence[Sequence[Value]]
    names: int = 1

    def is_left(self, column: int) -> bool:
        """Whether a column reads as text, from the left, and not as figures."""
        return column < self.names or any(line[column].word for line in self.rows)


def row(*values: str | Value) -> list[Value]:
    """A row of texts and values."""
    return [value if isinstance(value, Value) else Value(value) for value in values]
