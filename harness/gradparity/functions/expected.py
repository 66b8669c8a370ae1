"""What the reference gives in a case of a function, and what rounding explains in each result."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from threading import RLock
from typing import Any

import numpy as np

from ..arithmetic.explained import Explained, explained
from ..arithmetic.precision import Array, Precision, root_mean_square
from ..arithmetic.verdicts import Allowance
from .cases import LARGE, FunctionSpec, on_the_wire
from .function import BadReference, Function, as_arguments, hearing_calls, kind_of, naming_the_line

SEED = 15  # of the noise, beside the case's own


class Undecidable(Exception):
    """A case that says nothing: its unusual numbers are none that the reference can compute with."""


@dataclass(frozen=True, eq=False)
class Called:
    """A function, what it was given, and what it must give. Floats are of the case's dtype."""

    function: Function
    inputs: Mapping[str, Array]
    dtype: str
    seed: int

    @cached_property
    def own(self) -> dict[str, Array]:
        """The results as the reference gives them, in whatever dtype. Raises BadReference."""
        with naming_the_line(self.function, self.inputs), np.errstate(all="ignore"):
            found = self.function.results(as_arguments(self.inputs))
        return {name: np.asarray(one) for name, one in found.items()}

    @cached_property
    def results(self) -> dict[str, Array]:
        """By name, in the order in which they arise, floats in the case's dtype. Raises BadReference."""
        return {name: self._as_result(name, one) for name, one in self.own.items()}

    def _as_result(self, name: str, value: Array) -> Array:
        kind = kind_of(self.function, name, value)
        if kind == "float":
            return value.astype(self.dtype)
        bounds = np.iinfo(np.int32)
        if kind == "integer" and value.size and not bounds.min <= value.min() <= value.max() <= bounds.max:
            raise BadReference(f"{self.function.place}: {self.function.name}: the result {name} is beyond int32")
        return value

    @cached_property
    def explained(self) -> Explained:
        """What rounding explains in the results that are floats."""
        order = [name for name, one in self.results.items() if one.dtype.kind == "f"]

        def run(inputs: Mapping[str, Any]) -> dict[str, Any]:
            found = self.function.results(inputs)
            return {name: found[name] for name in order}

        with np.errstate(all="ignore"):
            return explained(run, self.function.reference, self.inputs, Precision.of(self.dtype), [self.seed, SEED])

    def allowance(self, name: str) -> Allowance:
        """What rounding explains in a result, and what its owner declares to be no error; of integers nothing."""
        expected = self.results[name]
        if expected.dtype.kind != "f":
            return Allowance(limit=np.zeros(expected.shape))
        allowed = self.explained.envelopes[name].allowance
        declared = self.function.accuracy.get(name)
        if declared is None:
            return allowed
        assert allowed.limit is not None
        assert allowed.spread is not None
        size = abs(np.nan_to_num(expected.astype(np.float64)))
        usual = float(root_mean_square(size))
        return Allowance(
            np.maximum(allowed.limit, declared * np.maximum(size, usual)), max(allowed.spread, declared * usual)
        )


class FunctionReference:
    """A drawn case of a function. Everything is computed when it is first asked for; threads may share it."""

    def __init__(self, spec: FunctionSpec, seed: int, again: int = 0) -> None:
        self.spec, self.seed, self.again = spec, seed, again
        self._lock = RLock()
        with naming_the_line(spec.function):
            self.inputs = spec.drawn(seed, again)

    @cached_property
    def whole(self) -> Called:
        """The function itself."""
        return Called(self.spec.function, self.inputs, self.spec.dtype, self.seed)

    @cached_property
    def parts(self) -> list[Called]:
        """The declared functions that it calls, each once, in order, with what they are first given."""
        found: dict[str, Called] = {}

        def record(function: Function, given: dict[str, Any], results: dict[str, Any]) -> None:
            if function is not self.spec.function and function.name not in found:
                inputs = {name: self._own(one) for name, one in given.items() if name in function.inputs}
                if list(inputs) == list(function.inputs):
                    found[function.name] = Called(function, inputs, self.spec.dtype, self.seed)

        with hearing_calls(record):
            fresh = Called(self.spec.function, self.inputs, self.spec.dtype, self.seed)
            fresh.results  # noqa: B018
        return list(found.values())

    def _own(self, one: Any) -> Array:
        found = np.array(one)
        return found.astype(self.spec.dtype) if found.dtype.kind == "f" else found

    @cached_property
    def following(self) -> FunctionReference:
        """Another draw of the same sizes, to be asked after this one."""
        return FunctionReference(self.spec, self.seed, self.again + 1)

    def compute(self) -> None:
        """Fill every cache that each check reads. Raises Undecidable and BadReference."""
        with self._lock:
            self._demand_numbers()
            for one in (*self.parts, self.whole):
                one.explained  # noqa: B018
            self.following.whole.results  # noqa: B018

    def _demand_numbers(self) -> None:
        unusual = self.spec.quirk
        try:
            results = self.whole.results
        except BadReference as error:
            if unusual:
                raise Undecidable(str(error)) from None
            raise
        for name, one in results.items():
            if (
                (unusual or (self._is_large and name in self._usually_finite))
                and one.dtype.kind == "f"
                and not np.isfinite(one).all()
            ):
                raise Undecidable(f"the reference's {name} is not finite there")

    @property
    def _is_large(self) -> bool:
        return any(size in LARGE for size in self.spec.sizes.values())

    @cached_property
    def _usually_finite(self) -> set[str]:
        """Results that are finite at the first sizes: if they are not at large ones, they have overflowed."""
        first = replace(self.spec, sizes=self.spec.function.first_sizes(), quirk=None)
        results = FunctionReference(first, self.seed, self.again).whole.results
        return {name for name, one in results.items() if one.dtype.kind == "f" and np.isfinite(one).all()}

    def sent(self) -> dict[str, Array]:
        """The inputs as they travel."""
        return on_the_wire(self.inputs)
