"""A runner that is attended to: started, started again where it broke, and given up where it breaks too often."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Generic

from .info import RunnerInfo, State
from .manifest import Runner
from .session import PortFailure
from .start import One, start


class Attended(Generic[One]):
    """One runner's session, and what is known of the sessions before it."""

    def __init__(self, runner: Runner, new_session: Callable[[], One], limit: int | None = None) -> None:
        """``new_session`` starts one. After ``limit`` broken ones in a row no more is started; None: always again."""
        self.runner, self.new_session, self.limit = runner, new_session, limit
        self.info: RunnerInfo | None = None
        self.session: One | None = None
        self.broken = 0
        self.last_words = ""

    def start(self) -> RunnerInfo:
        """Build the port and start the first session. What it says of itself, or why it cannot run."""
        self.info, self.session = start(self.runner, self.new_session)
        return self.info

    @property
    def given_up(self) -> bool:
        """Whether it broke too often."""
        return self.limit is not None and self.broken >= self.limit

    def ready(self) -> One | None:
        """The session, a new one where the last broke. None where it never started, or is given up.

        Raises PortFailure where a new one does not start: say so to ``failed``.
        """
        if self.session is None and self.info and self.info.state is State.READY and not self.given_up:
            self.session = self.new_session()
        return self.session

    def worked(self) -> None:
        """All went well: what broke before does not count any more."""
        self.broken = 0

    def failed(self, failure: PortFailure) -> None:
        """Take note of a failed request, and of the session's end where it was that."""
        self.last_words = failure.stderr
        if failure.ends_session:
            self.broken += 1
            self.close()

    @contextmanager
    def aside(self) -> Iterator[None]:
        """What breaks meanwhile does not count afterwards."""
        broken, last_words = self.broken, self.last_words
        try:
            yield
        finally:
            self.broken, self.last_words = broken, last_words

    def abort(self) -> None:
        """End the session from another thread: whoever waits for a reply hears so."""
        session = self.session
        if session:
            session.abort()

    def close(self) -> None:
        """End the session."""
        if self.session:
            self.session.close()
            self.session = None
