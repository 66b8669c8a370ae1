"""The page of two runs."""

from __future__ import annotations

from .changes import RunComparison
from .comparison import comparison_tables, speed_words
from .render import page


def comparison_html(comparison: RunComparison) -> str:
    """The page of two runs."""
    return page(
        "comparison.html.j2",
        {},
        [],
        comparison=comparison,
        tables=comparison_tables(comparison),
        same=speed_words(comparison) if comparison.speed else "",
    )
