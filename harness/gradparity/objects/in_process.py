"""A conversation with an object in this process: the same requests as over a pipe, and the same outcomes."""

from __future__ import annotations

import platform
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from threadpoolctl import threadpool_info

from ..cases import Array
from ..ports.pipes import STDERR_BYTES
from ..ports.session import Expected, Failure, Hello, PortFailure, misshapen
from ..ports.wire import DTYPES as ON_THE_WIRE
from ..ports.wire import Message
from ..suite import DTYPES
from ..texts import both_ends
from .handed import Handed, Layout, as_array, own_copy
from .implementation import Implementation
from .layers import Layers, layer_pass
from .networks import Loaded
from .results import Results, overwritten

OURS = str(Path(__file__).parents[1])


@dataclass
class InProcess:
    """A `Conversation` with an implementation, in the caller's thread: no deadline, and Ctrl-C is the caller's.

    ``epsilon`` is its own where it does not take one; ``errstate`` is how NumPy treats its floating-point errors.
    """

    label: str
    implementation: Implementation
    layout: Layout = "in_out"
    epsilon: float = 0.0
    layers: Layers = field(default_factory=dict)
    errstate: Any = field(default_factory=np.geterr)

    def __post_init__(self) -> None:
        self.loaded: Loaded | None = None
        self.layer_arrays: dict[str, Array] | None = None  # of the last layer, until the next load
        self.results = Results()
        blas: dict[str, Any] = next((i for i in threadpool_info() if i["user_api"] == "blas"), {})
        self._hello = Hello(
            name=self.label,
            language="Python",
            version=f"{platform.python_version()} (NumPy {np.__version__})",
            blas=f"{blas.get('internal_api', 'unknown')} {blas.get('version', '')}".strip(),
            threads=str(blas.get("num_threads", 1)),
            dtypes=frozenset(DTYPES),
            layers=frozenset(self.layers),
            operations=frozenset(),
            optimizers=frozenset(),
            epsilon=None if "epsilon" in self.implementation.takes else self.epsilon,
            activations=self.implementation.activations,
        )

    @property
    def hello(self) -> Hello:
        """Its operations are those of the loaded network, and those that only an object can be asked for.

        ``batch`` gives the same network another x and t. ``results`` are what it last gave for another operation before
        that, as they are now, and ``overwritten`` is its answer after something was written into what it last gave.
        """
        own = {*self.loaded.operations, "batch", "results", "overwritten"} if self.loaded else set()
        return replace(self._hello, operations=frozenset({"load", "layer", "inputs", *own}))

    def request(
        self,
        operation: str,
        fields: Mapping[str, str] | None = None,
        arrays: Mapping[str, Array] | None = None,
        expect: Expected | None = None,
        seconds: float | None = None,
    ) -> Message:
        """See `Conversation`. ``seconds`` cannot be kept to here."""
        return answered(
            self.label,
            operation,
            expect or {},
            self.errstate,
            lambda: self._answer(operation, fields or {}, arrays or {}),
            self._result,
        )

    def _answer(self, operation: str, fields: Mapping[str, str], arrays: Mapping[str, Array]) -> Mapping[str, Any]:
        if operation == "load":
            self.loaded, self.layer_arrays, self.results = None, None, Results()
            self.loaded = self.implementation.load(Handed.of(fields, arrays, self.layout))
            return {}
        if operation == "layer":
            self.layer_arrays = {name: own_copy(name, array, self.layout) for name, array in arrays.items()}
            return layer_pass(self.layers[fields["kind"]], fields, self.layer_arrays)
        if self.loaded is None:
            raise NotImplementedError("no case is loaded")
        if operation == "inputs":
            return self.loaded.inputs() if self.layer_arrays is None else self.layer_arrays
        if operation == "batch":
            own = (own_copy(name, arrays[name], self.layout) for name in ("x", "t"))
            self.loaded, self.results = self.loaded.with_batch(*own), Results(earlier=self.results.last)
            return {}
        if operation == "results":
            return self.results.earlier[fields["operation"]]
        if operation == "overwritten":
            asked = fields["operation"]
            return overwritten(self.results.last[asked], self.loaded.operations[asked])
        if operation not in self.loaded.operations:
            raise NotImplementedError(f"it has no {operation}")
        numbers = {name: float(value) for name, value in fields.items()}
        came = self.loaded.operations[operation](**numbers)
        self.results.last[operation] = came
        return came

    def _result(self, name: str, value: Any, expect: Expected) -> Array:
        dtype = expect[name][1] if name in expect else None
        return as_array(name, value, dtype, self.layout)

    def computes_with_others(self) -> bool:
        """Whether the loaded network does not compute with the params that it shows. It can be asked nothing more."""
        try:
            return self.loaded is not None and self.loaded.computes_with_others()
        except Exception:  # theirs, and nothing that is asked for
            return False

    def said(self) -> str:
        """Nothing: what it prints goes where it always goes."""
        return ""

    def abort(self) -> None:
        """Let go of the network."""
        self.loaded, self.layer_arrays = None, None

    close = abort


def answered(
    label: str,
    operation: str,
    expect: Expected,
    errstate: Mapping[str, Any],
    answer: Callable[[], Mapping[str, Any]],
    as_result: Callable[[str, Any, Expected], Array],
) -> Message:
    """What a call of theirs gives, as the reply of a port; its exceptions as failures. Raises PortFailure."""
    try:
        with np.errstate(**errstate):
            came = answer()
            named = [*(name for name in expect if name in came), *(name for name in came if name not in expect)]
            found = {name: as_result(name, came[name], expect) for name in named}
    except NotImplementedError as error:
        raise PortFailure(label, operation, Failure.UNSUPPORTED, str(error) or "not implemented") from None
    except (Exception, SystemExit) as error:
        what = "".join(traceback.format_exception_only(error)).strip()
        raise PortFailure(label, operation, Failure.ERROR, what, _theirs(error)) from None
    if wrong := misshapen(found, expect):
        if wrong.array and came[wrong.array] is None:
            wrong = replace(wrong, came="None")
        known = all(array.dtype.str in ON_THE_WIRE for array in found.values()) and list(found) == list(expect)
        raise PortFailure(label, operation, Failure.MISSHAPEN, str(wrong), arrays=found if known else None)
    return Message("ok", {}, found)


def _theirs(error: BaseException) -> str:
    """The traceback from the first frame that is not ours; of a long one, both ends."""
    frames = error.__traceback__
    while frames and frames.tb_frame.f_code.co_filename.startswith(OURS):
        frames = frames.tb_next
    return both_ends("".join(traceback.format_exception(type(error), error, frames)), STDERR_BYTES)
