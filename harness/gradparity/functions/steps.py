"""No endless loops: how many lines of a file are run, counted and bounded. A clock's bound would be the machine's.

Only the file's own lines count, so that the time is NumPy's still.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType
from typing import Any


class TooManySteps(SystemExit):
    """Of code that may have caught Exception."""


@dataclass
class Steps:
    """Lines run so far."""

    count: int = 0


@contextmanager
def counted_steps(file: str, most: float = float("inf")) -> Iterator[Steps]:
    """Count the lines of this file that this thread runs in the block. Raises TooManySteps in it."""
    steps = Steps()

    def at_line(frame: FrameType, event: str, arg: Any) -> Any:
        if event == "line":
            steps.count += 1
            if steps.count > most:
                raise TooManySteps(f"it runs on and on: stopped after {most:.0f} lines")
        return at_line

    def at_call(frame: FrameType, event: str, arg: Any) -> Any:
        return at_line if frame.f_code.co_filename == file else None

    before = sys.gettrace()
    sys.settrace(at_call)
    try:
        yield steps
    finally:
        sys.settrace(before)
