"""The Julia code inside a Python process, driven through juliacall.

The operations are those of the native server, ``src/operations.jl``, and the harness's own module speaks the protocol.
What is left for this file is the way of an array from NumPy to Julia and back.
"""

from __future__ import annotations

import os
import socket
import sys
from functools import cache
from pathlib import Path

import numpy as np
from gradparity.ports.wire import Message
from gradparity.serve import Reply, serve

NOT_AVAILABLE = 69
OPERATIONS = (
    "hello", "load", "layer", "inputs", "predict", "accuracy", "gradient", "numerical_gradient", "trace", "null",
    "time", "data", "train", "params", "evaluate", "update",
)  # fmt: skip


class Bridge:
    """Julia, and the port in it."""

    def __init__(self) -> None:
        os.environ["PYTHON_JULIACALL_HANDLE_SIGNALS"] = "no"
        socket.setdefaulttimeout(10)  # seconds: where there is no Julia, juliapkg asks the network for one
        try:
            import juliacall
        except Exception as error:  # no Julia, or one that does not start: there are as many ways as exceptions
            reason = " ".join(str(error).split())
            print(f"julia port: juliacall cannot start Julia: {type(error).__name__}: {reason}", file=sys.stderr)
            sys.exit(NOT_AVAILABLE)
        for descriptor in (0, 1, 2):
            os.set_blocking(descriptor, True)  # Julia's start has made them non-blocking
        self.error = juliacall.JuliaError
        main = juliacall.Main
        main.include(str(Path(__file__).with_name("bridge.jl")))
        self.julia = main.Bridge
        self.port = main.LayeredNet.Port()

    def answer(self, message: Message) -> Reply:
        """What the Julia operation gives. The arrays are views of its memory, to be written before the next call."""
        request = self.julia.request(message.word)
        for key, value in message.fields.items():
            self.julia.add_field(request, key, value)
        for name, a in message.arrays.items():
            self.julia.add_array(request, name, a.dtype.str, a.ctypes.data, a.flags.f_contiguous, *a.shape)
        try:
            reply = self.julia.answer(self.port, request)
        except self.error as error:
            raise self.error(error.exception) from error  # its message alone, the stack trace goes to stderr
        fields = dict(reply.fields)
        if reply.word == "unsupported":
            raise NotImplementedError(fields["message"])
        arrays = ((name, np.asarray(memory), by_rows) for name, memory, by_rows in self.julia.arrays(reply))
        return fields, {name: a.T if by_rows else a for name, a, by_rows in arrays}


@cache
def bridge() -> Bridge:
    """Started by the first request: by then stdout is the protocol's, and juliapkg and Julia print to stderr."""
    return Bridge()


if __name__ == "__main__":
    serve(dict.fromkeys(OPERATIONS, lambda message: bridge().answer(message)))
