"""Something to be done once, however many ask for it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future


class Once:
    """The first that calls does the work; the others wait for it. All get its result, or its exception."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._end: Future[bool] | None = None

    def __call__(self, work: Callable[[], bool]) -> bool:
        """Of an interrupt nothing is kept: whoever calls next does the work."""
        with self._lock:
            if self._end is None:
                end: Future[bool] = Future()
                try:
                    end.set_result(work())
                except Exception as error:
                    end.set_exception(error)
                self._end = end
        return self._end.result()
