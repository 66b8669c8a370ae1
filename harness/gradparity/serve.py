"""The port's side of the protocol, for ports that are hosted by Python (a Python port, a bridge to another runtime).

    serve({"hello": hello, "load": load, "gradient": gradient, ...})

Each handler takes the request and returns the reply's fields and arrays.
"""

from __future__ import annotations

import os
import signal
import sys
import traceback
from collections.abc import Callable, Mapping
from typing import Any, BinaryIO

import numpy as np
from gradparity_reference import LAYERS, LOSSES, LayerSpec, dense

from .ports.wire import Message, WireError, decode, encode
from .texts import both_ends

MAX_MESSAGE = 1000  # characters

Reply = tuple[Mapping[str, Any], Mapping[str, Any]]
Handler = Callable[[Message], Reply]


class Refusal(Exception):
    """Answered as an error with these words, and without a traceback, as they say all."""


class Pipe:
    """A blocking stream as a Source."""

    def __init__(self, stream: BinaryIO) -> None:
        self.stream = stream
        self.readline = stream.readline

    def readinto(self, buffer: memoryview) -> None:
        got = self.stream.readinto(buffer)  # type: ignore[attr-defined]
        if got < len(buffer):
            raise WireError(f"expected {len(buffer)} more bytes of an array, the stream ended after {got}")


def serve(handlers: Mapping[str, Handler], unsupported: type[Exception] = NotImplementedError) -> None:
    """Answer requests on stdin until it closes.

    stdout belongs to the protocol, so file descriptor 1 is first pointed at stderr: whatever the port's code or a
    library under it prints goes there. An exception of a handler becomes the reply ``error``, its traceback goes to
    stderr, and serving goes on; one of the type ``unsupported`` becomes the reply of that name. What is no request ends
    the process, with one line on stderr; an interrupt, which comes when a request takes too long, with where it was.
    """
    signal.signal(signal.SIGINT, signal.default_int_handler)  # also where whoever started all of this ignores it
    source, stdout = take_stdio()
    try:
        while (request := decode(source)) is not None:
            for piece in answer(handlers, request, unsupported):
                stdout.write(piece)
            stdout.flush()
    except WireError as error:
        sys.exit(f"serve: {error}")


def take_stdio() -> tuple[Pipe, BinaryIO]:
    """The protocol's two streams. Call it before a runtime that may print is started."""
    sys.stdout.flush()
    source = Pipe(sys.stdin.buffer)
    stdout = os.fdopen(os.dup(1), "wb", buffering=1 << 16)
    os.dup2(2, 1)
    return source, stdout


def answer(
    handlers: Mapping[str, Handler], request: Message, unsupported: type[Exception] = NotImplementedError
) -> list[bytes | memoryview]:
    """The reply, encoded. Raises nothing that a handler raises, or that its results cause."""
    handler = handlers.get(request.word)
    if handler is None:
        return _refusal("unsupported", f"no operation {request.word}")
    try:
        fields, arrays = handler(request)
        return encode(Message("ok", dict(fields), {name: np.asarray(array) for name, array in arrays.items()}))
    except unsupported as error:
        return _refusal("unsupported", str(error))
    except Refusal as error:
        return _refusal("error", str(error))
    except Exception as error:  # whatever the port's code raises is its answer
        traceback.print_exc()
        return _refusal("error", f"{type(error).__name__}: {error}")


def _refusal(word: str, message: str) -> list[bytes | memoryview]:
    """Of a long text both ends, lest it outgrow a line."""
    return encode(Message(word, {"message": both_ends(message, MAX_MESSAGE)}))


def layer_specs(fields: Mapping[str, str]) -> list[LayerSpec]:
    """The layers that the fields of load describe, the loss last or left out. Raises NotImplementedError, KeyError."""
    if "layers" not in fields:
        return [LayerSpec(kind) for kind in dense(fields["sizes"].count(","), fields["activation"])]
    found, number = [], 0
    for kind in fields["layers"].split(","):
        if kind in LOSSES:
            found.append(LayerSpec(kind))
            continue
        if kind not in LAYERS:
            raise NotImplementedError(f"no layer {kind}")
        number += bool(LAYERS[kind].params)
        own = {key: fields[f"{kind}{number}.{key}"] for key in LAYERS[kind].numbers}
        found.append(LayerSpec(kind, tuple(as_numbers(own).items())))
    return found


def as_numbers(texts: Mapping[str, str]) -> dict[str, float]:
    """Numbers as fields have them: whole ones as integers."""
    return {key: int(text) if text.isdecimal() else float(text) for key, text in texts.items()}
