"""What comes before the rounds: a network's case is loaded, and a function's answer is checked: it must be right."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple, Protocol

from ..arithmetic.verdicts import Verdict
from ..cases import Case, draw
from ..check.options import Options
from ..check.question import Spec, checkable
from ..check.records import Quantity, worst
from ..diagnosis.pursuit import Memory
from ..functions.cases import FunctionSpec
from ..ports.session import Session
from .plan import SEED

UNFIT = (Verdict.WRONG, Verdict.NOT_IMPLEMENTED, Verdict.COULD_NOT_RUN)
"""What is not timed. Unresolved is: nothing is known to be wrong there."""


class Unfit(NamedTuple):
    """Why a port is not timed: the verdict on its answer, that in words, and what it said to stderr."""

    verdict: Verdict
    why: str
    stderr: str = ""


class Task(Protocol):
    """A case, as a benchmark needs it."""

    def unfit(self, session: Session) -> Unfit | None:
        """Whether the port's answer is not to be timed. Raises PortFailure."""

    def load(self, session: Session) -> None:
        """Send what the timed operations work on. Raises PortFailure."""

    @property
    def computes(self) -> bool:
        """Whether ``unfit`` makes the port compute, so that its next call is no longer its first."""


@dataclass(frozen=True)
class NetworkTask:
    """A network's case. It is not checked: `gradparity check` takes as long as the benchmark, and is run before it."""

    case: Case
    computes = False

    def unfit(self, session: Session) -> Unfit | None:
        """See `Task`."""
        return None

    def load(self, session: Session) -> None:
        """See `Task`."""
        session.request("load", self.case.fields, self.case.arrays)


@dataclass(frozen=True)
class FunctionTask:
    """A function's case. Its inputs are sent with each request."""

    spec: FunctionSpec
    threads: int
    computes = True

    def unfit(self, session: Session) -> Unfit | None:
        """See `Task`."""
        check = checkable(self.spec).check(session, SEED, Options(threads=self.threads), Memory())
        check.run()
        cells = [cell for cell in check.cells if cell.quantity is Quantity.RESULTS or not cell.verdict.passes]
        verdict = worst(cell.verdict for cell in cells)
        if verdict not in UNFIT:
            return None
        why = next((cell.detail for cell in cells if cell.verdict is verdict), "")
        return Unfit(verdict, why, check.stderr)

    def load(self, session: Session) -> None:
        """See `Task`."""


def task_of(spec: Spec, threads: int, data_dir: Path | None) -> Task:
    """The task of a case. Raises DataMissing as ``draw`` does."""
    if isinstance(spec, FunctionSpec):
        return FunctionTask(spec, threads)
    return NetworkTask(draw(spec, SEED, data_dir, attempts=1))
