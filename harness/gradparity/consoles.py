"""Where text is shown. It means nothing but itself, as it may be a port's own: no markup, and no emoji in "mine:a:"."""

from __future__ import annotations

import re
from functools import partial
from io import StringIO

from rich.console import Console

WIDTH = 1000  # where the output is no terminal: a line is a line
_console = partial(Console, highlight=False, markup=False, emoji=False)


def to_stdout() -> Console:
    """For results."""
    console = _console()
    if not console.is_terminal:
        console.width = WIDTH
    return console


def to_picture(columns: int) -> Console:
    """For results that also become a picture."""
    return _console(width=columns, record=True)


def picture(console: Console, title: str) -> str:
    """What a recording console printed, as an SVG that needs nothing from a network: the viewer's own font is used."""
    return re.sub(r"@font-face \{.*?\}\s*", "", console.export_svg(title=title), flags=re.DOTALL)


def to_text() -> Console:
    """For results as a text, without colours: ``capture`` it."""
    return _console(file=StringIO(), width=WIDTH, color_system=None)


def to_stderr() -> Console:
    """For what is going on."""
    return _console(stderr=True)
