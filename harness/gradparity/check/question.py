"""What a check asks of a port: a case of the network, or of a function. The one place where it matters which."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from threading import Lock
from typing import Any, Protocol

import numpy as np
from threadpoolctl import threadpool_limits

from ..arithmetic.verdicts import Verdict
from ..cases import CaseSpec
from ..diagnosis.pursuit import Memory
from ..diagnosis.records import Diagnosis
from ..functions.cases import FunctionSpec
from ..functions.expected import FunctionReference, Undecidable
from ..functions.layers import LAYERS
from ..ports.attended import Attended
from ..ports.conversation import Conversation
from ..ports.session import Hello, PortFailure
from ..reference import shared_reference
from .case_check import CaseCheck
from .function_check import FunctionCheck
from .options import Options
from .records import Cell, Quantity, Reason

Spec = CaseSpec | FunctionSpec
KEPT = 256  # references of functions, as of networks
COMMON = {"affine", "softmax_with_loss"}
"""Layers that every case has: for their sake alone no network is tried that the port has not got."""
BEFORE_LOAD = {Quantity.LAYERS, Quantity.STATE}
"""What is asked before the network is loaded."""


class Check(Protocol):
    """`CaseCheck` or `FunctionCheck`."""

    cells: list[Cell]
    said: PortFailure | None
    """The last failure that has a cell of its own."""

    @property
    def stderr(self) -> str:
        """See `CaseResult`."""

    @property
    def diagnoses(self) -> list[Diagnosis]:
        """What is wrong, and why; none where nothing is."""

    def run(self) -> None:
        """Ask everything. Raises PortFailure."""


class Checkable(Protocol):
    """A case, as a check needs it."""

    def lacks(self, hello: Hello) -> str:
        """Why a port that says this of itself is not asked; empty where it is."""

    @property
    def about(self) -> str:
        """What it has in common with others that may break the port, too: by this they are given up."""

    def check(
        self,
        session: Conversation,
        seed: int,
        options: Options,
        memory: Memory,
        attended: Attended[Conversation] | None = None,
    ) -> Check:
        """The check of one session; ``memory`` is the runner's, ``attended`` starts other sessions.

        Raises Undecidable, and what drawing raises.
        """

    def nothing(self, verdict: Verdict, detail: str, reason: Reason | None = None) -> list[Cell]:
        """The cells of a port that was not asked."""

    def left_unasked(self, cell: Cell, there: Collection[Quantity]) -> bool:
        """Whether this cell of ``nothing`` stands for what a session that broke had not been asked yet.

        Of the quantities ``there`` are cells already.
        """

    @property
    def fields(self) -> Mapping[str, Any]:
        """What a result says of it."""


def checkable(spec: Spec) -> Checkable:
    """The case, as a check needs it."""
    return OfFunction(spec) if isinstance(spec, FunctionSpec) else OfNetwork(spec)


@dataclass(frozen=True)
class OfNetwork:
    """A network's case."""

    spec: CaseSpec

    def lacks(self, hello: Hello) -> str:
        """See `Checkable`."""
        spec = self.spec
        lacks = hello.lacks(spec.described.kinds, spec.is_dense)
        asked_alone = {kind for kind in spec.described.kinds if not LAYERS[kind].assumed} & hello.layers
        return "" if lacks and not spec.is_dense and asked_alone - COMMON else lacks

    @property
    def about(self) -> str:
        """Its layers, but for those that every case has: "sigmoid"."""
        kinds = self.spec.described.kinds
        return ", ".join(sorted(kinds - COMMON or kinds))

    def check(
        self,
        session: Conversation,
        seed: int,
        options: Options,
        memory: Memory,
        attended: Attended[Conversation] | None = None,
    ) -> Check:
        """See `Checkable`."""
        hello, data_dir, threads = session.hello, options.data_dir, options.threads
        reference = shared_reference(self.spec, seed, hello.epsilon, hello.step, data_dir, threads)
        return CaseCheck(session, reference, memory, attended)

    def nothing(self, verdict: Verdict, detail: str, reason: Reason | None = None) -> list[Cell]:
        """See `Checkable`."""
        others = {Quantity.UPDATE, Quantity.PARTS, Quantity.RESULTS}
        others |= set() if self.spec.numerical else {Quantity.NUMERICAL}
        asked = [quantity for quantity in Quantity if quantity not in others]
        return [Cell.without_figures(quantity, "", verdict, detail, reason) for quantity in asked]

    def left_unasked(self, cell: Cell, there: Collection[Quantity]) -> bool:
        """See `Checkable`."""
        return cell.quantity not in BEFORE_LOAD and cell.quantity not in there

    @property
    def fields(self) -> Mapping[str, Any]:
        """See `Checkable`."""
        return {"case": self.spec.name, "dtype": self.spec.dtype}


@dataclass(frozen=True)
class OfFunction:
    """A function's case."""

    spec: FunctionSpec

    def lacks(self, hello: Hello) -> str:
        """See `Checkable`."""
        name = self.spec.function.name
        listed = f"it lists {', '.join(sorted(hello.functions))}" if hello.functions else "it has no functions of yours"
        return "" if name in hello.functions else f"the port does not list {name}: {listed}"

    @property
    def about(self) -> str:
        """The function."""
        return self.spec.function.name

    def check(
        self,
        session: Conversation,
        seed: int,
        options: Options,
        memory: Memory,
        attended: Attended[Conversation] | None = None,
    ) -> Check:
        """See `Checkable`."""
        return FunctionCheck(session, shared_function_reference(self.spec, seed, options.threads))

    def nothing(self, verdict: Verdict, detail: str, reason: Reason | None = None) -> list[Cell]:
        """See `Checkable`."""
        return [Cell.without_figures(Quantity.RESULTS, self.spec.function.name, verdict, detail, reason)]

    def left_unasked(self, cell: Cell, there: Collection[Quantity]) -> bool:
        """See `Checkable`."""
        return True

    @property
    def fields(self) -> Mapping[str, Any]:
        """See `Checkable`."""
        return {"case": self.spec.name, "dtype": self.spec.dtype, "function": self.spec.function.name}


def shared_function_reference(spec: FunctionSpec, seed: int, threads: int = 1) -> FunctionReference:
    """The reference of a function's case, with all that a check will read computed.

    Raises Undecidable and BadReference.
    """
    with _lock:
        reference = _made(spec, seed, threads)
    reference.compute()
    return reference


@lru_cache(KEPT)
def _made(spec: FunctionSpec, seed: int, threads: int) -> FunctionReference:
    return FunctionReference(spec, seed)


_lock = Lock()


def decidable(
    specs: Mapping[str, FunctionSpec], seeds: Iterable[int], threads: int
) -> tuple[dict[str, FunctionSpec], list[str]]:
    """The cases that say something, by the first seed; the rest, with the reason, is left out. Raises BadReference."""
    first = next(iter(seeds))
    kept, left_out = {}, []
    with threadpool_limits(threads), np.errstate(all="ignore"):
        for option, spec in specs.items():
            try:
                shared_function_reference(spec, first, threads)
            except Undecidable as why:
                left_out.append(f"{spec.name}: {why}")
            else:
                kept[option] = spec
    return kept, left_out
