"""What a training found, as validated records."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict

from ..arithmetic.verdicts import Verdict
from ..check.records import Cell
from ..diagnosis.records import Diagnosis, Explanation
from ..ports.info import RunnerInfo, missing
from ..version import SCHEMA, __version__
from .recipes import Recipe


class _Record(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, ser_json_inf_nan="strings", allow_inf_nan=True)


class Epoch(_Record):
    """After so many steps: the sum of the losses of the epoch's steps, and the share of right labels of each set."""

    steps: int
    summed_loss: float
    accuracy: dict[str, float]
    seconds: float  # of training until here, by the port's own clock


class TrainResult(_Record):
    """One runner on one recipe and seed. Without epochs it could not be trained, and ``detail`` says why.

    ``losses`` has one a step. ``left_at`` is the step, from 0, where it left the envelope.
    """

    runner: str
    recipe: str
    seed: int
    verdict: Verdict
    detail: str = ""
    ratio: float | None = None
    left_at: int | None = None
    diagnosis: Diagnosis | None = None
    epochs: list[Epoch] = []
    losses: list[float] = []
    first_1000: float | None = None
    seconds: float | None = None
    gradient_seconds: float | None = None  # what as many gradients alone would take, by the same clock
    stderr: str = ""


class EnvelopeResult(_Record):
    """The reference of one recipe and seed: its losses, what each may differ by, and how many steps are resolved."""

    recipe: str
    seed: int
    losses: list[float]
    allowed: list[float]
    resolved: int


class Updates(_Record):
    """The check of the optimizers' updates of one runner.

    By optimizer: ``explanations``, the confusion that explains what is wrong, where one does; ``conventions``, how a
    state is kept that is not the protocol's, where the training is the same.
    """

    runner: str
    cells: list[Cell]
    explanations: dict[str, Explanation] = {}
    conventions: dict[str, str] = {}

    @property
    def by_optimizer(self) -> dict[str, list[Cell]]:
        """Each optimizer's cells: the first word of what they call their array."""
        found: dict[str, list[Cell]] = {}
        for cell in self.cells:
            found.setdefault(cell.array.split(" ")[0], []).append(cell)
        return found


class GradientCheck(_Record):
    """The mean of |backpropagation - numerical gradient| of each parameter in one runner."""

    runner: str
    differences: dict[str, float]


class TrainRun(_Record):
    """A whole training, or the part of one that is known."""

    schema_version: int = SCHEMA
    kind: Literal["train"] = "train"
    gradparity: str = __version__
    command: str = ""
    data: str = ""
    notes: list[str] = []
    required: list[str] = []
    recipes: list[Recipe] = []
    runners: list[RunnerInfo] = []
    updates: list[Updates] = []
    gradient_checks: list[GradientCheck] = []
    envelopes: list[EnvelopeResult] = []
    results: list[TrainResult] = []
    interrupted: bool = False

    @property
    def exit_code(self) -> int:
        """0 agreement, 1 a port disagrees, 3 something asked for could not run."""
        verdicts = {one.verdict for one in self.results}
        verdicts |= {cell.verdict for one in self.updates for cell in one.cells}
        if Verdict.WRONG in verdicts:
            return 1
        undecided = verdicts & {Verdict.COULD_NOT_RUN, Verdict.UNRESOLVED}
        passed = any(one.verdict.passes for one in self.results)
        return 0 if passed and not undecided and not self.interrupted and not self.missing else 3

    @property
    def missing(self) -> list[RunnerInfo]:
        """The runners that should have run."""
        return missing(self.runners, self.required)
