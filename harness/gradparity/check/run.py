"""The whole check: every runner on every case. One runner's trouble never touches another's verdict."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from typing import Any

from threadpoolctl import threadpool_limits

from ..arithmetic.verdicts import Verdict
from ..diagnosis.pursuit import Memory
from ..diagnosis.records import Asked
from ..functions.cases import FunctionSpec
from ..functions.expected import Undecidable
from ..ports.attended import Attended
from ..ports.conversation import Conversation
from ..ports.info import RunnerInfo, State
from ..ports.manifest import Runner
from ..ports.session import Failure, Hello, PortFailure, Session
from .options import Options
from .order import AskedCase, needed_before
from .question import Check, Checkable, Spec, checkable
from .records import CaseResult, Cell, Reason
from .shrink import find_smallest

GIVE_UP_AFTER = 3  # sessions that broke over the same layers
ALONE = 3  # wrong cases that are asked in a process of their own

Progress = Callable[[RunnerInfo | CaseResult], None]


def run_check(
    runners: list[Runner],
    specs: Mapping[str, Spec],
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
                result = check.case(specs[name], seed, options.command(check.runner, name, seed), name)
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
        self.has_processes = new_session is None  # of which another can be started
        self.earlier: list[AskedCase] = []
        self.looked_into: set[tuple[str, Asked]] = set()  # places
        self.asked_alone = 0
        self.beside: RunnerCheck | None = None  # while a case is asked in a process of its own
        self.function = ""  # of the last case
        self.hello: Hello | None = None
        self.memory = Memory()

    @property
    def info(self) -> RunnerInfo | None:
        """What it says of itself, or why it cannot run, once it was started."""
        return self.attended.info

    def start(self) -> RunnerInfo:
        """Build the port and start the first session. What it says of itself, or why it cannot run."""
        info = self.attended.start()
        self.hello = self.attended.session.hello if self.attended.session else None
        return info

    def case(self, spec: Spec, seed: int, command: str, option: str = "") -> CaseResult:
        """The result of one case, whatever the port does; ``option`` is what ``--case`` calls it.

        The first failure at each place is looked into: whether it needs the cases before, and, of a function, shrunk.
        """
        if isinstance(spec, FunctionSpec) and spec.function.name != self.function:
            self.function = spec.function.name
            self.attended.worked()  # another function may well, where the last one broke
        result, asked = self._result(spec, seed, command), AskedCase(option or spec.name, spec, seed)
        earlier, self.earlier = self.earlier, [*self.earlier, asked]
        told = result.diagnosis
        if told is None or (place := (told.where.key, told.where.asked)) in self.looked_into:
            return result
        self.looked_into.add(place)
        if self.has_processes and earlier and self.asked_alone < ALONE:
            self.asked_alone += 1
            if before := needed_before(asked, earlier, self._afresh):
                names = [one.option for one in before]
                command = self.options.command(self.runner, asked.option, seed, names)
                return result.model_copy(update={"only_after": names, "command": command})
        if not isinstance(spec, FunctionSpec):
            return result
        with self.attended.aside():  # nobody asked for these cases
            smallest = find_smallest(spec, result, lambda one: self._result(one, seed, self.command_of(one.name, seed)))
        return result.model_copy(update={"smallest": smallest})

    def _afresh(self, cases: Sequence[AskedCase]) -> CaseResult | None:
        """The last of these cases in a process of its own."""
        self.beside = RunnerCheck(self.runner, self.options)
        try:
            if self.attended.aborted or self.beside.start().state is not State.READY:
                return None
            results = [self.beside._result(one.spec, one.seed, "") for one in cases]
            return results[-1]
        finally:
            self.beside.close()
            self.beside = None

    def command_of(self, name: str, seed: int) -> str:
        """The command that does the case of this name again."""
        return self.options.command(self.runner, name, seed)

    def _result(self, spec: Spec, seed: int, command: str) -> CaseResult:
        began = time.perf_counter()
        question = checkable(spec)
        found = {**self._asked(question, spec.dtype, seed), **question.fields, "seed": seed, "command": command}
        return CaseResult(runner=self.runner.label, **found, seconds=time.perf_counter() - began)

    def _asked(self, question: Checkable, dtype: str, seed: int) -> dict[str, Any]:
        """What the case shows, as fields of a CaseResult."""
        if self.hello and dtype not in self.hello.dtypes:
            what = f"the port has no {dtype}"
            return {"cells": question.nothing(Verdict.NOT_IMPLEMENTED, what, Reason.NO_DTYPE)}
        if self.hello and (what := question.lacks(self.hello)):
            return {"cells": question.nothing(Verdict.NOT_IMPLEMENTED, what, Reason.NOT_LISTED)}
        about = question.about
        if why := self.attended.given_up(about):
            cells = question.nothing(Verdict.COULD_NOT_RUN, f"not tried, as {why}", Reason.GIVEN_UP)
            return {"cells": cells, "stderr": self.attended.last_words(about)}
        check: Check | None = None
        cells = []
        stderr = refused = ""
        try:
            session = self.attended.ready()
            assert session, "a runner that is not ready is asked nothing"
            check = question.check(session, seed, self.options, self.memory, self.attended)
            check.run()
            self.attended.worked(about)
        except Undecidable as why:
            return {"cells": question.nothing(Verdict.NOT_IMPLEMENTED, str(why), Reason.UNDECIDABLE)}
        except PortFailure as failure:
            cells, refused = _not_asked(question, check, failure)
            self.attended.failed(failure, about)
            stderr = failure.stderr
        if check is None:
            return {"cells": cells, "stderr": stderr}
        found = {"cells": check.cells + cells, "diagnoses": check.diagnoses, "stderr": stderr or check.stderr}
        return {**found, "refused": refused}

    def _new_session(self) -> Conversation:
        return Session(self.runner, self.options.threads, self.options.seconds, self.options.hello_seconds)

    def abort(self) -> None:
        """Kill the process from another thread."""
        self.attended.abort()
        if beside := self.beside:
            beside.abort()

    def close(self) -> None:
        """End the process."""
        self.attended.close()


def _not_asked(question: Checkable, check: Check | None, failure: PortFailure) -> tuple[list[Cell], str]:
    """The cells of what a failure left unasked, where none says so yet; and why the network was refused, if it was."""
    what = f"{failure.operation}: {failure.what}"
    refused = what if failure.kind is Failure.UNSUPPORTED else ""
    if check and failure is check.said:
        return [], ""
    if refused:
        cells = question.nothing(Verdict.NOT_IMPLEMENTED, what, Reason.REFUSED)
    else:
        cells = question.nothing(Verdict.COULD_NOT_RUN, what)
    there = {cell.quantity for cell in check.cells} if check else set()
    return [cell for cell in cells if check is None or question.left_unasked(cell, there)], refused
