"""The port's side of the protocol, for ports that are hosted by Python (a Python port, a bridge to another runtime).

    serve({"hello": hello, "load": load, "gradient": gradient, ...})

Each handler takes the request and returns the reply's fields and arrays.
"""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Callable, Mapping
from typing import Any, BinaryIO

import numpy as np

from .wire import Message, WireError, decode, encode

Reply = tuple[Mapping[str, Any], Mapping[str, Any]]
Handler = Callable[[Message], Reply]


class Pipe:
    """A blocking stream as a Source."""

    def __init__(self, stream: BinaryIO) -> None:
        self.stream = stream
        self.readline = stream.readline

    def readinto(self, buffer: memoryview) -> None:
        got = self.stream.readinto(buffer)  # type: ignore[attr-defined]
        if got < len(buffer):
            raise WireError(f"expected {len(buffer)} more bytes of an array, the stream ended after {got}")


def serve(handlers: Mapping[str, Handler]) -> None:
    """Answer requests on stdin until it closes.

    stdout belongs to the protocol, so file descriptor 1 is first pointed at stderr: whatever the port's code or a
    library under it prints goes there. An exception of a handler becomes the reply ``error``, its traceback goes to
    stderr, and serving goes on.
    """
    source, stdout = take_stdio()
    while (request := decode(source)) is not None:
        for piece in _encoded(_answer(handlers, request)):
            stdout.write(piece)
        stdout.flush()


def _encoded(reply: Message) -> list[bytes | memoryview]:
    """The reply's bytes, or those of an error where an array of it cannot travel."""
    try:
        return encode(reply)
    except WireError as error:
        return encode(Message("error", {"message": str(error)}))


def take_stdio() -> tuple[Pipe, BinaryIO]:
    """The protocol's two streams. Call it before a runtime that may print is started."""
    sys.stdout.flush()
    source = Pipe(sys.stdin.buffer)
    stdout = os.fdopen(os.dup(1), "wb", buffering=1 << 16)
    os.dup2(2, 1)
    return source, stdout


def _answer(handlers: Mapping[str, Handler], request: Message) -> Message:
    handler = handlers.get(request.word)
    if handler is None:
        return Message("unsupported", {"message": f"no operation {request.word}"})
    try:
        fields, arrays = handler(request)
        return Message("ok", dict(fields), {name: np.asarray(array) for name, array in arrays.items()})
    except NotImplementedError as error:
        return Message("unsupported", {"message": str(error)})
    except Exception as error:  # whatever the port's code raises is its answer
        traceback.print_exc()
        return Message("error", {"message": f"{type(error).__name__}: {error}"})
