"""A port is not started while it is built: not by another thread, nor by another process, such as pytest-xdist's."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress

from .manifest import Port


@contextmanager
def building(port: Port) -> Iterator[None]:
    """Wait until nobody builds or starts this port; until the end nobody else does."""
    with _locked(port, fcntl.LOCK_EX):
        yield


@contextmanager
def starting(port: Port) -> Iterator[None]:
    """Wait until nobody builds this port; until the end nobody does. Others may start it, too."""
    with _locked(port, fcntl.LOCK_SH):
        yield


@contextmanager
def _locked(port: Port, kind: int) -> Iterator[None]:
    with ExitStack() as stack:
        if port.manifest.build:
            with suppress(OSError):  # a file system that has no locks
                file = stack.enter_context((port.folder / "port.toml").open("rb"))
                fcntl.flock(file, kind)
        yield
