"""stub"""

from __future__ import annotations

from .changes import Comparison


def comparison_html(c: Comparison) -> str:
    return ""


def comparison_markdown(c: Comparison) -> str:
    return ""


def comparison_terminal(c: Comparison) -> str:
    return ""
