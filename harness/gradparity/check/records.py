"""What a check found, as validated records: the one source of every table, of --json, and of the exit code."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from typing import Literal

from pydantic import BaseModel, ConfigDict

from .. import __version__
from ..arithmetic.verdicts import Figures, Verdict

SCHEMA = 2  # of all records. 1 had no recipes in a training, and no kind and no command in a check


class Quantity(StrEnum):
    """What is compared, in the order in which it is shown."""

    LAYERS = "layers"
    TRACE = "trace"
    LOSS = "loss"
    GRADIENT = "gradient"
    NUMERICAL = "numerical gradient"
    PREDICT = "predict"
    ACCURACY = "accuracy"
    STATE = "state"
    UPDATE = "update"  # of an optimizer: training's alone


class _Record(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, ser_json_inf_nan="strings", allow_inf_nan=True)


class Cell(_Record):
    """One array of one port in one case beside the oracle's. Without figures where nothing came to be compared."""

    quantity: Quantity
    array: str
    verdict: Verdict
    ratio: float | None = None
    resolution: float | None = None
    ulp: float | None = None
    bit_equal: float | None = None
    relative: float | None = None
    relative_max: float | None = None
    detail: str = ""

    @staticmethod
    def of(quantity: Quantity, array: str, figures: Figures, detail: str) -> Cell:
        """Of an array that was compared."""
        return Cell(
            quantity=quantity,
            array=array,
            verdict=figures.verdict,
            ratio=figures.ratio,
            resolution=figures.resolution,
            ulp=figures.ulp,
            bit_equal=figures.bit_equal,
            relative=figures.relative,
            relative_max=figures.relative_max,
            detail=detail,
        )


class Explanation(_Record):
    """A known bug that gives these numbers; ``residual`` is what it leaves unexplained, relatively.

    ``advice`` is for whoever means it.
    """

    name: str
    sentence: str
    residual: float
    advice: str = ""


class Diagnosis(_Record):
    """Where a case is wrong first, and why.

    ``where`` is the first array that does not follow from what the port itself computed before it; ``alone`` whether
    that layer is wrong ("wrong", "right", "not asked") when it is called alone, or "layers right": it is of the whole
    network, and they are. ``inherited`` are arrays that are wrong because of it, and ``beside`` others that are wrong.
    Where no known bug fits, the explanations are none. ``also`` are facts found beside them.
    """

    where: str
    alone: str
    inherited: list[str] = []
    beside: list[str] = []
    explanations: list[Explanation] = []
    also: list[Explanation] = []


class CaseResult(_Record):
    """One runner on one case of one seed, and the command that does it again.

    ``stderr`` is the end of what the port said to stderr: before it broke, or else in the first request that failed, or
    else in the first whose answer is wrong. ``refused`` is why it did not take the case's network; then only
    layers were compared.
    """

    runner: str
    case: str
    seed: int
    dtype: str
    command: str
    cells: list[Cell]
    diagnosis: Diagnosis | None = None
    stderr: str = ""
    seconds: float = 0.0
    refused: str = ""

    @property
    def verdict(self) -> Verdict:
        """The worst of its cells, as far as something was computed: to change nothing is no agreement."""
        found = worst(c.verdict for c in self.cells if c.quantity is not Quantity.STATE or not c.verdict.passes)
        return Verdict.NOT_IMPLEMENTED if self.refused and found.passes else found

    def last_words(self, verdict: Verdict) -> str:
        """``stderr``, where it belongs to the cells of this verdict: what failed speaks before what is wrong."""
        failed = any(cell.verdict is Verdict.COULD_NOT_RUN for cell in self.cells)
        return self.stderr if verdict is Verdict.COULD_NOT_RUN or not failed else ""


class State(StrEnum):
    """Whether a runner can be asked at all."""

    READY = "ready"
    NOT_AVAILABLE = "not available"  # its runtime is not on this machine
    FAILED = "failed"  # it should have started, and did not


class RunnerInfo(_Record):
    """What a runner said of itself, or why it could not be asked."""

    runner: str
    port: str
    language: str
    state: State
    version: str = ""
    blas: str = ""
    threads: str = ""
    option: str = ""  # what --port calls it
    operations: list[str] = []
    reason: str = ""
    hint: str = ""
    stderr: str = ""


class CheckResult(_Record):
    """A whole check, or the part of one that is known."""

    schema_version: int = SCHEMA
    kind: Literal["check"] = "check"
    gradparity: str = __version__
    command: str = ""
    required: list[str] = []
    runners: list[RunnerInfo] = []
    left_out: list[str] = []
    interrupted: bool = False
    cases: list[CaseResult] = []

    @property
    def exit_code(self) -> int:
        """0 agreement, 1 a port disagrees, 3 something asked for could not run, or nothing could be decided."""
        verdicts = {result.verdict for result in self.cases}
        if Verdict.WRONG in verdicts:
            return 1
        undecided = verdicts & {Verdict.COULD_NOT_RUN, Verdict.UNRESOLVED}
        passed = any(verdict.passes for verdict in verdicts)
        return 0 if passed and not undecided and not self.missing and not self.interrupted else 3

    @property
    def missing(self) -> list[RunnerInfo]:
        """The runners that should have run."""
        return missing(self.runners, self.required)


def missing(runners: Iterable[RunnerInfo], required: Iterable[str]) -> list[RunnerInfo]:
    """The runners that should have run: those that failed, those asked for, and all of a port with none ready."""
    runners, required = list(runners), set(required)
    ready = {info.port for info in runners if info.state is State.READY}
    return [
        info
        for info in runners
        if info.state is State.FAILED
        or (info.state is State.NOT_AVAILABLE and (info.port not in ready or info.runner in required))
    ]


ORDER = list(Verdict)


def worst(verdicts: Iterable[Verdict]) -> Verdict:
    """The lowest on the ladder; "not implemented" only where there is nothing else."""
    found = set(verdicts)
    judged = found - {Verdict.NOT_IMPLEMENTED}
    return max(judged or found or {Verdict.NOT_IMPLEMENTED}, key=ORDER.index)
