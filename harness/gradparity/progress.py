"""The progress of long work on stderr: a bar with the time that remains, or a line for each part without a terminal."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from .consoles import to_stderr

Tell = Callable[[str, float, float], None]
"""What is going on, how much of it is done, and of how much."""


@contextmanager
def shown_progress() -> Iterator[Tell]:
    """Show what is told, until the block ends."""
    columns = (TextColumn("{task.description}", markup=False), BarColumn(), TimeRemainingColumn())
    console = to_stderr()
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task("", total=None)
        last = ""

        def tell(what: str, done: float, total: float) -> None:
            nonlocal last
            bar.update(task, description=what, completed=done, total=total)
            if what != last and not console.is_terminal:
                console.print(what)
            last = what

        yield tell
