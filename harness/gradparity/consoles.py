"""Where text is shown. It means nothing but itself, as it may be a port's own: no markup, and no emoji in "mine:a:"."""

from __future__ import annotations

import re
from functools import partial
from io import StringIO
from pathlib import Path

from rich.console import Console, RenderableType

WIDTH = 1000  # where the output is no terminal: a line is a line
_console = partial(Console, highlight=False, markup=False, emoji=False)


def to_stdout() -> Console:
    """For results."""
    console = _console()
    if not console.is_terminal:
        console.width = WIDTH
    return console


def show(shown: RenderableType, svg: Path | None, title: str, columns: int) -> None:
    """Print results; and save what was printed as a picture, if there is a path for it: so many columns wide."""
    console = _console(width=columns, record=True) if svg else to_stdout()
    console.print(shown)
    if svg:
        # The viewer's own font: the picture needs nothing from a network.
        text = re.sub(r"@font-face \{.*?\}\s*", "", console.export_svg(title=title), flags=re.DOTALL)
        svg.write_text(text, encoding="utf-8")


def to_text() -> Console:
    """For results as a text, without colours: ``capture`` it."""
    return _console(file=StringIO(), width=WIDTH, color_system=None)


def to_stderr() -> Console:
    """For what is going on."""
    return _console(stderr=True)
