"""A runner that is attended to: started, started again where it broke, and given up where it breaks too often."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Generic

from .info import RunnerInfo, State
from .manifest import Runner
from .session import PortFailure
from .start import One, start

HEARD = 4  # of so many things that all break, one after the other, no other is tried


class Attended(Generic[One]):
    """One runner's session, and what is known of the sessions before it.

    What breaks is counted by what it was asked about, as a port may well have a relu that works beside a sigmoid that
    does not: ``about`` says it, in whatever words. That is given up alone.
    """

    def __init__(self, runner: Runner, new_session: Callable[[], One], limit: int | None = None) -> None:
        """``new_session`` starts one. After ``limit`` broken ones about the same it is given up, and after ``HEARD``
        times as many in a row, whatever they were about, no more is started; None: always again.
        """
        self.runner, self.new_session, self.limit = runner, new_session, limit
        self.info: RunnerInfo | None = None
        self.session: One | None = None
        self.broken: Counter[str] = Counter()  # by what it was about, since that last worked
        self.in_a_row = 0
        self.aborted = False
        self._last_words: dict[str, str] = {}

    def start(self) -> RunnerInfo:
        """Build the port and start the first session. What it says of itself, or why it cannot run."""
        self.info, self.session = start(self.runner, self.new_session)
        return self.info

    def given_up(self, about: str = "") -> str:
        """Why nothing about this is tried any more, such as that it broke too often. Empty where that is not so."""
        if self.aborted:
            return "the check was interrupted"
        if self.limit is None:
            return ""
        if self.broken[about] >= self.limit:
            return f"the port broke {self.broken[about]} times" + (f" with {about}" if about else "")
        return f"the port broke {self.in_a_row} times in a row" if self.in_a_row >= HEARD * self.limit else ""

    def last_words(self, about: str = "") -> str:
        """What the port said when it last failed about this, or at all where it never did."""
        return self._last_words.get(about) or next(reversed(self._last_words.values()), "")

    def ready(self) -> One | None:
        """The session, a new one where the last broke. None where it never started, or is given up.

        Raises PortFailure where a new one does not start: say so to ``failed``.
        """
        if self.session is None and self.info and self.info.state is State.READY and not self.given_up():
            self.session = self.new_session()
        return self.session

    def worked(self, about: str = "") -> None:
        """All of this went well: what broke about it before does not count any more."""
        self.broken[about] = self.in_a_row = 0

    def failed(self, failure: PortFailure, about: str = "") -> None:
        """Take note of a failed request, and of the session's end where it was that."""
        self._last_words.pop(about, None)  # so that this is the last one
        self._last_words[about] = failure.stderr
        if failure.ends_session:
            self.broken[about] += 1
            self.in_a_row += 1
            self.close()

    def renewed(self, failure: PortFailure, about: str) -> One:
        """Take note of a failure, and a new session where it was this one's end.

        Raises the failure where no more is started, or a new one does not start.
        """
        if not failure.ends_session or self.limit is None:
            raise failure
        self.failed(failure, about)
        with suppress(PortFailure):  # the first failure tells more than that it does not start again
            if session := self.ready():
                return session
        raise failure

    @contextmanager
    def aside(self) -> Iterator[None]:
        """What breaks meanwhile does not count afterwards."""
        broken, in_a_row, last_words = self.broken.copy(), self.in_a_row, self._last_words.copy()
        try:
            yield
        finally:
            self.broken, self.in_a_row, self._last_words = broken, in_a_row, last_words

    def abort(self) -> None:
        """End the session from another thread: whoever waits for a reply hears so."""
        self.aborted = True  # nobody starts another
        session = self.session
        if session:
            session.abort()

    def close(self) -> None:
        """End the session."""
        if self.session:
            self.session.close()
            self.session = None
