"""A session: one port's process, asked over its stdin and stdout, under a deadline.

Whatever the process does (exit, die, hang, print garbage, announce a terabyte), the caller gets exactly one PortFailure
that says what happened, with what the process wrote to stderr, and no process is left behind: not its children either.
"""

from __future__ import annotations

import math
import signal
import subprocess
import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import TracebackType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..functions.layers import LAYERS
from ..texts import both_ends
from .family import MARK, Family, new_mark
from .lock import starting
from .manifest import Runner
from .pipes import Ended, Pipes
from .wire import Message, WireError, decode, encode

NOT_AVAILABLE = 69  # EX_UNAVAILABLE of sysexits.h: the port's runtime is not on this machine
HELLO_SECONDS = 120.0
REQUEST_SECONDS = 60.0
GRACE_SECONDS = 2.0
WORDS_SECONDS = 1.0  # for a runtime that is interrupted to say where it was
SLACK_BYTES = 1 << 20
MAX_WORDS = 2000  # characters of a port's words in a failure
MAX_TEXT = 200  # characters that a port says of itself, in each field

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
        status: int | None = None,
    ) -> None:
        what = both_ends(what, MAX_WORDS)
        super().__init__(f"{label}: {operation}: {what}")
        self.label, self.operation, self.kind, self.what, self.stderr = label, operation, kind, what, stderr
        self.arrays, self.status = arrays or {}, status

    @property
    def ends_session(self) -> bool:
        """Whether the process is gone; after the other kinds the session goes on."""
        return self.kind not in (Failure.ERROR, Failure.UNSUPPORTED, Failure.MISSHAPEN)


@dataclass(frozen=True)
class Misshapen:
    """What is another name, order, shape or dtype than was expected: of the array of this name, or of all names."""

    array: str
    expected: str
    came: str

    def __str__(self) -> str:
        about = f"{self.array}: expected" if self.array else "expected the arrays"
        return f"{about} {self.expected}, came {self.came}"


def misshapen(came: Mapping[str, NDArray[Any]], expect: Expected) -> Misshapen | None:
    """The first that is, None where all is as expected."""
    if list(came) != list(expect):
        return Misshapen("", ", ".join(expect) or "none", ", ".join(came) or "none")
    for name, (shape, dtype) in expect.items():
        array, dtype = came[name], np.dtype(dtype)
        if array.shape != shape or array.dtype != dtype:
            return Misshapen(name, f"{dtype} {shape}", f"{array.dtype} {array.shape}")
    return None


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
    activations: frozenset[str] = frozenset()  # that its networks have, where there is no such layer to ask alone
    functions: frozenset[str] = frozenset()  # of the user's own, which call names
    any_network: bool = False  # load takes any list of the layers
    step: float | None = None  # of its numerical gradient, where that is always the same

    def lacks(self, kinds: Collection[str], dense: bool) -> str:
        """Why a network of layers of these kinds is not asked for, or nothing: an older port does not know newer ones.

        ``dense``: it is affine layers with one activation, and softmax with cross-entropy, which every port may have.
        """
        if dense:
            known = self.layers | self.activations | {kind for kind in LAYERS if LAYERS[kind].assumed}
            missing = {kind for kind in kinds if LAYERS[kind].activation} - known
        elif not self.any_network:
            return "the port takes no networks of any layers: networks=any is not in its hello"
        else:
            missing = set(kinds) - self.layers
        return f"the port does not list {', '.join(sorted(missing))}" if missing else ""

    @staticmethod
    def of(fields: Mapping[str, str]) -> Hello:
        """Raises WireError that names the field that is missing or malformed."""

        def text(key: str) -> str:
            return fields[key][:MAX_TEXT]

        def names(key: str) -> frozenset[str]:
            return frozenset(fields[key].split(",")) - {""}

        known = {"functions": "", "networks": "", "step": "any", **fields}  # which came later than the others

        try:
            return Hello(
                name=text("name"),
                language=text("language"),
                version=text("version"),
                blas=text("blas"),
                threads=text("threads"),
                dtypes=names("dtypes"),
                layers=names("layers"),
                operations=names("operations"),
                optimizers=names("optimizers"),
                epsilon=None if fields["epsilon"] == "any" else _epsilon(fields["epsilon"]),
                functions=frozenset(known["functions"].split(",")) - {""},
                any_network=known["networks"] == "any",
                step=None if known["step"] == "any" else _step(known["step"]),
            )
        except KeyError as missing:
            came = ", ".join(fields)
            raise WireError(f"expected the field {missing.args[0]} in the reply to hello, came {came}") from None
        except ValueError as why:
            raise WireError(str(why)) from None


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
        with starting(runner.port):
            self._start(runner, threads, hello_seconds)

    def _start(self, runner: Runner, threads: int, hello_seconds: float) -> None:
        command, mark = runner.command, new_mark()
        began = time.perf_counter()
        try:
            self.process = subprocess.Popen(
                command,
                cwd=runner.port.folder,
                env={**runner.environment(threads), MARK: mark},
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                start_new_session=True,
            )
        except (OSError, ValueError) as error:  # ValueError: a zero byte in the command
            what = f"cannot run {command[0]}: {getattr(error, 'strerror', None) or error}"
            raise PortFailure(self.label, "start", Failure.COULD_NOT_START, what) from None
        self.process_seconds = time.perf_counter() - began  # until the system runs the command
        self._family = Family(self.process, mark)
        self._pipes = Pipes(self.process)
        self.hello = self._say_hello(hello_seconds)
        self.runtime_seconds = time.perf_counter() - began - self.process_seconds  # from there until it answers

    def _say_hello(self, seconds: float) -> Hello:
        try:
            reply = self.request("hello", {"protocol": "1"}, seconds=seconds)
            return Hello.of(reply.fields)
        except WireError as error:
            failure = self._broken("hello", Failure.GARBAGE, f"{error}; it was killed")
            self.close()
            raise failure from None
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
        seconds = seconds or self.seconds
        size = sum(int(np.prod(shape)) * np.dtype(dtype).itemsize for shape, dtype in expect.values())
        try:
            self._pipes.begin(seconds)
            if came := self._pipes.unasked():
                raise WireError(f"expected nothing before the request, came {came[:80]!r}")
            for piece in encode(Message(operation, dict(fields or {}), dict(arrays or {}))):
                self._pipes.write(memoryview(piece))
            reply = decode(self._pipes, max_bytes=2 * size + SLACK_BYTES)
            if reply is None:
                raise Ended
        except Ended:
            raise self._ended(operation) from None
        except TimeoutError:
            self._family.interrupt()
            self._pipes.await_exit(WORDS_SECONDS)
            what = f"expected a reply within {seconds:g} s, came none; it was killed"
            raise self._broken(operation, Failure.TIMED_OUT, what) from None
        except WireError as error:
            raise self._broken(operation, Failure.GARBAGE, f"{error}; it was killed") from None
        return self._checked(operation, reply, expect)

    def _checked(self, operation: str, reply: Message, expect: Expected) -> Message:
        if reply.word in ("error", "unsupported"):
            kind = Failure.ERROR if reply.word == "error" else Failure.UNSUPPORTED
            text = reply.fields.get("message", "it gave no message")
            raise PortFailure(self.label, operation, kind, text, self.said() if kind is Failure.ERROR else "")
        if reply.word != "ok":
            raise self._broken(operation, Failure.GARBAGE, f"expected ok, error or unsupported, came {reply.word!r}")
        if wrong := misshapen(reply.arrays, expect):
            arrays = reply.arrays if list(reply.arrays) == list(expect) else None
            raise PortFailure(self.label, operation, Failure.MISSHAPEN, str(wrong), self.said(), arrays)
        return reply

    def _ended(self, operation: str) -> PortFailure:
        code = self._pipes.await_exit(GRACE_SECONDS)
        if code is None:
            return self._broken(operation, Failure.GARBAGE, "it closed its stdout and went on running; it was killed")
        if code < 0:
            return self._broken(operation, Failure.KILLED, f"it was killed by {_signal(-code)}")
        return self._broken(operation, Failure.EXITED, f"expected a reply, it exited with status {code}", code)

    def _broken(self, operation: str, kind: Failure, what: str, status: int | None = None) -> PortFailure:
        self._family.end()
        return PortFailure(self.label, operation, kind, what, self.stderr(), status=status)

    def stderr(self) -> str:
        """What the process wrote to stderr since the last request began, and the end of what it wrote before."""
        return self._pipes.stderr()

    def said(self) -> str:
        """What the process wrote to stderr since the last request began; of much, both ends."""
        return self._pipes.said()

    def abort(self) -> None:
        """Kill the process from another thread; whoever waits for its reply hears that it was killed."""
        self._family.kill()

    def close(self) -> None:
        """Close its stdin, wait a moment for it to exit, then kill what is left of it and of what it started."""
        self._family.look()
        self._pipes.close_stdin()
        self._pipes.await_exit(GRACE_SECONDS)
        self._family.end()
        self._pipes.close()

    def __enter__(self) -> Session:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _epsilon(text: str) -> float:
    return _number("epsilon", text, "a number from 0 to 1", lambda epsilon: 0 <= epsilon <= 1)


def _step(text: str) -> float:
    return _number("step", text, "a number above 0, at most 1", lambda step: 0 < step <= 1)


def _number(key: str, text: str, expected: str, fits: Callable[[float], bool]) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan  # which fits nothing
    if not fits(value):
        raise ValueError(f"expected {key}=any or {expected}, came {text!r}")
    return value


def _signal(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:  # the real-time signals have no names
        return f"signal {number}"
