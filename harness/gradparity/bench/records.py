"""What a benchmark found, as validated records: raw samples in order, and what follows from them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Discriminator, Tag

from ..arithmetic.verdicts import Speed, Verdict
from ..cases import CaseSpec
from ..machine import Machine
from ..ports.info import RunnerInfo, missing
from ..version import SCHEMA, __version__

CONTROL = "control"  # the reference a second time
ROOFLINE = "products"  # the operation that a gradient is a multiple of


class _Record(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, ser_json_inf_nan="strings", allow_inf_nan=True)


class Conditions(_Record):
    """Under what conditions: cores that the ports were bound to (none: why not), and the load average (1 min)."""

    threads: int = 1
    pinned: list[int] = []
    not_pinned: str = ""
    load_before: float | None = None
    load_after: float | None = None


class Ledger(_Record):
    """What a runner costs beside its steady state. Seconds, nanoseconds and bytes; None where it cannot be had.

    ``process`` is until the system ran its command, ``runtime`` from there until it said hello, ``first_call`` and
    ``warm_up`` the gradient's first calls by the port's clock, ``steady_from`` the first of these calls in the steady
    state (None: not reached), ``round_trip`` an empty request by the harness's clock.
    """

    process: float
    runtime: float
    operation: str
    warm_up: list[float]
    steady_from: int | None
    round_trip: float
    memory_peak: int | None = None
    memory_per_call: float | None = None
    memory_note: str = ""
    switches: int | None = None  # involuntary context switches while it was timed

    @property
    def first_call(self) -> float:
        """Nanoseconds, compilation included where the runtime compiles."""
        return self.warm_up[0]


class Timed(_Record):
    """A runner as it was benchmarked; ``blas`` is in ``info`` what it says, here what its process has loaded."""

    info: RunnerInfo
    blas: list[str] = []
    ledger: Ledger | None = None
    trouble: str = ""
    stderr: str = ""


class Series(_Record):
    """One runner and operation. ``samples`` are nanoseconds per call: a list a turn, in order, two turns a round.

    The first sample of each turn warms the caches and does not count. Without samples, ``trouble`` says why.
    """

    runner: str
    operation: str
    calls: int = 0
    samples: list[list[float]] = []
    missing: str = ""  # "not implemented", "could not run"; of a function, "wrong"
    trouble: str = ""


class Estimate(_Record):
    """A ratio of times with its interval. ``against`` is a runner, or an operation of the same runner."""

    runner: str
    operation: str
    against: str
    ratio: float
    low: float
    high: float
    word: Speed


class FunctionCase(_Record):
    """A case of a function of the user's own: the size of each symbol, and what is unusual about the numbers."""

    name: str
    function: str
    sizes: dict[str, int] = {}
    dtype: str
    quirk: str = ""


def _tag(case: Any) -> str:
    function = case.get("function") if isinstance(case, dict) else isinstance(case, FunctionCase)
    return "function" if function else "network"


BenchCase = Annotated[
    Annotated[CaseSpec, Tag("network")] | Annotated[FunctionCase, Tag("function")], Discriminator(_tag)
]


class GroupResult(_Record):
    """One group. ``floor``, by operation, is how far the reference strayed from itself: e.g. 0.01 is 1 %."""

    kind: str
    case: BenchCase
    along: str = ""
    at: int = 0
    flops: float
    rounds: int
    series: list[Series]
    estimates: list[Estimate] = []
    floor: dict[str, float] = {}


class BenchResult(_Record):
    """A whole benchmark, or the part of one that is known."""

    schema_version: int = SCHEMA
    kind: Literal["bench"] = "bench"
    gradparity: str = __version__
    command: str = ""
    method: str = ""  # a digest of the code that measures and of the plan
    machine: Machine = Machine()
    conditions: Conditions = Conditions()
    reference: str = "python"
    required: list[str] = []
    runners: list[Timed] = []
    groups: list[GroupResult] = []
    warnings: list[str] = []
    interrupted: bool = False
    seconds: float = 0.0

    @property
    def exit_code(self) -> int:
        """0; 1 when a function is wrong, and was not timed; 3 when something asked for could not run."""
        if wrong_cases(self.groups):
            return 1
        return 3 if self.interrupted or self.missing else 0

    @property
    def missing(self) -> list[Timed]:
        """The runners that should have run, as in a check, and those that broke."""
        absent = missing((timed.info for timed in self.runners), self.required)
        return [timed for timed in self.runners if timed.trouble or timed.info in absent]


def wrong_cases(groups: Iterable[GroupResult]) -> dict[str, dict[str, str]]:
    """By runner, the cases in which it was not timed, as its answer is wrong, and what is wrong in each."""
    found: dict[str, dict[str, str]] = {}
    for group in groups:
        for one in group.series:
            if one.missing == Verdict.WRONG and one.runner != CONTROL:
                found.setdefault(one.runner, {})[group.case.name] = one.trouble
    return found
