"""A process and whatever it started, to be ended together.

A process group is not enough: a child can leave it, and the list of children loses whoever lost its parent. So the
process has a mark in its environment, which children inherit, and whoever bears it is found again. Only a child that
leaves the group, loses its parent and wipes its environment, all three, gets away.
"""

from __future__ import annotations

import os
import secrets
import signal
import subprocess
import time
from contextlib import suppress

import psutil

MARK = "GRADPARITY_SESSION"
END_SECONDS = 5.0
NAP_SECONDS = 0.002


def new_mark() -> str:
    """A value of the environment variable ``MARK`` that no other process has."""
    return secrets.token_hex(16)


class Family:
    """A process that was started with the mark, and its descendants.

    ``interrupt`` and ``kill`` are about its group, if it leads one.
    """

    def __init__(self, process: subprocess.Popen[bytes], mark: str) -> None:
        self.process, self.mark = process, mark
        self.terminated = False
        self._seen: set[psutil.Process] = set()

    def look(self) -> None:
        """Remember who descends from the process, while it is there and they have not lost their parent."""
        if self.process.poll() is None:
            with suppress(psutil.Error):
                self._seen |= set(psutil.Process(self.process.pid).children(recursive=True))

    def interrupt(self) -> None:
        """Interrupt them, as Ctrl-C does: some runtimes end with the lines that they were in."""
        self.look()  # who dies loses its children
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self.process.pid, signal.SIGINT)

    def terminate(self) -> None:
        """Ask each to end, parents first, as a compiler then removes what is half done; whoever does not is killed."""
        if self.process.poll() is not None:  # another process may have its number by now
            return
        self.terminated = True
        with suppress(psutil.Error):
            first = psutil.Process(self.process.pid)
            for one in [first, *first.children(recursive=True)]:
                self._seen.add(one)
                with suppress(psutil.Error):
                    one.terminate()
        self._kill_the_rest()

    def kill(self) -> None:
        """Kill the process and its group, and do not wait for that. Any thread may ask for it."""
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self.process.pid, signal.SIGKILL)

    def end(self) -> None:
        """Kill them all. Returns when none lives any more, or where one cannot be killed, after ``END_SECONDS``."""
        self.look()
        self.kill()
        self._kill_the_rest()

    def _kill_the_rest(self) -> None:
        """Kill whoever has not ended in a while."""
        deadline = time.monotonic() + END_SECONDS
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(END_SECONDS)
        while left := [one for one in self._seen | self._marked() if _lives(one)]:
            for one in left:
                with suppress(psutil.Error):
                    one.kill()
            if time.monotonic() > deadline:
                break
            time.sleep(NAP_SECONDS)

    def _marked(self) -> set[psutil.Process]:
        """Those with the mark, whoever their parent is."""
        found = set()
        for pid in psutil.pids():
            with suppress(psutil.Error, OSError):
                one = psutil.Process(pid)
                if one.environ().get(MARK) == self.mark:
                    found.add(one)
        return found


def _lives(process: psutil.Process) -> bool:
    """Whether it still runs. A zombie does not: it is its parent's to bury."""
    with suppress(psutil.NoSuchProcess):
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    return False
