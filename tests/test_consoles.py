"""A text is shown as it is, wherever it goes: `mine:a: ready` has no emoji, and `[red]` is no colour."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from gradparity.consoles import show, to_stderr, to_stdout, to_text
from rich.console import Console

TEXT = "mine:a: ready [red]x[/] :bug: 3"


@pytest.mark.parametrize("make", [to_stdout, to_stderr, to_text])
def test_a_text_means_nothing_but_itself(make: Callable[[], Console]) -> None:
    console = make()
    with console.capture() as captured:
        console.print(TEXT)
    assert captured.get() == f"{TEXT}\n"


def test_in_a_picture_too(tmp_path: Path) -> None:
    show(TEXT, tmp_path / "a.svg", "a title", 60)
    assert TEXT.replace(" ", "&#160;") in (tmp_path / "a.svg").read_text(encoding="utf-8")


def test_without_a_terminal_a_line_is_a_line() -> None:
    console = to_stdout()
    with console.capture() as captured:
        console.print("word " * 150)
    assert captured.get().count("\n") == 1
