"""`gradparity.compare(f, reference=g)`: a function that Python can call, beside a declared one."""

from __future__ import annotations

import platform
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from ..cases import Array
from ..check.options import Options
from ..check.question import decidable
from ..check.run import RunnerCheck
from ..functions.cases import on_the_wire, select_function_cases
from ..functions.function import DTYPES, Function, as_arguments
from ..functions.results import named_results
from ..ports.session import Expected, Hello
from ..ports.wire import Message
from .again import Again
from .comparison import Comparison
from .handed import as_array
from .in_process import answered
from .runner import object_runner
from .selection import chosen_seeds


def compare_function(
    port: Callable[..., Any],
    reference: Any,
    label: str,
    cases: str | Iterable[str],
    dtypes: str | Iterable[str],
    seeds: int | Iterable[int],
    strict: bool = False,
) -> Comparison:
    """See `compare`. Raises TypeError and ValueError for what cannot be compared, BadReference."""
    if not isinstance(reference, Function):
        came = getattr(reference, "__name__", type(reference).__name__)
        what = "expected a function that is declared with @gradparity.function(...), so that its inputs can be drawn"
        raise TypeError(f"reference: {what}, came {came}; gradparity.assert_same takes any function, and your inputs")
    if not callable(port):
        raise TypeError(f"expected a function to compare with {reference.name}, came {type(port).__name__}")
    numbers = chosen_seeds(seeds)
    wanted, kinds = _texts(cases), _texts(dtypes)
    specs, left_out = decidable(select_function_cases({reference.name: reference}, wanted, kinds), numbers, 1)
    again = Again(port, {"reference": reference.reference, "strict": strict})
    check = FunctionObjectCheck(OneFunction(label, reference, port), again)
    with threadpool_limits(1), np.errstate(all="ignore"):  # as behind a pipe; the port's errstate stays its own
        info = check.start()
        found = [check.case(spec, seed, again.of(name, seed)) for name, spec in specs.items() for seed in numbers]
    about = Comparison(command=again.all, required=[info.runner], runners=[info], left_out=left_out, strict=strict)
    return about.model_copy(update={"cases": found})


def _texts(one: str | Iterable[str]) -> tuple[str, ...]:
    return (one,) if isinstance(one, str) else tuple(one)


class FunctionObjectCheck(RunnerCheck):
    """A runner's check, but for whom it talks to: nothing is built, and no process is started."""

    def __init__(self, conversation: OneFunction, again: Again) -> None:
        super().__init__(object_runner(conversation.label), Options(), lambda: conversation)
        self.again = again

    def command_of(self, name: str, seed: int) -> str:
        """The call that does the case of this name again."""
        return self.again.of(name, seed)


@dataclass
class OneFunction:
    """A `Conversation` with one function, in the caller's thread: no deadline, and Ctrl-C is the caller's."""

    label: str
    reference: Function
    port: Callable[..., Any]
    errstate: Any = field(default_factory=np.geterr)
    last: dict[str, Array] = field(default_factory=dict)

    @property
    def hello(self) -> Hello:
        """It has this function."""
        return Hello(
            name=self.label,
            language="Python",
            version=f"{platform.python_version()} (NumPy {np.__version__})",
            blas="",
            threads="1",
            dtypes=frozenset(DTYPES),
            layers=frozenset(),
            operations=frozenset({"call", "inputs"}),
            optimizers=frozenset(),
            epsilon=None,
            functions=frozenset({self.reference.name}),
        )

    def request(
        self,
        operation: str,
        fields: Mapping[str, str] | None = None,
        arrays: Mapping[str, Array] | None = None,
        expect: Expected | None = None,
        seconds: float | None = None,
    ) -> Message:
        """See `Conversation`. ``seconds`` cannot be kept to here."""
        expected = expect or {}

        def answer() -> Mapping[str, Any]:
            if operation == "inputs":
                return self.last
            declared = self.reference.inputs
            self.last = {name: np.array(one, order="K") for name, one in (arrays or {}).items()}
            given = {name: bool_of(one) if declared[name].kind == "boolean" else one for name, one in self.last.items()}
            return results_of(self.port(*as_arguments(given).values()), list(expected))

        return answered(self.label, operation, expected, self.errstate, answer, as_result)

    def said(self) -> str:
        """Nothing: what it prints goes where it always goes."""
        return ""

    def abort(self) -> None:
        """Nothing holds it."""

    close = abort


def bool_of(one: Array) -> Array:
    """The same memory, as booleans."""
    return one.view(np.bool_)


def results_of(value: Any, names: list[str]) -> Mapping[str, Any]:
    """What a function gave, by name: as Python says them, or R's list, or Julia's named tuple; else in this order."""
    if hasattr(value, "rx2"):  # rpy2's list
        return {str(name): value.rx2(str(name)) for name in value.names}
    if not isinstance(value, Mapping | tuple) and all(hasattr(value, name) for name in names):
        return {name: getattr(value, name) for name in names}
    found = named_results(value)
    in_order = type(value) in (tuple, list) or list(found) == ["result"]
    return dict(zip(names, found.values(), strict=True)) if in_order and len(found) == len(names) else found


def as_result(name: str, value: Any, expect: Expected) -> Array:
    """A copy of a result, as it would travel. A vector of one is a number where one is expected, as in R."""
    shape, dtype = expect.get(name, ((), None))
    found = on_the_wire({name: as_array(name, value, dtype, "in_out")})[name]
    return found.reshape(()) if shape == () and found.size == 1 else found
