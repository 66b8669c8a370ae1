"""A port is not started while it is built: not by another thread, nor by another process, such as pytest-xdist's."""

from __future__ import annotations

import fcntl
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress

from .manifest import Port

NAP_SECONDS = 0.02


@contextmanager
def building(port: Port, waits: Callable[[], None] = lambda: None) -> Iterator[None]:
    """Wait until nobody builds or starts this port; until the end nobody else does.

    ``waits`` is called again and again while that takes; what it raises ends the wait.
    """
    with _locked(port, fcntl.LOCK_EX, waits):
        yield


@contextmanager
def starting(port: Port) -> Iterator[None]:
    """Wait until nobody builds this port; until the end nobody does. Others may start it, too."""
    with _locked(port, fcntl.LOCK_SH, lambda: None):
        yield


@contextmanager
def _locked(port: Port, kind: int, waits: Callable[[], None]) -> Iterator[None]:
    with ExitStack() as stack:
        if port.manifest.build:
            with suppress(OSError):  # a file system that has no locks
                file = stack.enter_context((port.folder / "port.toml").open("rb"))
                while not _lock(file.fileno(), kind):
                    waits()
                    time.sleep(NAP_SECONDS)
        yield


def _lock(file: int, kind: int) -> bool:
    """Whether nobody has a lock that forbids this one. Raises OSError."""
    try:
        fcntl.flock(file, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
