"""What a check found, as validated records: the one source of every table, of --json, and of the exit code."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from typing import Literal

from pydantic import BaseModel, ConfigDict

from ..arithmetic.verdicts import Figures, Verdict
from ..diagnosis.records import Diagnosis
from ..functions.soundness import Soundness
from ..ports.info import RunnerInfo, missing
from ..version import SCHEMA, __version__


class Quantity(StrEnum):
    """What is compared, in the order in which it is shown."""

    LAYERS = "layers"
    TRACE = "trace"
    LOSS = "loss"
    GRADIENT = "gradient"
    NUMERICAL = "numerical gradient"
    PREDICT = "predict"
    ACCURACY = "accuracy"
    PARTS = "parts"  # the functions that a function calls, each alone
    RESULTS = "results"  # of a function
    STATE = "state"
    UPDATE = "update"  # of an optimizer


class Reason(StrEnum):
    """Why something was not compared, where more than the words follow from it."""

    NO_DTYPE = "no dtype"  # the port has not got the case's
    NOT_LISTED = "not listed"  # in hello
    REFUSED = "refused"  # the case's network, by load
    OTHER_EPSILON = "other epsilon"
    OTHER_STEP = "other step"
    GIVEN_UP = "given up"  # not tried, for what had happened before
    UNDECIDABLE = "undecidable"  # the reference itself has no numbers there


class _Record(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, ser_json_inf_nan="strings", allow_inf_nan=True)


class Cell(_Record):
    """One array of one port in one case beside the reference's. Without figures where nothing came to be compared."""

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
    reason: Reason | None = None

    @staticmethod
    def without_figures(
        quantity: Quantity, array: str, verdict: Verdict, detail: str, reason: Reason | None = None
    ) -> Cell:
        """Of an array that was not compared."""
        cell = Cell(quantity=quantity, array=array, verdict=verdict, detail=detail)
        return cell.model_copy(update={"reason": reason}) if reason else cell

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


class Smallest(_Record):
    """The smallest case found that is wrong at the same place: what is wrong in it, the inputs, and the command."""

    case: str
    what: str
    inputs: dict[str, str] = {}
    command: str


class CaseResult(_Record):
    """One runner on one case of one seed, and the command that does it again.

    ``stderr`` is what the port said to stderr, of much both ends: before it broke, or else in the first request that
    failed, or else in the first whose answer is wrong. ``refused`` is why it did not take the case's network; then only
    layers were compared. ``diagnoses`` are what is wrong in it, the first first, each by itself. ``function`` is the
    one that was called; empty where the case is one of the network. ``smallest`` is the same failure in a smaller case,
    where that was looked for. ``only_after`` are the cases that a fresh process must be asked before this one, or else
    it agrees: ``command`` has them.
    """

    runner: str
    case: str
    seed: int
    dtype: str
    command: str
    cells: list[Cell]
    diagnoses: list[Diagnosis] = []
    stderr: str = ""
    seconds: float = 0.0
    refused: str = ""
    function: str = ""
    smallest: Smallest | None = None
    only_after: list[str] = []

    @property
    def diagnosis(self) -> Diagnosis | None:
        """The first of its diagnoses: what is wrong first."""
        return self.diagnoses[0] if self.diagnoses else None

    @property
    def verdict(self) -> Verdict:
        """The worst of its cells, as far as something was computed: to change nothing is no agreement."""
        found = worst(c.verdict for c in self.cells if c.quantity is not Quantity.STATE or not c.verdict.passes)
        return Verdict.NOT_IMPLEMENTED if self.refused and found.passes else found

    def last_words(self, verdict: Verdict) -> str:
        """``stderr``, where it belongs to the cells of this verdict: what failed speaks before what is wrong."""
        failed = any(cell.verdict is Verdict.COULD_NOT_RUN for cell in self.cells)
        return self.stderr if verdict is Verdict.COULD_NOT_RUN or not failed else ""


class CheckResult(_Record):
    """A whole check, or the part of one that is known."""

    schema_version: int = SCHEMA
    kind: Literal["check"] = "check"
    gradparity: str = __version__
    command: str = ""
    required: list[str] = []
    runners: list[RunnerInfo] = []
    left_out: list[str] = []
    references: list[Soundness] = []
    interrupted: bool = False
    cases: list[CaseResult] = []

    @property
    def exit_code(self) -> int:
        """0 agreement, 1 a port disagrees, 3 something asked for could not run, or nothing could be decided."""
        verdicts = {result.verdict for result in self.cases if not self.decided_elsewhere(result)}
        if Verdict.WRONG in verdicts:
            return 1
        undecided = verdicts & {Verdict.COULD_NOT_RUN, Verdict.UNRESOLVED}
        passed = any(verdict.passes for verdict in verdicts)
        return 0 if passed and not undecided and not self.missing and not self.interrupted else 3

    def decided_elsewhere(self, case: CaseResult) -> bool:
        """Whether what is unresolved in a function's case passes in another of its cases."""
        unresolved = {cell.array for cell in case.cells if cell.verdict is Verdict.UNRESOLVED}
        if not case.function or case.verdict is not Verdict.UNRESOLVED:
            return False
        others = (other for other in self.cases if (other.runner, other.function) == (case.runner, case.function))
        return unresolved <= {cell.array for other in others for cell in other.cells if cell.verdict.passes}

    @property
    def functions(self) -> list[str]:
        """Those that were called, in order; none where the network was checked."""
        return list(dict.fromkeys(case.function for case in self.cases if case.function))

    @property
    def missing(self) -> list[RunnerInfo]:
        """The runners that should have run."""
        return missing(self.runners, self.required)


ORDER = list(Verdict)


def worst(verdicts: Iterable[Verdict]) -> Verdict:
    """The lowest on the ladder; "not implemented" only where there is nothing else."""
    found = set(verdicts)
    judged = found - {Verdict.NOT_IMPLEMENTED}
    return max(judged or found or {Verdict.NOT_IMPLEMENTED}, key=ORDER.index)
