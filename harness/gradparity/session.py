"""A session: one port's process, asked over its stdin and stdout, under a deadline.

Whatever the process does (exit, die, hang, print garbage, announce a terabyte), the caller gets exactly one PortFailure
that says what happened, with the end of the process's stderr, and no process is left behind.
"""

from __future__ import annotations

import fcntl
import os
import select
import signal
import subprocess
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from types import TracebackType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .ports import Runner
from .wire import Message, WireError, decode, encode

NOT_AVAILABLE = 69  # EX_UNAVAILABLE of sysexits.h: the port's runtime is not on this machine
PIPE_BYTES = 1 << 20
STDERR_BYTES = 1 << 14
HELLO_SECONDS = 120.0
REQUEST_SECONDS = 60.0
GRACE_SECONDS = 2.0
SLACK_BYTES = 1 << 20

Expected = Mapping[str, tuple[tuple[int, ...], Any]]


class Failure(StrEnum):
    """The ways in which a request can fail."""

    NOT_AVAILABLE = "not available"
    COULD_NOT_START = "could not start"
    EXITED = "exited"
    KILLED = "killed"
    TIMED_OUT = "timed out"
    GARBAGE = "broke the protocol"
    MISSHAPEN = "wrong shape or dtype"
    ERROR = "error"
    UNSUPPORTED = "not implemented"


class PortFailure(Exception):
    """One failed request: who, asked for what, what happened, the end of its stderr, and misshapen arrays."""

    def __init__(
        self,
        label: str,
        operation: str,
        kind: Failure,
        what: str,
        stderr: str = "",
        arrays: Mapping[str, NDArray[Any]] | None = None,
    ) -> None:
        super().__init__(f"{label}: {operation}: {what}")
        self.label, self.operation, self.kind, self.what, self.stderr = label, operation, kind, what, stderr
        self.arrays = arrays or {}

    @property
    def ends_session(self) -> bool:
        """Whether the process is gone; after the other kinds the session goes on."""
        return self.kind not in (Failure.ERROR, Failure.UNSUPPORTED, Failure.MISSHAPEN)


def misshapen(came: Mapping[str, NDArray[Any]], expect: Expected) -> str:
    """What is another name, order, shape or dtype than was expected, and empty where nothing is."""
    if list(came) != list(expect):
        return f"expected the arrays {', '.join(expect) or 'none'}, came {', '.join(came) or 'none'}"
    for name, (shape, dtype) in expect.items():
        if came[name].shape != shape or came[name].dtype != np.dtype(dtype):
            return f"{name}: expected {np.dtype(dtype)} {shape}, came {came[name].dtype} {came[name].shape}"
    return ""


def _widen(pipe: int) -> None:
    """Let the pipe hold more, so that an array takes fewer turns; where that cannot be had, it works all the same."""
    with suppress(AttributeError, OSError):  # Linux alone has it, and limits it for each user
        fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, PIPE_BYTES)


class _Ended(Exception):
    """The process closed its end of a pipe."""


@dataclass(frozen=True)
class Hello:
    """What a port says of itself."""

    name: str
    language: str
    version: str
    blas: str
    threads: str
    dtypes: frozenset[str]
    layers: frozenset[str]
    operations: frozenset[str]
    optimizers: frozenset[str]
    epsilon: float | None  # None: the loss uses the epsilon of the request

    @staticmethod
    def of(fields: Mapping[str, str]) -> Hello:
        """Raises WireError that names the field that is missing or malformed."""

        def names(key: str) -> frozenset[str]:
            return frozenset(fields[key].split(",")) - {""}

        try:
            return Hello(
                name=fields["name"],
                language=fields["language"],
                version=fields["version"],
                blas=fields["blas"],
                threads=fields["threads"],
                dtypes=names("dtypes"),
                layers=names("layers"),
                operations=names("operations"),
                optimizers=names("optimizers"),
                epsilon=None if fields["epsilon"] == "any" else float(fields["epsilon"]),
            )
        except KeyError as missing:
            came = ", ".join(fields)
            raise WireError(f"expected the field {missing.args[0]} in the reply to hello, came {came}") from None
        except ValueError:
            raise WireError(f"expected epsilon=any or a number, came {fields['epsilon']!r}") from None


class Session:
    """A running port. Use it as a context manager; leaving it ends the process and its children."""

    def __init__(
        self, runner: Runner, threads: int = 1, seconds: float = REQUEST_SECONDS, hello_seconds: float = HELLO_SECONDS
    ) -> None:
        """Start the process and say hello. Raises PortFailure."""
        self.label = runner.label
        self.seconds = seconds
        if runner.lacking:
            what = f"{', '.join(runner.lacking)} is not on PATH"
            raise PortFailure(self.label, "start", Failure.NOT_AVAILABLE, what)
        began = time.perf_counter()
        try:
            self.process = subprocess.Popen(
                runner.command,
                cwd=runner.port.folder,
                env=runner.environment(threads),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                start_new_session=True,
            )
        except OSError as error:
            what = f"cannot run {runner.command[0]}: {error.strerror or error}"
            raise PortFailure(self.label, "start", Failure.COULD_NOT_START, what) from None
        self.process_seconds = time.perf_counter() - began  # until the system runs the command
        assert self.process.stdin and self.process.stdout and self.process.stderr
        self._in, self._out = self.process.stdin.fileno(), self.process.stdout.fileno()
        for descriptor in (self._in, self._out):
            os.set_blocking(descriptor, False)
            _widen(descriptor)
        self._buffer = bytearray()
        self._stderr = bytearray()
        self._stderr_reader = threading.Thread(target=self._keep_stderr, daemon=True)
        self._stderr_reader.start()
        self.hello = self._say_hello(hello_seconds)
        self.runtime_seconds = time.perf_counter() - began - self.process_seconds  # from there until it answers

    def _say_hello(self, seconds: float) -> Hello:
        try:
            reply = self.request("hello", {"protocol": "1"}, seconds=seconds)
            return Hello.of(reply.fields)
        except WireError as error:
            raise self._broken("hello", Failure.GARBAGE, str(error)) from None
        except PortFailure as failure:
            self.close()
            if self.process.returncode == NOT_AVAILABLE:
                reason = failure.stderr.strip().splitlines()[-1:] or ["it gave no reason"]
                raise PortFailure(self.label, "start", Failure.NOT_AVAILABLE, reason[0], failure.stderr) from None
            raise
        except BaseException:
            self.close()
            raise

    def request(
        self,
        operation: str,
        fields: Mapping[str, str] | None = None,
        arrays: Mapping[str, NDArray[Any]] | None = None,
        expect: Expected | None = None,
        seconds: float | None = None,
    ) -> Message:
        """Send one request and return the reply, an "ok" with exactly the expected arrays.

        ``expect`` maps each array's name to its shape and dtype. Raises PortFailure.
        """
        expect = expect or {}
        self._deadline = time.monotonic() + (seconds or self.seconds)
        self._asked = seconds or self.seconds
        size = sum(int(np.prod(shape)) * np.dtype(dtype).itemsize for shape, dtype in expect.values())
        try:
            for piece in encode(Message(operation, dict(fields or {}), dict(arrays or {}))):
                self._write(memoryview(piece))
            reply = decode(self, max_bytes=2 * size + SLACK_BYTES)
            if reply is None:
                raise _Ended
        except _Ended:
            raise self._ended(operation) from None
        except TimeoutError:
            what = f"expected a reply within {self._asked:g} s, came none; it was killed"
            raise self._broken(operation, Failure.TIMED_OUT, what) from None
        except WireError as error:
            raise self._broken(operation, Failure.GARBAGE, f"{error}; it was killed") from None
        return self._checked(operation, reply, expect)

    def _checked(self, operation: str, reply: Message, expect: Expected) -> Message:
        if reply.word in ("error", "unsupported"):
            kind = Failure.ERROR if reply.word == "error" else Failure.UNSUPPORTED
            text = reply.fields.get("message", "it gave no message")
            raise PortFailure(self.label, operation, kind, text, self.stderr() if kind is Failure.ERROR else "")
        if reply.word != "ok":
            raise self._broken(operation, Failure.GARBAGE, f"expected ok, error or unsupported, came {reply.word!r}")
        if what := misshapen(reply.arrays, expect):
            arrays = reply.arrays if list(reply.arrays) == list(expect) else None
            raise PortFailure(self.label, operation, Failure.MISSHAPEN, what, self.stderr(), arrays)
        return reply

    # The session as a wire.Source, and its writing counterpart: non-blocking pipes polled until the deadline.

    def readline(self, limit: int, /) -> bytes:
        """See wire.Source."""
        searched = 0
        while (end := self._buffer.find(b"\n", searched, limit)) < 0 and len(self._buffer) < limit:
            searched = len(self._buffer)
            try:
                self._buffer += self._read_some(PIPE_BYTES)
            except _Ended:
                if not self._buffer:
                    return b""
                break
        size = end + 1 if end >= 0 else min(limit, len(self._buffer))
        line = bytes(self._buffer[:size])
        del self._buffer[:size]
        return line

    def readinto(self, buffer: memoryview, /) -> None:
        """See wire.Source."""
        done = min(len(self._buffer), len(buffer))
        buffer[:done] = self._buffer[:done]
        del self._buffer[:done]
        while done < len(buffer):
            try:
                done += os.readv(self._out, [buffer[done:]]) or self._raise_ended()
            except BlockingIOError:
                self._wait(self._out, select.POLLIN)
            except _Ended:
                raise WireError(f"expected {len(buffer)} bytes of an array, the stream ended after {done}") from None

    def _read_some(self, size: int) -> bytes:
        while True:
            try:
                return os.read(self._out, size) or self._raise_ended()
            except BlockingIOError:
                self._wait(self._out, select.POLLIN)

    @staticmethod
    def _raise_ended() -> Any:
        raise _Ended

    def _write(self, piece: memoryview) -> None:
        while piece:
            try:
                piece = piece[os.write(self._in, piece) :]
            except BlockingIOError:
                self._wait(self._in, select.POLLOUT)
            except BrokenPipeError:
                raise _Ended from None

    def _wait(self, descriptor: int, event: int) -> None:
        poll = select.poll()
        poll.register(descriptor, event)
        left = self._deadline - time.monotonic()
        if left <= 0 or not poll.poll(left * 1000):
            raise TimeoutError

    # The end of a process.

    def _ended(self, operation: str) -> PortFailure:
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(GRACE_SECONDS)
        code = self.process.returncode
        if code is None:
            return self._broken(operation, Failure.GARBAGE, "it closed its stdout and went on running; it was killed")
        if code < 0:
            return self._broken(operation, Failure.KILLED, f"it was killed by {signal.Signals(-code).name}")
        return self._broken(operation, Failure.EXITED, f"expected a reply, it exited with status {code}")

    def _broken(self, operation: str, kind: Failure, what: str) -> PortFailure:
        self._kill()
        return PortFailure(self.label, operation, kind, what, self.stderr())

    def _keep_stderr(self) -> None:
        assert self.process.stderr
        while chunk := os.read(self.process.stderr.fileno(), 1 << 16):
            self._stderr += chunk
            del self._stderr[:-STDERR_BYTES]

    def stderr(self) -> str:
        """The end of what the process wrote to stderr."""
        if self.process.poll() is not None:
            self._stderr_reader.join(GRACE_SECONDS)
        return bytes(self._stderr).decode(errors="replace")

    def _kill(self) -> None:
        """Kill the process and whatever it started: it leads a process group of its own."""
        self.abort()
        self.process.wait()

    def abort(self) -> None:
        """Kill the process from another thread; whoever waits for its reply hears that it was killed."""
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self.process.pid, signal.SIGKILL)

    def close(self) -> None:
        """Close its stdin, wait a moment for it to exit, then kill what is left."""
        if self.process.stdin:
            with suppress(OSError):
                self.process.stdin.close()
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(GRACE_SECONDS)
        self._kill()
        self._stderr_reader.join(GRACE_SECONDS)
        for stream in (self.process.stdout, self.process.stderr):
            if stream and not self._stderr_reader.is_alive():
                stream.close()

    def __enter__(self) -> Session:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
