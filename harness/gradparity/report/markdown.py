"""stub"""

from __future__ import annotations

from ..run.reading import Recorded


def markdown(found: Recorded) -> str:
    """Stub."""
    return ""
