"""stub"""

from __future__ import annotations

from dataclasses import dataclass

from ..run.reading import Recorded


@dataclass
class Comparison:
    """What has changed from one run to another."""

    before: Recorded
    after: Recorded


def compare(before: Recorded, after: Recorded) -> Comparison:
    """Stub."""
    return Comparison(before, after)
