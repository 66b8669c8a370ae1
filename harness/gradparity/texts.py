"""Figures and a port's words as short, harmless text."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from itertools import islice, takewhile

STDERR_LINES = 6
LINE = 300  # characters of one of them
ERROR = re.compile(r"(error|panic|exception|\bsummary|\bassert(ion)?|\babort(ed|ing)?|\bfatal)\b", re.IGNORECASE)
PLACE = re.compile(r"\S+:\d+:\d+: ")  # where a compiler, as Go's, does not call an error that
CUT = " ... "
EXCERPT = 2  # lines below the first error: the source that it is about, or where that is


def subscript(index: Sequence[int]) -> str:
    """An element's place as it is written behind the array's name: [1, 2]; nothing where there is but one element."""
    return f"[{', '.join(map(str, index))}]" if index else ""


def number(value: float | None) -> str:
    """A figure in as few characters as tell it."""
    if value is None:
        return "-"
    if value == 0 or math.isinf(value) or math.isnan(value):
        return f"{value:g}"
    if 1 <= value < 1e6 and value == int(value):
        return f"{value:.0f}"
    return f"{value:.3f}" if 0.001 <= value < 1000 else f"{value:.0e}"


def plain(text: str) -> str:
    """A port's words with control characters made visible, so that they cannot steer the terminal."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() or c == "\n" else f"\\x{ord(c):02x}" for c in text)


def both_ends(text: str, limit: int) -> str:
    """The text, and of one that is longer than ``limit`` its beginning and its end.

    A long message begins with what happened, and often ends with why: an assertion names the function, with all of its
    types, before the condition that failed.
    """
    half = (limit - len(CUT)) // 2
    return text if len(text) <= limit else f"{text[:half]}{CUT}{text[-half:]}"


def last_lines(text: str) -> list[str]:
    """The end of a port's own words, made safe to print; before it the errors that would be lost above, or where there
    are none, how it begins.

    A compiler's first error is the one that counts, and a sanitizer's summary comes before its legend.
    """
    lines = [line for line in text.strip().splitlines() if line.strip()]
    above, end = lines[:-STDERR_LINES], lines[-STDERR_LINES:]
    errors = [at for at, line in enumerate(above) if ERROR.search(line)]
    errors = errors or [at for at, line in enumerate(above) if PLACE.match(line)]
    shown = [above[at] for at in errors[:2] + errors[2:][-1:]]
    if errors:
        indented = takewhile(lambda line: line[0].isspace() and not ERROR.search(line), above[errors[0] + 1 :])
        shown = [shown[0], *islice(indented, EXCERPT), *shown[1:], "..."]
    elif above:
        shown = [above[0], "..."]
    return [plain(both_ends(line, LINE)) for line in shown + end]
