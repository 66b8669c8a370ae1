"""The whole check: every runner on every case. One runner's trouble never touches another's verdict."""

from __future__ import annotations

import os
import shlex
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from threadpoolctl import threadpool_limits

from ..arithmetic.verdicts import Verdict
from ..cases import CaseSpec
from ..ports.attended import Attended
from ..ports.conversation import Conversation
from ..ports.info import RunnerInfo, State
from ..ports.manifest import Runner
from ..ports.session import HELLO_SECONDS, REQUEST_SECONDS, Failure, PortFailure, Session
from ..reference import shared_reference
from .case_check import CaseCheck
from .records import CaseResult, Cell, Quantity, Reason

GIVE_UP_AFTER = 3  # broken sessions in a row

Progress = Callable[[RunnerInfo | CaseResult], None]


@dataclass(frozen=True)
class Options:
    """How to run the check. Times in seconds: for a request, and for the first, which includes the runtime's start."""

    threads: int = 1
    seconds: float = REQUEST_SECONDS
    hello_seconds: float = HELLO_SECONDS
    data_dir: Path | None = None

    def command(self, runner: Runner, case: str, seed: int) -> str:
        """The command line that runs one case again."""
        words = ["gradparity", "check", *runner.asks(case, seed)]
        words += ["--threads", str(self.threads)] if self.threads != 1 else []
        words += ["--timeout", f"{self.seconds:g}"] if self.seconds != REQUEST_SECONDS else []
        words += ["--data-dir", str(self.data_dir)] if self.data_dir else []
        return shlex.join(words)


def run_check(
    runners: list[Runner],
    specs: dict[str, CaseSpec],
    seeds: list[int],
    options: Options,
    progress: Progress,
) -> tuple[list[RunnerInfo], list[CaseResult], bool]:
    """Every runner on every case and seed, as many runners at a time as there are cores; whether it was interrupted.

    ``specs`` are the cases by what ``--case`` calls them. ``progress`` hears of each runner that started or could not,
    and of each result, from the runners' threads. The reference uses as many threads as the ports, as BLAS rounds
    differently with another number of them. After an interrupt what was found so far is returned.
    """
    checks = [RunnerCheck(runner, options) for runner in runners]
    stop = threading.Event()

    def work(check: RunnerCheck) -> None:
        try:
            if not stop.is_set():
                progress(check.start())
            for name, seed in ((name, seed) for name in specs for seed in seeds):
                if stop.is_set() or check.info is None or check.info.state is not State.READY:
                    break
                result = check.case(specs[name], seed, options.command(check.runner, name, seed))
                if not stop.is_set():
                    check.results.append(result)
                    progress(result)
        finally:
            check.close()

    with threadpool_limits(options.threads), ThreadPoolExecutor(max_workers=os.cpu_count() or 1) as pool:
        futures = [pool.submit(work, check) for check in checks]
        try:
            wait(futures)
        except KeyboardInterrupt:
            stop.set()
            for check in checks:
                check.abort()
    for future in futures:
        future.result()
    infos = [check.info for check in checks if check.info]
    return infos, [result for check in checks for result in check.results], stop.is_set()


class RunnerCheck:
    """One runner through all cases, with a fresh session after each one that broke."""

    def __init__(
        self,
        runner: Runner,
        options: Options,
        new_session: Callable[[], Conversation] | None = None,
    ) -> None:
        """``new_session``: another conversation than with the runner's process."""
        self.runner, self.options = runner, options
        self.attended = Attended(runner, new_session or self._new_session, GIVE_UP_AFTER)
        self.results: list[CaseResult] = []
        self.dtypes: frozenset[str] | None = None

    @property
    def info(self) -> RunnerInfo | None:
        """What it says of itself, or why it cannot run, once it was started."""
        return self.attended.info

    def start(self) -> RunnerInfo:
        """Build the port and start the first session. What it says of itself, or why it cannot run."""
        info = self.attended.start()
        self.dtypes = self.attended.session.hello.dtypes if self.attended.session else None
        return info

    def case(self, spec: CaseSpec, seed: int, command: str) -> CaseResult:
        """The result of one case, whatever the port does."""
        began = time.perf_counter()
        found = self._asked(spec, seed)
        found |= {"runner": self.runner.label, "case": spec.name, "dtype": spec.dtype, "seed": seed, "command": command}
        return CaseResult(**found, seconds=time.perf_counter() - began)

    def _asked(self, spec: CaseSpec, seed: int) -> dict[str, Any]:
        """What the case shows, as fields of a CaseResult."""
        if self.dtypes is not None and spec.dtype not in self.dtypes:
            return {
                "cells": _everything(spec, Verdict.NOT_IMPLEMENTED, f"the port has no {spec.dtype}", Reason.NO_DTYPE)
            }
        if self.attended.given_up:
            what = f"not tried, as the port broke {GIVE_UP_AFTER} times in a row"
            return {"cells": _everything(spec, Verdict.COULD_NOT_RUN, what), "stderr": self.attended.last_words}
        check: CaseCheck | None = None
        cells: list[Cell] = []
        stderr = refused = ""
        try:
            session = self.attended.ready()
            assert session, "a runner that is not ready is asked nothing"
            options, epsilon = self.options, session.hello.epsilon
            check = CaseCheck(session, shared_reference(spec, seed, epsilon, options.data_dir, options.threads))
            check.run()
            self.attended.worked()
        except PortFailure as failure:
            cells, refused = _not_asked(spec, check, failure)
            self.attended.failed(failure)
            stderr = failure.stderr
        if check is None:
            return {"cells": cells, "stderr": stderr}
        found = {"cells": check.cells + cells, "diagnosis": check.diagnosis, "stderr": stderr or check.stderr}
        return {**found, "refused": refused}

    def _new_session(self) -> Conversation:
        return Session(self.runner, self.options.threads, self.options.seconds, self.options.hello_seconds)

    def abort(self) -> None:
        """Kill the process from another thread."""
        self.attended.abort()

    def close(self) -> None:
        """End the process."""
        self.attended.close()


def _not_asked(spec: CaseSpec, check: CaseCheck | None, failure: PortFailure) -> tuple[list[Cell], str]:
    """The cells of what a failure left unasked, where none says so yet; and why the network was refused, if it was."""
    what = f"{failure.operation}: {failure.what}"
    refused = what if failure.kind is Failure.UNSUPPORTED else ""
    if check and not refused and any(cell.verdict is Verdict.COULD_NOT_RUN for cell in check.cells):
        return [], ""
    if refused:
        cells = _everything(spec, Verdict.NOT_IMPLEMENTED, what, Reason.REFUSED)
    else:
        cells = _everything(spec, Verdict.COULD_NOT_RUN, what)
    return [cell for cell in cells if check is None or cell.quantity not in BEFORE_LOAD], refused


BEFORE_LOAD = {Quantity.LAYERS, Quantity.STATE}
"""What is asked before the network is loaded."""


def _everything(spec: CaseSpec, verdict: Verdict, detail: str, reason: Reason | None = None) -> list[Cell]:
    others = {Quantity.UPDATE} if spec.numerical else {Quantity.UPDATE, Quantity.NUMERICAL}
    asked = [quantity for quantity in Quantity if quantity not in others]
    return [Cell.without_figures(quantity, "", verdict, detail, reason) for quantity in asked]
