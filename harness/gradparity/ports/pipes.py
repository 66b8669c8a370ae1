"""A process's three pipes under one deadline. None of them blocks, and its stderr is read while it is waited for.

The deadline is that of a whole request: neither a byte a second nor a flood moves it.
"""

from __future__ import annotations

import fcntl
import os
import select
import subprocess
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any, TypeVar

from .kept import Kept
from .wire import WireError

PIPE_BYTES = 1 << 20
CHUNK_BYTES = 1 << 16
STDERR_BYTES = 1 << 14
GLANCE_SECONDS = 0.5  # between two looks at whether the process is still there
NAP_SECONDS = 0.005
LOOKS = 4  # more than a full pipe takes, and no more of a flood

Got = TypeVar("Got", bytes, int)


class Ended(Exception):
    """The process closed its end of a pipe, or is gone while a child of it holds that open."""


class Pipes:
    """The pipes of a process that was started with all three: a wire.Source, and where requests are written."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        assert process.stdin and process.stdout and process.stderr
        self._process = process
        self._streams = process.stdin, process.stdout, process.stderr
        self._in, self._out, self._err = (stream.fileno() for stream in self._streams)
        for descriptor in (self._in, self._out, self._err):
            os.set_blocking(descriptor, False)
        for descriptor in (self._in, self._out):
            _widen(descriptor)
        self._reading, self._writing, self._listening = select.poll(), select.poll(), select.poll()
        self._reading.register(self._out, select.POLLIN)
        self._writing.register(self._in, select.POLLOUT)
        for poll in (self._reading, self._writing, self._listening):
            poll.register(self._err, select.POLLIN)
        self._stderr_ended = False
        self._buffer = bytearray()  # what was read of stdout, and not yet asked for
        self._before = b""  # the end of what was on stderr before the request
        self._words = Kept(STDERR_BYTES)  # and what is there since it began
        self._deadline = 0.0

    def begin(self, seconds: float) -> None:
        """From here on, what is not written or read within so many seconds raises TimeoutError."""
        self._deadline = time.monotonic() + seconds
        if self._words.text:
            self._before, self._words = self._said_so_far(), Kept(STDERR_BYTES)

    def unasked(self) -> bytes:
        """What has come, or its beginning, while nothing was asked."""
        if not self._buffer and self._ready(self._reading, self._out, 0):
            with suppress(BlockingIOError):
                self._buffer += os.read(self._out, CHUNK_BYTES)
        return bytes(self._buffer)

    def write(self, piece: memoryview) -> None:
        """Write all of it. Raises TimeoutError or Ended."""
        while piece:
            try:
                piece = piece[os.write(self._in, piece) :]
            except BlockingIOError:
                self._wait(self._writing, self._in)
            except BrokenPipeError:
                raise Ended from None

    def readline(self, limit: int, /) -> bytes:
        """See wire.Source. Raises TimeoutError."""
        searched = 0
        while (end := self._buffer.find(b"\n", searched, limit)) < 0 and len(self._buffer) < limit:
            searched = len(self._buffer)
            try:
                self._buffer += self._some(os.read, CHUNK_BYTES)
            except Ended:
                break
        size = end + 1 if end >= 0 else min(limit, len(self._buffer))
        line = bytes(self._buffer[:size])
        del self._buffer[:size]
        return line

    def readinto(self, buffer: memoryview, /) -> None:
        """See wire.Source. Raises TimeoutError."""
        done = min(len(self._buffer), len(buffer))
        buffer[:done] = self._buffer[:done]
        del self._buffer[:done]
        while done < len(buffer):
            try:
                done += self._some(os.readv, [buffer[done:]])
            except Ended:
                raise WireError(f"expected {len(buffer)} bytes of an array, the stream ended after {done}") from None

    def _some(self, read: Callable[[int, Any], Got], what: Any) -> Got:
        """What there is to read, once there is something."""
        while True:
            self._wait(self._reading, self._out)
            try:
                got = read(self._out, what)
            except BlockingIOError:
                continue
            if not got:
                raise Ended
            return got

    def _wait(self, poll: select.poll, descriptor: int) -> None:
        """Until the descriptor is ready. A process that is gone leaves nothing to wait for, whoever has its pipes."""
        gone = False
        while True:
            left = self._deadline - time.monotonic()
            if left <= 0:
                raise TimeoutError
            if self._ready(poll, descriptor, 0 if gone else min(left, GLANCE_SECONDS)):
                return
            if gone:
                raise Ended
            gone = self._process.poll() is not None  # and one more look at what it wrote before

    def _ready(self, poll: select.poll, descriptor: int, seconds: float) -> bool:
        """Whether the descriptor is ready, within so many seconds or until stderr was."""
        ready = False
        for one, _ in poll.poll(seconds * 1000):
            if one == descriptor:
                ready = True
            else:
                self._listen()
        return ready

    def _listen(self) -> bool:
        """Keep what is on stderr, of much both ends; whether there was something."""
        if self._stderr_ended:
            return False
        try:
            chunk = os.read(self._err, CHUNK_BYTES)
        except BlockingIOError:
            return False
        if chunk:
            self._words.add(chunk)
        else:
            self._stderr_ended = True
            for poll in (self._reading, self._writing, self._listening):
                poll.unregister(self._err)
        return bool(chunk)

    def await_exit(self, seconds: float) -> int | None:
        """The process's status, None where it did not exit in time. Its stderr is read, lest it wait for that."""
        deadline = time.monotonic() + seconds
        while (code := self._process.poll()) is None and time.monotonic() < deadline:
            if self._listening.poll(NAP_SECONDS * 1000):
                self._listen()
        return code

    def stderr(self) -> str:
        """What the process has written to stderr since ``begin``, after the end of what it had written before."""
        self._listen_well()
        return self._said_so_far().decode(errors="replace")

    def said(self) -> str:
        """What the process has written to stderr since ``begin``; of much, both ends."""
        self._listen_well()
        return self._words.text.decode(errors="replace")

    def _listen_well(self) -> None:
        for _ in range(LOOKS):
            if not self._listen():
                break

    def _said_so_far(self) -> bytes:
        return (self._before + self._words.text)[-STDERR_BYTES:]

    def close_stdin(self) -> None:
        """Tell the process that nothing more will come."""
        with suppress(OSError):
            self._streams[0].close()

    def close(self) -> None:
        """Close all three; what was on stderr can still be read."""
        self.stderr()
        self._stderr_ended = True
        for stream in self._streams:
            with suppress(OSError):
                stream.close()


def _widen(pipe: int) -> None:
    """Let the pipe hold more, so that an array takes fewer turns; where that cannot be had, it works all the same."""
    with suppress(AttributeError, OSError):  # Linux alone has it, and limits it for each user
        fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, PIPE_BYTES)
