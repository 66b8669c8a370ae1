"""What is kept of words without end: how they began, and how they ended."""

from __future__ import annotations

CUT = b"\n...\n"


class Kept:
    """Bytes that are added piece by piece. Of more than ``limit`` the beginning and the end are kept, half of each."""

    def __init__(self, limit: int) -> None:
        self._half = (limit - len(CUT)) // 2
        self._limit = limit
        self._begun = b""  # once there is more than is kept
        self._last = bytearray()

    def add(self, piece: bytes) -> None:
        """Add this to the end."""
        self._last += piece
        if len(self._last) > self._limit and not self._begun:
            self._begun = bytes(self._last[: self._half])
        if self._begun:
            del self._last[: -self._half]

    @property
    def text(self) -> bytes:
        """All of it, or the beginning, a line of three dots and the end: at most ``limit`` bytes."""
        return self._begun + CUT + self._last if self._begun else bytes(self._last)
