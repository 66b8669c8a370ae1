"""stub"""

from __future__ import annotations

from ..run.reading import Recorded


def html(found: Recorded) -> str:
    """Stub."""
    return ""
