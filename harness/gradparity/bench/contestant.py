"""A runner in a benchmark: its process, started again where it broke, and what it has cost so far."""

from __future__ import annotations

from dataclasses import dataclass, field

from ..arithmetic.verdicts import Verdict
from ..check.question import Spec
from ..ports.attended import Attended
from ..ports.info import RunnerInfo
from ..ports.manifest import Runner
from ..ports.session import Failure, PortFailure, Session
from .blas import loaded_blas
from .clock import resolution
from .conditions import bound_to, peak, switches
from .lacking import why_not_timed
from .ledger import measure_ledger
from .operation import Operation
from .records import Ledger, Timed
from .task import Task, Unfit

GIVE_UP_AFTER = 2  # broken processes


@dataclass
class Contestant:
    """``label`` is the runner's, or that of the control."""

    runner: Runner
    label: str
    threads: int
    seconds: float
    cores: list[int]
    info: RunnerInfo | None = None
    clock: float = 0.0
    ledger: Ledger | None = None
    blas: list[str] = field(default_factory=list)
    trouble: str = ""
    stderr: str = ""
    switched: int | None = 0

    def __post_init__(self) -> None:
        self.attended = Attended(self.runner, self._new_session, GIVE_UP_AFTER)

    def start(self) -> RunnerInfo:
        """Build and start it. What it says of itself, or why it cannot run."""
        self.info = self.attended.start().model_copy(update={"runner": self.label})
        return self.info

    def _new_session(self) -> Session:
        with bound_to(self.cores):
            return Session(self.runner, self.threads, self.seconds)

    @property
    def session(self) -> Session | None:
        """The process, if there is one just now."""
        return self.attended.session

    def ready(self) -> bool:
        """Whether there is a process; one that broke is started again, a few times. Raises PortFailure."""
        return self.attended.ready() is not None

    @property
    def running(self) -> Session:
        """The process, where ``ready`` says there is one."""
        assert self.session
        return self.session

    def can(self, operation: Operation, spec: Spec) -> str:
        """Why it cannot time this, or nothing."""
        return why_not_timed(self.running.hello, operation, spec)

    def load(self, task: Task, first: Operation) -> Unfit | None:
        """Load the case, or say why it is not to be timed.

        The first time, the runner's ledger is kept, with this operation. Raises PortFailure.
        """
        if unfit := task.unfit(self.running):
            return unfit
        if self.ledger is None and task.computes:
            self.attended.close()
            self.ready()  # a new process, whose first call is yet to come
        task.load(self.running)
        if self.ledger is None:
            self.ledger = measure_ledger(self.running, first)
            self.clock = resolution(self.running)
            self.look_at_blas()
        return None

    def look_at_blas(self) -> None:
        """Take note of the BLAS libraries that the process has loaded."""
        if self.session:
            pid, environment = self.session.process.pid, self.runner.environment(self.threads)
            self.blas = loaded_blas(pid, environment, self.session.hello.blas)

    def broke(self, failure: PortFailure, where: str) -> None:
        """Take note of a failed request, what it was for, and of the process's end. What it lacks is no trouble."""
        if failure.kind is Failure.UNSUPPORTED:
            return
        if not self.trouble:
            self.trouble, self.stderr = f"{where}: {failure.operation}: {failure.what}", failure.stderr
        if failure.ends_session:
            self._keep_peak()
        self.attended.failed(failure)

    def unfit(self, unfit: Unfit, where: str) -> None:
        """Take note of an answer that is not timed: trouble where none came; one that is wrong is a finding."""
        if unfit.verdict is Verdict.COULD_NOT_RUN and not self.trouble:
            self.trouble, self.stderr = f"{where}: {unfit.why}", unfit.stderr

    def count_switches(self, before: int | None) -> None:
        """Add the context switches since ``before``."""
        now = switches(self.session.process.pid) if self.session else None
        self.switched = None if self.switched is None or now is None or before is None else self.switched + now - before

    def _keep_peak(self) -> None:
        """Take note of the most memory that the process had, while it is there."""
        if self.session and self.ledger:
            most, note = peak(self.session.process.pid)
            self.ledger = self.ledger.model_copy(update={"memory_peak": most, "memory_note": note})

    def close(self) -> None:
        """End the process."""
        self._keep_peak()
        self.attended.close()

    def record(self) -> Timed:
        """What is known of it by now: all after the end."""
        assert self.info
        ledger = self.ledger.model_copy(update={"switches": self.switched}) if self.ledger else None
        return Timed(info=self.info, blas=self.blas, ledger=ledger, trouble=self.trouble, stderr=self.stderr)
