"""A recorded run, or two of them, to files, to the terminal, or to a program."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import click
from rich.console import Console

from ..errors import UsageError
from ..record.reading import Recorded, read_run
from .html import html
from .junit import junit
from .markdown import markdown
from .terminal import run_report

HTML, MARKDOWN, JUNIT = "report.html", "report.md", "junit.xml"
Form = Literal["terminal", "markdown", "json"]


def report_runs(run: Path, other: Path | None, out: Path | None, form: Form, console: Console) -> None:
    """One run, or what has changed from one to another. Raises UsageError for what is no run."""
    first = read_run(run)
    if other is None:
        _one(first, out, form, console)
    else:
        _two(first, read_run(other), out, form, console)


def _one(found: Recorded, out: Path | None, form: Form, console: Console) -> None:
    _say_lost(found)
    if form == "json":
        click.echo(found.run.model_dump_json(indent=1))
    elif form == "markdown":
        click.echo(markdown(found), nl=False)
    else:
        console.print(run_report(found))
        for path in write_reports(found, out or _folder(found.path)):
            click.echo(path)


def _two(before: Recorded, after: Recorded, out: Path | None, form: Form, console: Console) -> None:
    from .changes import compare_runs  # SciPy takes most of a second to import, and one run's report does not need it
    from .comparison import comparison_markdown, comparison_terminal
    from .comparison_html import comparison_html

    if form == "json":
        raise UsageError("--json: of one run only")
    _say_lost(before)
    _say_lost(after)
    comparison = compare_runs(before, after)
    if form == "markdown":
        click.echo(comparison_markdown(comparison), nl=False)
        return
    console.print(comparison_terminal(comparison))
    texts = {"comparison.md": comparison_markdown(comparison), "comparison.html": comparison_html(comparison)}
    for path in _write(texts, out or _folder(after.path)):
        click.echo(path)


def write_reports(found: Recorded, folder: Path) -> list[Path]:
    """Markdown, JUnit XML and, last, HTML. Raises UsageError where they cannot be written."""
    return _write({MARKDOWN: markdown(found), JUNIT: junit(found), HTML: html(found)}, folder)


def _write(texts: dict[str, str], folder: Path) -> list[Path]:
    paths = []
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in texts.items():
            draft = folder / f".{name}.part"  # whole or not at all
            draft.write_text(text, encoding="utf-8")
            paths.append(draft.replace(folder / name))
    except OSError as error:
        raise UsageError(f"--out {folder}: cannot be written to: {error.strerror}") from None
    return paths


def _folder(path: Path) -> Path:
    return path if path.is_dir() else path.parent


def _say_lost(found: Recorded) -> None:
    for line in found.lost:
        click.echo(f"gradparity: {found.path}: {line}", err=True)
