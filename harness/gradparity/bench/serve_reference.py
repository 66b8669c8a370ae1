"""A file of functions as a port: how the reference is timed, in a process like everybody's and by the same requests.

python -m gradparity.bench.serve_reference reference.py
"""

from __future__ import annotations

import platform
import sys
from collections.abc import Callable
from contextlib import redirect_stdout
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from gradparity_reference import elapsed
from threadpoolctl import threadpool_info

from ..arithmetic.precision import Array
from ..errors import UsageError
from ..functions.cases import on_the_wire
from ..functions.function import DTYPES, Function, as_arguments, named
from ..functions.loading import read_reference
from ..functions.signature import Kind
from ..ports.wire import Message
from ..serve import Reply, serve


class ReferencePort:
    """The functions of a file, and the arrays that came last."""

    def __init__(self, functions: dict[str, Function]) -> None:
        self.functions = functions
        self.last: dict[str, Array] = {}

    def hello(self, request: Message) -> Reply:
        """What it says of itself."""
        blas: dict[str, Any] = next((one for one in threadpool_info() if one["user_api"] == "blas"), {})
        return {
            "name": "reference",
            "language": "Python",
            "version": f"{platform.python_version()} (NumPy {np.__version__})",
            "blas": f"{blas.get('internal_api', 'unknown')} {blas.get('version', '')} {blas.get('architecture', '')}",
            "threads": blas.get("num_threads", 1),
            "dtypes": ",".join(DTYPES),
            "layers": "",
            "operations": "hello,call,inputs,null,time",
            "optimizers": "",
            "epsilon": "any",
            "functions": ",".join(self.functions),
        }, {}

    def call(self, request: Message) -> Reply:
        """The results, in the case's dtype: NumPy may have computed some in a wider one."""
        results = {name: np.asarray(one) for name, one in named(self._call(request)()).items()}
        floats = [one.dtype for one in self.last.values() if one.dtype.kind == "f"]
        dtype = floats[0] if floats else np.dtype("float64")
        return {}, on_the_wire({k: one.astype(dtype) if one.dtype.kind == "f" else one for k, one in results.items()})

    def inputs(self, request: Message) -> Reply:
        """The arrays that came last, as they are now."""
        return {}, self.last

    def time(self, request: Message) -> Reply:
        """By this process's clock."""
        timed = self._call(request) if request.fields["operation"] == "call" else lambda: None
        return {}, {"nanoseconds": elapsed(timed, int(request.fields["calls"]), int(request.fields["samples"]))}

    def _call(self, request: Message) -> Callable[[], Any]:
        """The reference itself on these arrays: numbers as numbers, booleans as such."""
        function, self.last = self.functions[request.fields["function"]], dict(request.arrays)
        given = {
            name: one.view(np.bool_) if function.inputs[name].kind is Kind.BOOLEAN else one
            for name, one in self.last.items()
        }
        return partial(function.reference, **as_arguments(given))


def main() -> None:
    """Serve the file that the command line names."""
    try:
        with redirect_stdout(sys.stderr):  # stdout is the protocol's
            port = ReferencePort(read_reference(Path(sys.argv[1])).functions)
    except UsageError as error:
        sys.exit(str(error))
    np.seterr(all="ignore")  # as where the reference is compared; and a warning takes time
    handlers = {"hello": port.hello, "call": port.call, "inputs": port.inputs, "time": port.time}
    serve({**handlers, "null": lambda request: ({}, {})})


if __name__ == "__main__":
    main()
