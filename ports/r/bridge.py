"""The embedded runner: R inside this process, through rpy2, on the same R/operations.R as serve.R.

Nothing is computed here: a request becomes R values, and what R's ``answer`` gives becomes the reply. What R prints
goes to stderr. Where rpy2 or R is missing, the last line of stderr says so and the exit status is 69.
"""

from __future__ import annotations

import sys
import warnings
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
from gradparity.ports.wire import Message, WireError, decode, encode
from gradparity.serve import take_stdio
from numpy.typing import NDArray

UNAVAILABLE = 69


def start_r() -> Any:
    """rpy2's interface to R, started as bare as ``Rscript --vanilla`` is."""
    from rpy2 import rinterface
    from rpy2.rinterface_lib import callbacks, embedded

    callbacks.consolewrite_print = callbacks.consolewrite_warnerror = _print_to_stderr
    embedded.set_initoptions(("rpy2", "--quiet", "--vanilla"))
    with warnings.catch_warnings(action="ignore"):  # that R's start script sets PWD and the like
        rinterface.initr(interactive=False)
    return rinterface


def _print_to_stderr(text: str) -> None:
    sys.stderr.write(text)
    sys.stderr.flush()


class Bridge:
    """The port's R functions, called with what a message holds."""

    def __init__(self, r: Any) -> None:
        """``r`` is rpy2.rinterface, started."""
        self.r = r
        r.baseenv["options"](warn=1)
        for path in sorted(Path("R").rglob("*.R")):
            r.baseenv["source"](str(path))
        self.port = r.globalenv["operations"]()

    def answer(self, request: Message) -> Message:
        """The reply of R's ``answer``."""
        fields = self.r.StrSexpVector(list(request.fields.values()))
        arrays = self.r.ListSexpVector([self.to_r(array) for array in request.arrays.values()])
        self._set_names(fields, request.fields)
        self._set_names(arrays, request.arrays)
        word, fields, arrays = self.r.globalenv["answer"](self.port, request.word, fields, arrays)
        results = {name: self.to_numpy(array) for name, array in self._items(arrays)}
        return Message(word[0], dict(self._items(fields)), results)

    def to_r(self, array: NDArray[Any]) -> Any:
        """A copy as an R vector with the shape as its dim; float32, which R lacks, as its bytes (see R/wire.R)."""
        if array.dtype == np.float32:
            return self.r.ByteSexpVector.from_memoryview(memoryview(array.tobytes()))
        kinds = {"float64": self.r.FloatSexpVector, "int32": self.r.IntSexpVector, "uint8": self.r.ByteSexpVector}
        vector = kinds[array.dtype.name].from_memoryview(array.ravel(order="F").data)
        if array.ndim:
            vector.do_slot_assign("dim", self.r.IntSexpVector(array.shape))
        return vector

    def to_numpy(self, vector: Any) -> NDArray[Any]:
        """A copy, in R's own order: a view would outlive the R vector, whose memory R uses again."""
        array = np.array(vector, order="F")
        try:
            vector.do_slot("dim")
        except LookupError:
            return array.reshape(())
        return array

    def _set_names(self, vector: Any, names: Iterable[str]) -> None:
        vector.do_slot_assign("names", self.r.StrSexpVector(list(names)))

    def _items(self, vector: Any) -> list[tuple[str, Any]]:
        return list(zip(vector.do_slot("names"), vector, strict=True)) if len(vector) else []


def main() -> None:
    """Answer requests on stdin until it closes; a stream that is not the protocol's ends in exit status 1."""
    source, stdout = take_stdio()
    try:
        r = start_r()
    except Exception as error:  # rpy2 raises whatever it likes where it does not find an R that suits it
        print(f"R cannot be embedded: {type(error).__name__}: {error}", file=sys.stderr)
        sys.exit(UNAVAILABLE)
    bridge = Bridge(r)
    try:
        while (request := decode(source)) is not None:
            for piece in encode(bridge.answer(request)):
                stdout.write(piece)
            stdout.flush()
    except WireError as error:
        sys.exit(f"bridge.py: {error}")
    finally:
        r.endr(0)


if __name__ == "__main__":
    main()
