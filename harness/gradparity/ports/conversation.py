"""What a check needs of whoever answers it: a process at the end of a pipe, or an object in this very process."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from numpy.typing import NDArray

from .session import Expected, Hello
from .wire import Message


class Conversation(Protocol):
    """`session.Session`, or `objects.in_process.InProcess`."""

    @property
    def hello(self) -> Hello:
        """What it says of itself; ``operations`` are those that it has for the loaded case."""

    def request(
        self,
        operation: str,
        fields: Mapping[str, str] | None = None,
        arrays: Mapping[str, NDArray[Any]] | None = None,
        expect: Expected | None = None,
        seconds: float | None = None,
    ) -> Message:
        """The reply, with exactly the expected arrays: new ones, that nobody changes later. Raises PortFailure."""

    def said(self) -> str:
        """What it printed since the last request began, as far as that is known."""

    def abort(self) -> None:
        """End it from another thread."""

    def close(self) -> None:
        """End it."""
